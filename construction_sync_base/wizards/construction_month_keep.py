from odoo import api, fields, models
from odoo.exceptions import UserError


class ConstructionMonthKeep(models.TransientModel):
    """Keeps the cost report of jobs as it stands, as that of a month."""

    _name = "construction.month.keep"
    _description = "Keep the Figures of a Month"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    month = fields.Date(
        required=True,
        default=lambda self: fields.Date.subtract(
            fields.Date.context_today(self).replace(day=1), months=1
        ),
    )
    job_ids = fields.Many2many(
        "project.project",
        string="Jobs",
        compute="_compute_job_ids",
        store=True,
        readonly=False,
        check_company=True,
        domain="[('is_job', '=', True)]",
        help="Those of the company that are not closed and not kept for the month yet.",
    )

    @api.depends("company_id", "month")
    def _compute_job_ids(self):
        for dialog in self:
            month = dialog.month and dialog.month.replace(day=1)
            kept = self.env["construction.job.cost.snapshot"]._read_group(
                [("company_id", "=", dialog.company_id.id), ("month", "=", month)], ["job_id"]
            )
            dialog.job_ids = self.env["project.project"].search([
                ("is_job", "=", True), ("company_id", "=", dialog.company_id.id),
                ("job_status", "!=", "closed"), ("id", "not in", [job.id for (job,) in kept]),
            ])  # fmt: skip

    def action_keep(self):
        """:raises UserError: no job, or a figure of the month is kept already"""
        self.ensure_one()
        if not self.job_ids:
            raise UserError(self.env._("Choose the jobs: all of them are kept already."))
        month = self.month.replace(day=1)
        self.env["construction.job.cost.snapshot"]._take(self.job_ids, month)
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_job_cost_movement"
        ) | {"domain": [("month", "=", month), ("job_id", "in", self.job_ids.ids)], "context": {}}
