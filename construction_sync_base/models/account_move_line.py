from odoo import models
from odoo.exceptions import ValidationError

from .construction_coding import COST_ACCOUNTS, INCOME_ACCOUNTS

CODING = {"analytic_distribution", "account_id"}


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def write(self, vals):
        """The coding rule holds for posted items too, whoever recodes them."""
        if not CODING & set(vals):
            return super().write(vals)
        posted = self.filtered(lambda line: line.parent_state == "posted")
        posted._check_jobs_take_cost()
        result = super().write(vals)
        posted._check_job_lines()
        return result

    def _check_job_lines(self):
        """:raises ValidationError, UserError: coding rule or status of the job

        :return: {(job, cost code, cost type) ids} that the cost lines among these touch
        """
        coding = self.env["construction.coding"]
        lines = self.filtered("analytic_distribution")
        read = coding._read_distribution([line.analytic_distribution for line in lines])
        cost, jobs, keys = self.browse(), self.env["project.project"], set()
        for line, entry in zip(lines, read, strict=True):
            if not (entry["job"] or entry["cost_code"] or entry["cost_type"]):
                continue
            jobs |= entry["job"]
            kind = line.account_id.account_type
            if kind in COST_ACCOUNTS:
                cost |= line
                keys.add(tuple(entry[name][:1].id for name in ("job", "cost_code", "cost_type")))
            elif kind in INCOME_ACCOUNTS:
                coding._check_income_coding(line, entry)
            else:
                coding._refuse_balance_coding(line)
        jobs._check_takes("cost")
        coding._check_cost_coding(cost, lambda line: line.company_id)
        self._check_commitment_coding()
        return keys

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
        read = self.env["construction.coding"]._read_distribution(
            [line.analytic_distribution for line in self if line.analytic_distribution]
        )
        self.env["project.project"].union(*(entry["job"] for entry in read))._check_takes("cost")
