from odoo import fields, models


class ConstructionProgressMilestone(models.Model):
    """A milestone of the schedule: when it was planned, is expected and was reached."""

    _name = "construction.progress.milestone"
    _description = "Job Milestone"
    _order = "progress_id, baseline_on, code, id"
    _rec_name = "name"
    _check_company_auto = True

    progress_id = fields.Many2one(
        "construction.progress", required=True, ondelete="cascade", index=True
    )
    job_id = fields.Many2one(related="progress_id.job_id", store=True, precompute=True)
    company_id = fields.Many2one(
        "res.company", related="progress_id.company_id", store=True, index=True, precompute=True
    )
    code = fields.Char(required=True)
    name = fields.Char(required=True)
    baseline_on = fields.Date(string="Planned")
    forecast_on = fields.Date(string="Expected")
    actual_on = fields.Date(string="Reached")
    contract_line_ref = fields.Char(
        string="Contract line", help="Id of the owner's contract line that it makes billable."
    )

    _code_unique = models.Constraint(
        "UNIQUE (progress_id, code)", "This report has that milestone already."
    )
