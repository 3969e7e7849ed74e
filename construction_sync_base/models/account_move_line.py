from odoo import models

from .construction_coding import COST_ACCOUNTS, INCOME_ACCOUNTS


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _check_job_lines(self):
        """:raises ValidationError, UserError: coding rule or status of the job"""
        coding = self.env["construction.coding"]
        lines = self.filtered("analytic_distribution")
        read = coding._read_distribution([line.analytic_distribution for line in lines])
        cost, jobs = self.browse(), self.env["project.project"]
        for line, entry in zip(lines, read, strict=True):
            if not (entry["job"] or entry["cost_code"] or entry["cost_type"]):
                continue
            jobs |= entry["job"]
            kind = line.account_id.account_type
            if kind in COST_ACCOUNTS:
                cost |= line
            elif kind in INCOME_ACCOUNTS:
                coding._check_income_coding(line, entry)
            else:
                coding._refuse_balance_coding(line)
        jobs.sudo()._check_takes("cost")
        coding._check_cost_coding(cost, lambda line: line.company_id)
