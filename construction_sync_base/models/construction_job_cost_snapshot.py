from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .construction_guard import FINANCE, guard

FIGURES = (
    "original", "changes", "budget", "committed_original", "committed_changes", "committed",
    "billed", "open", "pending", "accrued", "actual", "exposure", "projected", "to_complete",
    "at_completion",
)  # fmt: skip


class ConstructionJobCostSnapshot(models.Model):
    """The cost report of a job as it stood when a month was closed. Nobody edits it: the
    database refuses update, delete and truncate, and a month is kept once."""

    _name = "construction.job.cost.snapshot"
    _description = "Job Cost of a Month"
    _check_company_auto = True
    _order = "month desc, job_id, cost_code_id, cost_type_id, id"
    _log_access = False

    month = fields.Date(required=True, readonly=True, help="Its first day.")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    job_id = fields.Many2one(
        "project.project", required=True, readonly=True, ondelete="restrict", check_company=True
    )
    cost_code_id = fields.Many2one("construction.cost.code", readonly=True, ondelete="restrict")
    cost_type_id = fields.Many2one("construction.cost.type", readonly=True, ondelete="restrict")
    taken_at = fields.Datetime(required=True, readonly=True)
    taken_by_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="restrict")
    original = fields.Monetary(readonly=True)
    changes = fields.Monetary(readonly=True)
    budget = fields.Monetary(string="Revised budget", readonly=True)
    committed_original = fields.Monetary(string="Committed, original", readonly=True)
    committed_changes = fields.Monetary(string="Committed, changes", readonly=True)
    committed = fields.Monetary(readonly=True)
    billed = fields.Monetary(readonly=True)
    open = fields.Monetary(readonly=True)
    pending = fields.Monetary(readonly=True)
    accrued = fields.Monetary(readonly=True)
    actual = fields.Monetary(readonly=True)
    exposure = fields.Monetary(readonly=True)
    projected = fields.Monetary(readonly=True)
    to_complete = fields.Monetary(readonly=True)
    at_completion = fields.Monetary(readonly=True)

    _month_first_day = models.Constraint(
        "CHECK (EXTRACT(DAY FROM month) = 1)", "A snapshot is of a month: give its first day."
    )
    _key_unique = models.UniqueIndex(
        "(job_id, month, COALESCE(cost_code_id, 0), COALESCE(cost_type_id, 0))",
        "The figures of this month are kept already.",
    )

    def init(self):
        self.env["construction.audit"]._protect(self._table)

    @guard("release", FINANCE)
    def _check_keeper(self):
        return self.env._("The figures of a month are kept by Finance.")

    @api.model
    def _take(self, jobs, month):
        """Keep the cost report of jobs as that of a month, once, in one statement.

        :param month: its first day
        :return: how many rows were kept
        :raises UserError: a figure of that month is kept already
        :raises AccessError: the user is not of Finance
        """
        self._check_keeper()
        jobs.check_access("read")
        self._check_fresh(jobs, month)
        self.env.flush_all()
        names = SQL(", ").join(map(SQL.identifier, FIGURES))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO construction_job_cost_snapshot
                       (month, company_id, job_id, cost_code_id, cost_type_id, taken_at,
                        taken_by_id, %(names)s)
                SELECT %(month)s, company_id, job_id, cost_code_id, cost_type_id,
                       now() AT TIME ZONE 'UTC', %(user)s, %(names)s
                  FROM (%(report)s) report
                 WHERE job_id = ANY(%(jobs)s)
                """,
                names=names,
                month=month,
                user=self.env.uid,
                report=self.env["construction.job.cost"]._table_query,
                jobs=jobs.ids,
            )
        )
        kept = self.env.cr.rowcount
        self.invalidate_model()
        return kept

    def _check_fresh(self, jobs, month):
        kept = self.search([("job_id", "in", jobs.ids), ("month", "=", month)], limit=1)
        if kept:
            raise UserError(
                self.env._(
                    "The figures of %(job)s for %(month)s were kept by %(user)s. They stay as "
                    "they are; leave the job out.",
                    job=kept.job_id.display_name,
                    month=month.strftime("%Y-%m"),
                    user=kept.taken_by_id.name,
                )
            )
