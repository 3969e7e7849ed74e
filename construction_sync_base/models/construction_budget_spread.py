from odoo import api, fields, models


class ConstructionBudgetSpread(models.Model):
    """The part of a budget line that is planned for one month: what planned value is read
    from."""

    _name = "construction.budget.spread"
    _description = "Budget by Month"
    _order = "line_id, month"
    _check_company_auto = True

    line_id = fields.Many2one(
        "construction.budget.line", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(
        "res.company", related="line_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    job_id = fields.Many2one(related="line_id.job_id", store=True, precompute=True)
    month = fields.Date(required=True, help="Its first day.")
    amount = fields.Monetary(required=True)

    _month_first_day = models.Constraint(
        "CHECK (EXTRACT(DAY FROM month) = 1)", "A budget is spread by month: give its first day."
    )
    _month_unique = models.Constraint(
        "UNIQUE (line_id, month)", "This budget line has that month already."
    )

    @api.model_create_multi
    def create(self, vals_list):
        months = super().create(vals_list)
        months.line_id._check_draft()
        return months

    def write(self, vals):
        self.line_id._check_draft()
        result = super().write(vals)
        self.line_id._check_draft()  # of the line that it may have moved to
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        self.line_id._check_draft()
