from odoo import api, fields, models
from odoo.exceptions import UserError

# what comes from the platform; people assign a ticket to its change order
KEPT = {"number", "job_id", "date", "amount", "currency_id", "platform_ref"}


class ConstructionFieldTicket(models.Model):
    """Extra work that somebody signed on site: evidence for a change order, and exposure of
    the job until that has its own price."""

    _name = "construction.field.ticket"
    _description = "Field Ticket"
    _inherit = ["construction.of.job.mixin", "mail.thread"]
    _order = "date desc, id desc"
    _rec_name = "number"
    _check_company_auto = True

    number = fields.Char(required=True, index="trigram")
    change_id = fields.Many2one(
        "construction.change.order",
        string="Change order",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
        domain="[('job_id', '=', job_id)]",
        tracking=True,
    )
    change_state = fields.Selection(related="change_id.state", string="Change order is")
    date = fields.Date(required=True)
    respond_by = fields.Date()
    description = fields.Text(required=True)
    detail = fields.Text(string="Labor, equipment, material", readonly=True)
    currency_id = fields.Many2one("res.currency", required=True)
    amount = fields.Monetary(help="Without tax, as signed.")
    signed_by = fields.Char()
    platform_ref = fields.Char(string="Id at the platform", readonly=True, copy=False)

    _amount_not_negative = models.Constraint(
        "CHECK (amount >= 0)", "A ticket has no negative amount: work that falls away is a change."
    )

    @api.depends("number", "description")
    def _compute_display_name(self):
        for ticket in self:
            first = (ticket.description or "").strip().split("\n")[0][:60]
            ticket.display_name = " ".join(filter(None, (ticket.number, first)))

    @api.constrains("change_id", "job_id", "currency_id")
    def _check_change(self):
        for ticket in self:
            change = ticket.change_id
            if change.job_id != ticket.job_id or change.currency_id != ticket.currency_id:
                raise UserError(
                    self.env._(
                        "Ticket %(ticket)s and %(change)s are not of the same job and currency.",
                        ticket=ticket.number,
                        change=change.display_name,
                    )
                )

    def write(self, vals):
        opened = self.env["construction.change.order"]._is_opened()
        if KEPT & vals.keys() and not opened:
            raise UserError(
                self.env._("What was signed stays as it is; assign it to another change order.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _never_delete(self):
        raise UserError(self.env._("Signed tickets are evidence and stay."))
