from odoo import api, fields, models
from odoo.exceptions import UserError


class ConstructionBudgetReserveUse(models.TransientModel):
    """Moves contingency or allowance to the cost code of the work: a transfer with a reason,
    submitted at once."""

    _name = "construction.budget.reserve.use"
    _description = "Use Contingency"

    line_id = fields.Many2one(
        "construction.budget.line",
        string="From",
        required=True,
        domain="[('job_id', '=', job_id), ('reserve', '!=', False), ('state', '=', 'approved')]",
    )
    job_id = fields.Many2one(related="line_id.job_id")
    company_id = fields.Many2one(related="line_id.company_id")
    currency_id = fields.Many2one(related="line_id.currency_id")
    reserve = fields.Selection(related="line_id.reserve")
    left_amount = fields.Monetary(string="Left", compute="_compute_left_amount")
    cost_code_id = fields.Many2one(
        "construction.cost.code",
        string="To cost code",
        required=True,
        domain="[('job_id', 'in', (False, job_id)), ('company_id', 'in', (False, company_id))]",
    )
    cost_type_id = fields.Many2one(
        "construction.cost.type",
        string="Cost type",
        required=True,
        domain="[('company_id', 'in', (False, company_id))]",
    )
    phase_id = fields.Many2one("construction.phase", domain="[('job_id', 'in', (False, job_id))]")
    location_id = fields.Many2one(
        "construction.location", domain="[('job_id', 'in', (False, job_id))]"
    )
    amount = fields.Monetary(required=True)
    reason = fields.Char(required=True)

    @api.depends("line_id")
    def _compute_left_amount(self):
        for dialog in self:
            dialog.line_id.check_access("read")  # the figures come past the record rules
            positions = self.env["construction.job.cost"]._positions(dialog.job_id)
            figures = positions.get(dialog.line_id._key(), {})
            dialog.left_amount = figures.get(dialog.line_id.reserve, 0)

    def action_confirm(self):
        """Make the transfer and submit it.

        :raises UserError: no positive amount, more than is left, or a target that is the
            reserve itself
        """
        self.ensure_one()
        if self.currency_id.compare_amounts(self.amount, 0) <= 0:
            raise UserError(self.env._("Say how much to move: an amount above zero."))
        source = self.line_id
        if (self.cost_code_id, self.cost_type_id) == (source.cost_code_id, source.cost_type_id):
            raise UserError(
                self.env._("Choose the cost code and type of the work, not those of the reserve.")
            )
        change = self.env["construction.budget.change"].create(
            {
                "job_id": self.job_id.id,
                "kind": "transfer",
                "reason": self.reason,
                "line_ids": [
                    fields.Command.create(
                        {
                            "cost_code_id": source.cost_code_id.id,
                            "cost_type_id": source.cost_type_id.id,
                            "phase_id": source.phase_id.id,
                            "location_id": source.location_id.id,
                            "reserve": source.reserve,
                            "amount": -self.amount,
                        }
                    ),
                    fields.Command.create(
                        {
                            "cost_code_id": self.cost_code_id.id,
                            "cost_type_id": self.cost_type_id.id,
                            "phase_id": self.phase_id.id,
                            "location_id": self.location_id.id,
                            "amount": self.amount,
                        }
                    ),
                ],
            }
        )
        change.action_approve()
        return change._get_records_action(context={})
