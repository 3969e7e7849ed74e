from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .construction_coding import COST_ACCOUNTS

# besides the plans
WATCHED = {
    "amount",
    "company_id",
    "date",
    "general_account_id",
    "move_line_id",
    "project_id",
    "unit_amount",
}


class AccountAnalyticLine(models.Model):
    _inherit = "account.analytic.line"

    @api.constrains(
        lambda self: (*self._get_plan_fnames(), "amount", "general_account_id", "move_line_id")
    )
    def _check_job_coding(self):
        """An amount of a job comes from a journal item, or the cost of jobs would not be the
        ledger's; on a cost account it names code and type too; hours and income carry the
        job alone."""
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
            if line.amount and not line.move_line_id:
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
        self._check_months(vals_list)
        lines = super().create(vals_list)
        lines._check_by_hand()
        return lines

    def write(self, vals):
        watched = {*WATCHED, *self._get_plan_fnames()}
        if not watched & set(vals) or self._is_booking():
            return super().write(vals)
        self._check_by_hand()
        result = super().write(vals)
        self._check_by_hand()
        return result

    def unlink(self):
        self._check_by_hand()
        return super().unlink()

    def action_cost_transfer(self):
        """The dialog that moves what is left of the journal items of these lines."""
        self.check_access("read")
        return self.move_line_id.action_cost_transfer()

    def _is_booking(self):
        """Odoo writes these lines because it posts, or takes back, their journal items, which
        were checked as such."""
        return self.env["account.move"]._is_booking()

    def _check_months(self, vals_list):
        """Say it in words before the database refuses hours in a locked month."""
        if self._is_booking():
            return
        Period, today = self.env["construction.period"], fields.Date.context_today(self)
        dated = [(self.env.company.id, vals.get("date") or today) for vals in vals_list]
        if not Period._closing(dated):
            return
        projects = self.env["project.project"].sudo().with_context(active_test=False)
        jobs = projects.search(
            [
                ("is_job", "=", True),
                "|",
                ("id", "in", [vals.get("project_id") for vals in vals_list]),
                ("account_id", "in", [vals.get("account_id") for vals in vals_list]),
            ]
        )
        known = {*jobs.ids}, {*jobs.account_id.ids}
        Period._check_open(
            (company_id, day, vals.get("name"))
            for vals, (company_id, day) in zip(vals_list, dated, strict=True)
            if vals.get("project_id") in known[0] or vals.get("account_id") in known[1]
        )

    def _check_by_hand(self):
        """Hours of a job are typed as long as the job and the month take them. The line of a
        journal item belongs to it.

        :raises UserError: when one of these may not be added, changed or deleted
        """
        if self._is_booking():
            return
        jobs = self._construction_jobs()
        lines = self.filtered(lambda line: line.account_id.id in jobs)
        for line in lines:
            if line.move_line_id:
                raise UserError(
                    self.env._(
                        "“%s” belongs to a journal item: cost of a job is moved by a dated "
                        "transfer (Action ▸ Transfer cost), or its entry is reset to draft.",
                        line.name,
                    )
                )
            jobs[line.account_id.id]._check_takes("labor", line.date)
        self.env["construction.period"]._check_open(
            {(line.company_id.id, line.date, line.name) for line in lines}
        )

    # ------------------------------------------------- hours cost nothing here
    def _timesheet_postprocess_values(self, values):
        """Where timesheets are installed: hours of jobs are worth nothing by themselves. Labor
        costs a job when it is posted."""
        result = super()._timesheet_postprocess_values(values)
        jobs = self.sudo()._construction_jobs()
        for line in self.sudo() if jobs else ():
            if line.account_id.id in jobs and "amount" in result[line.id]:
                result[line.id]["amount"] = 0.0
        return result
