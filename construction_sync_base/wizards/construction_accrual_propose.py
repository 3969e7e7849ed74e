from dateutil.relativedelta import relativedelta
from odoo import fields, models
from odoo.exceptions import UserError

from ..lib import money


class ConstructionAccrualPropose(models.TransientModel):
    """Proposes the accruals of a month: what was received and is not billed, one draft a job."""

    _name = "construction.accrual.propose"
    _description = "Propose Accruals"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    month = fields.Date(
        required=True, default=lambda self: self.env["construction.accrual"]._last_month()
    )
    job_ids = fields.Many2many(
        "project.project",
        string="Jobs",
        check_company=True,
        domain="[('is_job', '=', True)]",
        help="Empty: every job of the company.",
    )

    def action_propose(self):
        """:raises UserError: nothing was received that is not billed or accrued"""
        self.ensure_one()
        domain = [
            ("order_id.is_commitment", "=", True), ("state", "=", "purchase"),
            ("company_id", "=", self.company_id.id), ("display_type", "=", False),
            ("order_id.closed_state", "!=", "final"),
            "|", ("qty_received", "!=", 0), ("order_id.commitment_type", "=", "rental"),
        ]  # fmt: skip
        if self.job_ids:
            domain.append(("order_id.project_id", "in", self.job_ids.ids))
        ordered = self.env["purchase.order.line"].search(domain)
        last = self.month.replace(day=1) + relativedelta(months=1, days=-1)
        amounts = self.env["construction.job.cost"]._unbilled_of(ordered, last)
        digits = self.company_id.currency_id.decimal_places
        found = ordered.filtered(lambda line: line.id in amounts)
        accruals = self.env["construction.accrual"].create([
            {
                "company_id": self.company_id.id,
                "month": self.month.replace(day=1),
                "reason": self.env._("Received, not billed: %s", job.display_name),
                "line_ids": [
                    fields.Command.create({
                        "purchase_line_id": line.id, "description": line.name,
                        "amount": money.to_float(amounts[line.id], digits),
                    })
                    for line in lines
                ],
            }
            for job, lines in found.grouped(lambda line: line.order_id.project_id).items()
        ])  # fmt: skip
        if not accruals:
            raise UserError(
                self.env._("Everything that was received is billed or accrued already.")
            )
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_accrual"
        ) | {"domain": [("id", "in", accruals.ids)], "context": {}}
