from odoo import fields, models

from ..lib import approval


class ConstructionApprovalRule(models.Model):
    """Rules of one job replace those of every job."""

    _inherit = "construction.approval.rule"

    job_id = fields.Many2one(
        "project.project",
        domain="[('is_job', '=', True), ('company_id', '=', company_id)]",
        check_company=True,
        index=True,
        ondelete="cascade",
        tracking=True,
        help="Empty: every job that has no rules of its own.",
    )

    def _narrow(self, document):
        rules = super()._narrow(document)
        job_id = document._approval_extra()["job_id"]
        return rules.browse(
            approval.needed([(rule.id, rule.job_id.id or None) for rule in rules], job_id)
        )
