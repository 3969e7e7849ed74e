from odoo import fields, models


class ConstructionReason(models.TransientModel):
    """Reasons of what people do to budgets."""

    _inherit = "construction.reason"

    action = fields.Selection(
        selection_add=[
            ("void_budget_change", "Void the budget change"),
            ("unlock_budget", "Unlock the budget"),
        ],
        ondelete={"void_budget_change": "cascade", "unlock_budget": "cascade"},
    )

    def action_confirm(self):
        if self.action == "void_budget_change":
            self.env["construction.budget.change"].browse(self.res_ids).action_void(self.reason)
        elif self.action == "unlock_budget":
            self.env["project.project"].browse(self.res_ids).action_unlock_budget(self.reason)
        else:
            return super().action_confirm()
        return {"type": "ir.actions.act_window_close"}
