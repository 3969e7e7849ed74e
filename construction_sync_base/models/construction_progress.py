from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ConstructionProgress(models.Model):
    """How far the work of a job is at the end of a day, as the field, the schedule, a survey
    or the model says: what earned value is read from. Never what was billed."""

    _name = "construction.progress"
    _description = "Job Progress"
    _inherit = ["construction.of.job.mixin", "mail.thread"]
    _order = "as_of desc, id desc"
    _check_company_auto = True

    as_of = fields.Date(required=True, default=fields.Date.context_today, tracking=True)
    source = fields.Selection(
        [("field", "Field"), ("schedule", "Schedule"), ("survey", "Survey"), ("model", "Model")],
        required=True,
        default="field",
        tracking=True,
    )
    comment = fields.Text()
    line_ids = fields.One2many("construction.progress.line", "progress_id")
    milestone_ids = fields.One2many("construction.progress.milestone", "progress_id")

    @api.depends("job_id", "as_of")
    def _compute_display_name(self):
        for progress in self:
            progress.display_name = self.env._(
                "%(job)s, progress %(day)s",
                job=progress.job_id.display_name or "",
                day=progress.as_of or "",
            )

    @api.constrains("job_id")
    def _check_job(self):
        if any(not progress.job_id.is_job for progress in self):
            raise ValidationError(self.env._("Progress is reported of a construction job."))
