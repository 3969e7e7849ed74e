from odoo import fields, models

from .construction_budget_line import RESERVES


class ConstructionBudgetChangeLine(models.Model):
    """What a budget change adds to one cost code and cost type of a job, or takes from it."""

    _name = "construction.budget.change.line"
    _inherit = [
        "construction.cost.key.mixin",
        "construction.draft.line.mixin",
        "construction.placed.mixin",
    ]
    _description = "Budget Change Line"
    _order = "change_id, id"
    _check_company_auto = True

    _document = "change_id"

    change_id = fields.Many2one(
        "construction.budget.change", required=True, ondelete="cascade", index=True
    )
    job_id = fields.Many2one(related="change_id.job_id", store=True, index=True)
    company_id = fields.Many2one(
        "res.company", related="change_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="change_id.currency_id")
    line_ref = fields.Char(string="Line id at the platform", readonly=True)
    description = fields.Char()
    reserve = fields.Selection(RESERVES)
    amount = fields.Monetary(required=True, help="Added to the budget; negative: taken from it.")

    def _key(self):
        return self.job_id.id, self.cost_code_id.id, self.cost_type_id.id
