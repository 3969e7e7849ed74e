from odoo import fields, models


class ConstructionApproval(models.Model):
    """Approvals are read by who may see the job."""

    _inherit = "construction.approval"

    job_id = fields.Many2one("project.project", readonly=True, index=True)
