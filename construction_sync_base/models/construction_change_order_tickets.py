from odoo import api, fields, models


class ConstructionChangeOrder(models.Model):
    """Signed tickets behind a change order. Until it is priced, what they say is what it
    costs; its own lines take their place."""

    _inherit = "construction.change.order"

    ticket_ids = fields.One2many("construction.field.ticket", "change_id", string="Field tickets")
    ticket_count = fields.Integer(compute="_compute_ticket_count")
    ticket_amount = fields.Monetary(
        string="Tickets", compute="_compute_ticket_amount", store=True, help="As signed on site."
    )

    def _compute_ticket_count(self):
        for change in self:
            change.ticket_count = len(change.ticket_ids)

    @api.depends("ticket_ids.amount")
    def _compute_ticket_amount(self):
        for change in self:
            change.ticket_amount = sum(change.ticket_ids.mapped("amount"))

    @api.depends("ticket_amount", "line_ids")
    def _compute_exposure(self):
        return super()._compute_exposure()

    def _unsecured_cost(self):
        return super()._unsecured_cost() if self._is_priced() else self.ticket_amount

    def _is_priced(self):
        return any(line.cost_amount for line in self.line_ids)

    def action_open_tickets(self):
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_field_ticket"
        ) | {"domain": [("change_id", "=", self.id)], "context": {"default_change_id": self.id}}
