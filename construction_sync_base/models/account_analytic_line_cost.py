from odoo import api, fields, models


class AccountAnalyticLineCost(models.Model):
    """A line of job cost as the cost report shows it: cost is positive."""

    _inherit = "account.analytic.line"

    construction_cost = fields.Monetary(string="Cost", compute="_compute_construction_cost")

    @api.depends("amount")
    def _compute_construction_cost(self):
        for line in self:
            line.construction_cost = -line.amount

    def action_open_move(self):
        """The entry or bill that booked it, else the line itself."""
        self.ensure_one()
        self.check_access("read")
        document = self.move_line_id.move_id or self
        return {
            "type": "ir.actions.act_window",
            "res_model": document._name,
            "res_id": document.id,
            "views": [[False, "form"]],
        }
