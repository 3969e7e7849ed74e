from collections import Counter

from dateutil.relativedelta import relativedelta
from odoo import fields, models
from odoo.exceptions import UserError

from ..lib import money

# what an accrual is of, by what its line is in place by
KINDS = {"receipt": "received_not_billed", "progress": "work_not_billed", "rent": "other"}


class ConstructionAccrualPropose(models.TransientModel):
    """Proposes the accruals of a month: what was received, is in place by progress or was
    rented until its end, and is not billed; one draft for each job and kind."""

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
        """:raises UserError: nothing is in place that is not billed, accrued or proposed"""
        self.ensure_one()
        groups = self._unbilled_lines().items()
        reasons = self._reasons()
        accruals = self.env["construction.accrual"].create([
            {
                "company_id": self.company_id.id,
                "month": self.month.replace(day=1),
                "kind": KINDS[basis],
                "reason": f"{reasons[basis]}: {job.display_name}",
                "line_ids": [fields.Command.create(values) for values in lines],
            }
            for (job, basis), lines in groups
        ])  # fmt: skip
        if not accruals:
            raise UserError(
                self.env._(
                    "Everything that was received or is in place is billed or accrued, or "
                    "proposed already."
                )
            )
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_accrual"
        ) | {"domain": [("id", "in", accruals.ids)], "context": {}}

    def _reasons(self):
        return {
            "receipt": self.env._("Received, not billed"),
            "progress": self.env._("In place, not billed"),
            "rent": self.env._("Rent until month-end"),
        }

    def _unbilled_lines(self):
        """{(job, basis): [values of accrual lines]}"""
        ordered = self.env["purchase.order.line"].search(self._lines_domain())
        last = self.month.replace(day=1) + relativedelta(months=1, days=-1)
        amounts = self.env["construction.job.cost"]._unbilled_of(ordered, last)
        digits, proposed = self.company_id.currency_id.decimal_places, self._proposed(ordered)
        groups = {}
        for line in ordered.filtered(lambda line: line.id in amounts):
            basis, amount = amounts[line.id]
            amount -= proposed[line.id]
            if amount > 0:
                groups.setdefault((line.order_id.project_id, basis), []).append(
                    {
                        "purchase_line_id": line.id,
                        "description": line.name,
                        "amount": money.to_float(amount, digits),
                    }
                )
        return groups

    def _lines_domain(self):
        domain = [
            ("order_id.is_commitment", "=", True), ("state", "=", "purchase"),
            ("company_id", "=", self.company_id.id), ("display_type", "=", False),
            ("order_id.closed_state", "!=", "final"),
            "|", ("qty_received", "!=", 0),
            ("order_id.commitment_type", "in", ("rental", "subcontract", "service")),
        ]  # fmt: skip
        if self.job_ids:
            domain.append(("order_id.project_id", "in", self.job_ids.ids))
        return domain

    def _proposed(self, ordered):
        """{order line id: Decimal that drafts of the month add to what is accrued on it}; the
        release of one that takes the place of another takes that one back."""
        month, digits = self.month.replace(day=1), self.company_id.currency_id.decimal_places
        Accrual = self.env["construction.accrual"]
        drafts = Accrual.search([("state", "=", "draft"), ("month", "=", month)])
        successors = Accrual.search([("state", "=", "draft"), ("replaces_id.month", "=", month)])
        proposed = Counter()
        for sign, accruals in ((1, drafts), (-1, successors._taken_back_first())):
            rows = self.env["construction.accrual.line"]._read_group(
                [("purchase_line_id", "in", ordered.ids), ("accrual_id", "in", accruals.ids)],
                ["purchase_line_id"],
                ["amount:sum"],
            )
            for line, amount in rows:
                proposed[line.id] += sign * money.from_float(amount, digits)
        return proposed
