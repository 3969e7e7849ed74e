from odoo import fields, models


class ConstructionSubscription(models.Model):
    _inherit = "construction.subscription"

    job_ids = fields.Many2many(
        "project.project",
        string="Jobs",
        domain="[('is_job', '=', True)]",
        help="Empty: every job. What is about no job is then told as well.",
    )

    def _listens_to(self):
        return super()._listens_to() | {"job_ids": self.job_ids.ids}
