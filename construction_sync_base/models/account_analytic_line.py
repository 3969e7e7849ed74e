from odoo import api, models
from odoo.exceptions import ValidationError

from .construction_coding import COST_ACCOUNTS


class AccountAnalyticLine(models.Model):
    _inherit = "account.analytic.line"

    @api.constrains(lambda self: (*self._get_plan_fnames(), "amount", "general_account_id"))
    def _check_job_coding(self):
        """An amount on a cost account of a job names code and type too and comes from a journal
        item, or the cost of jobs would not be the ledger's; hours and income carry the job
        alone."""
        coding = self.env["construction.coding"]
        code_column, type_column = coding._column("cost_code"), coding._column("cost_type")
        jobs = self._construction_jobs()
        for line in self:
            job = jobs.get(line.account_id.id)
            coded = bool(line[code_column]), bool(line[type_column])
            if not job:
                if any(coded):
                    raise ValidationError(
                        self.env._("“%s”: a cost code and a cost type need a job.", line.name)
                    )
                continue
            is_cost = line.general_account_id.account_type in COST_ACCOUNTS
            if is_cost and coded != (True, True):
                raise ValidationError(
                    self.env._("“%s”: cost of a job names a cost code and a cost type.", line.name)
                )
            if is_cost and line.amount and not line.move_line_id:
                raise ValidationError(
                    self.env._(
                        "“%s”: cost of a job comes from a bill or a journal entry, it is not typed "
                        "here. Post an entry on the cost account with the coding of the job.",
                        line.name,
                    )
                )
            if not is_cost and any(coded):
                raise ValidationError(
                    self.env._("“%s”: hours and income of a job carry the job alone.", line.name)
                )

    def _construction_jobs(self):
        """{analytic account id: job} for the lines of jobs."""
        if not self.account_id:
            return {}
        jobs = (
            self.env["project.project"]
            .sudo()
            .with_context(active_test=False)
            .search([("is_job", "=", True), ("account_id", "in", self.account_id.ids)])
        )
        return {job.account_id.id: job for job in jobs}

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._check_jobs_take()
        return lines

    def write(self, vals):
        watched = {"unit_amount", "amount", "date", "project_id", *self._get_plan_fnames()}
        if not watched & set(vals):
            return super().write(vals)
        self._check_jobs_take()
        result = super().write(vals)
        self._check_jobs_take()
        return result

    def unlink(self):
        self._check_jobs_take()
        return super().unlink()

    def _check_jobs_take(self):
        """Hours, and entries typed by hand, by the day of work; cost of a journal item by
        the status of the job now.

        :raises UserError: when a job among these takes no more of it
        """
        jobs = self._construction_jobs()
        for line in self if jobs else ():
            job = jobs.get(line.account_id.id)
            if job:
                job._check_takes("cost" if line.move_line_id else "labor", line.date)
