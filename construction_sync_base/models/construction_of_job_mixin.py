from odoo import fields, models


class ConstructionOfJobMixin(models.AbstractModel):
    """A document of one job, and thereby of the job's company."""

    _name = "construction.of.job.mixin"
    _description = "Document of a Job"

    job_id = fields.Many2one(
        "project.project",
        required=True,
        domain="[('is_job', '=', True)]",
        index=True,
        ondelete="restrict",
        tracking=True,
    )
    company_id = fields.Many2one(
        "res.company", related="job_id.company_id", store=True, index=True, precompute=True
    )

    def _approval_extra(self):
        return {"job_id": self.job_id.id}
