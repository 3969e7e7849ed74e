from collections import defaultdict
from datetime import date
from decimal import Decimal

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..lib import earned_value, money

ZERO = Decimal(0)
TILES = (
    "budget", "committed", "actual", "open", "pending", "exposure", "at_completion", "variance",
    "contingency",
)  # fmt: skip
BY_DIVISION = ("budget", "committed", "actual", "open", "to_complete", "at_completion", "variance")
LONGEST = 60  # months of the curve; a longer job shows its last ones


class ConstructionJobCockpit(models.AbstractModel):
    """What the cockpit of one job shows: figures of the cost report, cost over time, earned
    value, what is not in the figures yet and what waits for the user. It computes no figure of
    its own."""

    _name = "construction.job.cockpit"
    _description = "Job Cockpit"

    @api.model
    def action_first_job(self):
        """Id of the newest running job that the user sees, or False: what the cockpit opens
        with."""
        self._check_reader()
        domain = [("is_job", "=", True), ("job_status", "in", ("active", "on_hold"))]
        return self.env["project.project"].search(domain, order="id desc", limit=1).id

    @api.model
    def action_read_job(self, job_id):
        """Everything the screen of a job shows, as of now; amounts are numbers in the
        company's currency, ratios unrounded.

        :raises UserError: it is not a construction job
        :raises AccessError: the user does not see it
        """
        self._check_reader()
        job = self.env["project.project"].browse(job_id)
        job.check_access("read")
        if not job.is_job:
            raise UserError(self.env._("%s is not a construction job.", job.display_name))
        today = fields.Date.context_today(self)
        earned, gaps = self._earned(job, today)
        return {
            "job": {
                "id": job.id,
                "name": job.display_name,
                "status": dict(job._fields["job_status"]._description_selection(self.env))[
                    job.job_status
                ],
                "manager": job.sudo().user_id.name or "",
                "currency_id": job.sudo().company_id.currency_id.id,
            },
            "as_of": fields.Datetime.to_string(fields.Datetime.now()),
            "tiles": self._tiles(job),
            "divisions": self._divisions(job),
            "curve": self._curve(job, today),
            "earned": earned,
            "missing": self._missing(job) + gaps,
            "mine": self._mine(job),
        }

    def _check_reader(self):
        self.env["construction.job.cost"].check_access("read")

    # -------------------------------------------------------------- figures
    def _tiles(self, job):
        totals = self.env["construction.job.cost"]._totals(job).get(job.id, {})
        labels = self.env["construction.job.cost"]._fields
        return [
            {
                "name": name,
                "label": labels[name]._description_string(self.env),
                "help": labels[name]._description_help(self.env) or "",
                "amount": float(totals.get(name, 0)),
            }
            for name in TILES
        ]

    def _divisions(self, job):
        """By the top of the code tree; cost without a code stands at the end."""
        rows = self.env["construction.job.cost"]._read_group(
            [("job_id", "=", job.id)], ["division_id"], [f"{name}:sum" for name in BY_DIVISION]
        )
        shown = [
            {"id": division.id, "code": division.code or "", "name": division.name or ""}
            | dict(zip(BY_DIVISION, amounts, strict=True))
            for division, *amounts in rows
            if any(amounts)
        ]
        return sorted(shown, key=lambda row: (not row["id"], row["code"]))

    def _earned(self, job, today):
        """(the four figures with their ratios and estimates, what they lack)"""
        JobCost = self.env["construction.job.cost"]
        found = JobCost._earned_value(job, today)
        value = earned_value.total(value for _plan, value in found.values())
        figures = {
            name: None if amount is None else float(amount)
            for name, amount in (
                *((name, getattr(value, name)) for name in (
                    "budget", "planned", "earned", "actual", "cost_variance",
                    "schedule_variance", "cpi", "spi", "at_completion_by_cpi",
                    "at_completion_by_budget", "at_completion_by_both",
                )),
                ("tcpi", value.tcpi()),
            )
        }  # fmt: skip
        plans = [plan for plan, _value in found.values()]
        figures["any"] = any(plan.spread or plan.reports for plan in plans)
        return figures, self._earned_gaps(job, plans, today) if figures["any"] else []

    def _earned_gaps(self, job, plans, today):
        unspread = sum((plan.unspread for plan in plans), ZERO)
        unmeasured = sum((p.budget for p in plans if not p.measurable(today)), ZERO)
        exceeded = sum(plan.exceeds(today) for plan in plans)
        budget = self._list("construction.budget", [("job_id", "=", job.id)])
        progress = self._list("construction.progress", [("job_id", "=", job.id)])
        gaps = [
            (self.env._("Budget without months: not in the planned value"), unspread, budget),
            (self.env._("Budget without progress: not in the earned value"), unmeasured, progress),
        ]
        rows = [
            {"label": label, "count": 0, "amount": float(amount), "action": action}
            for label, amount, action in gaps
            if money.round_half_up(amount, 2)
        ]
        if exceeded:
            label = self.env._("Codes with more done than planned: their quantity is too low")
            rows.append({"label": label, "count": exceeded, "amount": 0.0, "action": progress})
        return rows

    def _curve(self, job, today):
        """Planned, earned and actual by the end of each month, cumulative. Planned is that of
        today's budget; earned and actual end today."""
        JobCost = self.env["construction.job.cost"]
        plans = JobCost._plans(job, today)
        booked = self._booked_by_month(job)
        planned = [month for plan in plans.values() for month, _amount in plan.spread]
        reported = [
            report.as_of.replace(day=1)
            for plan in plans.values()
            for report in plan.reports
            if report.as_of <= today
        ]
        known = [*planned, *reported, *booked]
        if not known:
            return {"months": [], "planned": [], "earned": [], "actual": []}
        rows = [
            self._point(month, today, plans, booked)
            for month in _months(min(known), max(*known, today.replace(day=1)))
        ]
        names = ("months", "planned", "earned", "actual")
        curve = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        for name, source in (("planned", planned), ("earned", reported)):
            if not source:
                curve[name] = []
        return curve

    def _point(self, month, today, plans, booked):
        end = month + relativedelta(months=1, days=-1)
        values = [plan.value(min(end, today), ZERO) for plan in plans.values()]
        planned = sum((plan.value(end, ZERO).planned for plan in plans.values()), ZERO)
        if month > today:
            return month.strftime("%Y-%m"), float(planned), None, None
        earned = sum((value.earned for value in values), ZERO)
        actual = sum(amount for start, amount in booked.items() if start <= month)
        return month.strftime("%Y-%m"), float(planned), float(earned), float(actual)

    def _booked_by_month(self, job):
        """{first day of month: cost booked in it}"""
        JobCost = self.env["construction.job.cost"]
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT date_trunc('month', a.date)::date, SUM(a.amount) FROM (%s) a
                 GROUP BY 1 ORDER BY 1
                """,
                JobCost._actual_query(SQL("j.id = %s", job.id)),
            )
        )
        return defaultdict(float, rows)

    def _list(self, model, domain, name=False, view=None):
        """The action of a list of documents, for a click."""
        return {
            "type": "ir.actions.act_window",
            "name": name or self.env[model]._description,
            "res_model": model,
            "views": [[view and self.env.ref(view).id, "list"], [False, "form"]],
            "domain": domain,
        }


def _months(first, last):
    """First days of the months from `first` to `last`, at most the last `LONGEST`."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    skipped = max(count - LONGEST, 0)
    start = date(first.year, first.month, 1) + relativedelta(months=skipped)
    return [start + relativedelta(months=number) for number in range(count - skipped)]
