from odoo import api, fields, models


class ConstructionProgressLine(models.Model):
    """How far one cost code is; where a cost type is named, of that type alone."""

    _name = "construction.progress.line"
    _inherit = ["construction.cost.key.mixin"]
    _description = "Job Progress Line"
    _order = "progress_id, cost_code_id, cost_type_id, id"
    _check_company_auto = True

    progress_id = fields.Many2one(
        "construction.progress", required=True, index=True, ondelete="cascade"
    )
    job_id = fields.Many2one(related="progress_id.job_id", store=True, precompute=True)
    company_id = fields.Many2one(
        "res.company", related="progress_id.company_id", store=True, index=True, precompute=True
    )
    as_of = fields.Date(related="progress_id.as_of", store=True, precompute=True)
    cost_type_id = fields.Many2one(required=False, help="Empty: every type of the cost code.")
    measure = fields.Selection(
        [("percent", "Percent"), ("quantity", "Quantity")],
        required=True,
        default="percent",
        help="By which of the two the work is valued; the other one informs.",
    )
    percent_complete = fields.Float(string="Complete %", digits=(9, 6))
    quantity_to_date = fields.Float(digits="Product Unit")
    uom_id = fields.Many2one("uom.uom", string="Unit")

    _percent_range = models.Constraint(
        "CHECK (percent_complete BETWEEN 0 AND 100)", "Progress is from 0 to 100 percent."
    )
    _quantity_positive = models.Constraint(
        "CHECK (quantity_to_date >= 0)", "The quantity done cannot be negative."
    )
    _key_unique = models.UniqueIndex(
        "(progress_id, cost_code_id, COALESCE(cost_type_id, 0))",
        "This report has a line for that cost code and cost type already.",
    )
    _latest = models.Index("(job_id, as_of)")

    @api.depends("cost_code_id", "cost_type_id")
    def _compute_display_name(self):
        for line in self:
            names = (line.cost_code_id.code, line.cost_type_id.name)
            line.display_name = " / ".join(filter(None, names))
