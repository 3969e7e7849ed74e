from odoo import models
from odoo.exceptions import UserError, ValidationError

from .construction_coding import COST_ACCOUNTS, INCOME_ACCOUNTS

CODING = {"analytic_distribution", "account_id"}
# what of a posted item its analytic lines were made from, besides the coding
AMOUNTS = {
    "amount_currency",
    "balance",
    "company_id",
    "credit",
    "currency_id",
    "date",
    "debit",
    "discount",
    "move_id",
    "price_unit",
    "quantity",
}


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def write(self, vals):
        """A posted item of a job stays as it was posted, whoever writes it: what a job costs
        is recoded by a dated transfer, and amounts by a new entry."""
        if not (CODING | AMOUNTS) & set(vals) or self.env["account.move"]._is_booking():
            return super().write(vals)
        posted = self.filtered(lambda line: line.parent_state == "posted")
        posted._refuse_change(vals)
        result = super().write(vals)
        if CODING & set(vals):
            posted._check_job_lines()
        return result

    def _refuse_change(self, vals):
        """:raises UserError: `vals` would change what a job costs or earns"""
        Move = self.env["account.move"]
        values = self._sanitize_vals(vals)  # debit and credit as balance
        for names, recoding in ((CODING, True), (AMOUNTS, False)):
            names = names & set(values)
            changed = self.filtered(
                lambda line, names=names: any(
                    Move._field_will_change(line, values, name) for name in names
                )
            )
            ours = changed._of_jobs(values.get("analytic_distribution") if recoding else None)
            if ours and recoding:
                raise UserError(
                    self.env._(
                        "“%s” is posted: cost of a job is moved to another code, type or job by "
                        "a dated transfer (Action ▸ Transfer cost), which leaves this item as "
                        "it is.",
                        ours[0].display_name,
                    )
                )
            if ours:
                raise UserError(
                    self.env._(
                        "“%s” is posted and stands in the cost or income of a job: reset its "
                        "entry to draft to change amount or date.",
                        ours[0].display_name,
                    )
                )

    def _of_jobs(self, distribution=None):
        """The items among these whose coding names a job.

        :param distribution: a coding that all of them are about to get
        """
        coding = self.env["construction.coding"]
        lines = self.filtered("analytic_distribution")
        read = coding._read_distribution([line.analytic_distribution for line in lines])
        if distribution and any(e["job"] for e in coding._read_distribution([distribution])):
            return self
        return self.browse(line.id for line, entry in zip(lines, read, strict=True) if entry["job"])

    def _check_job_lines(self):
        """:raises ValidationError, UserError: coding rule, status of the job, or a month
            that takes no job cost

        :return: {(job, cost code, cost type) ids} that the cost lines among these touch
        """
        coding = self.env["construction.coding"]
        lines = self.filtered("analytic_distribution")
        read = coding._read_distribution([line.analytic_distribution for line in lines])
        cost, jobs, keys = self.browse(), self.env["project.project"], set()
        dated = set()
        for line, entry in zip(lines, read, strict=True):
            if not (entry["job"] or entry["cost_code"] or entry["cost_type"]):
                continue
            jobs |= entry["job"]
            dated.add(line._booked_in())
            kind = line.account_id.account_type
            if kind in COST_ACCOUNTS:
                cost |= line
                keys.add(tuple(entry[name][:1].id for name in ("job", "cost_code", "cost_type")))
            elif kind in INCOME_ACCOUNTS:
                coding._check_income_coding(line, entry)
            else:
                coding._refuse_balance_coding(line)
        jobs._check_takes("cost")
        self.env["construction.period"]._check_open(dated)
        coding._check_cost_coding(cost, lambda line: line.company_id)
        self._check_commitment_coding()
        return keys

    def _booked_in(self):
        """(company id, date, reason for a late booking) of an item."""
        move = self.move_id
        return (move.company_id.id, move.date, move.job_cost_reason)

    def _check_commitment_coding(self):
        """A bill line of a commitment is cost of that commitment's job."""
        lines = self.filtered(
            lambda line: (
                line.display_type == "product"
                and line.purchase_line_id.sudo().order_id.is_commitment
            )
        )
        for line in lines:
            if line.account_id.account_type not in COST_ACCOUNTS:
                raise ValidationError(
                    self.env._(
                        "“%(line)s” bills commitment %(order)s, so it belongs on a cost account, "
                        "not on %(account)s.",
                        line=line.name or "",
                        order=line.purchase_line_id.sudo().order_id.display_name,
                        account=line.account_id.display_name,
                    )
                )
        self.env["construction.coding"]._check_cost_coding(
            lines,
            lambda line: line.company_id,
            lambda line: line.purchase_line_id.sudo().order_id.project_id,
        )

    def _check_jobs_take_cost(self):
        lines = self.filtered("analytic_distribution")
        read = self.env["construction.coding"]._read_distribution(
            [line.analytic_distribution for line in lines]
        )
        jobs, dated = self.env["project.project"], set()
        for line, entry in zip(lines, read, strict=True):
            if entry["job"]:
                jobs |= entry["job"]
                dated.add(line._booked_in())
        jobs._check_takes("cost")
        self.env["construction.period"]._check_open(dated)
