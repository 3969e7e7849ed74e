from decimal import Decimal

from odoo import api, models
from odoo.tools import SQL

from ..lib import money
from .construction_job_cost import BUDGET


class ConstructionJobCostBudget(models.Model):
    """The budget side of the cost formulas: baseline, original, changes, reserves; as of now
    and as of a day. `lib.budget_versions` is the same rule on Decimals."""

    _inherit = "construction.job.cost"

    @api.model
    def _budget_query(self, jobs, day=None):
        """Rows (job, code, type, reserve) with the components of `BUDGET`.

        What the version in force contains of the changes is taken out of `original`, so
        that revised = original + changes counts each change once.

        :param jobs: condition on `j` (project_project)
        :param day: as of the end of this day, by the days from which versions and changes
            hold; None: as of now
        """
        version = self._version_in_force(day)
        changes = SQL("c.approved_on IS NOT NULL")
        if day:
            changes = SQL("c.approved_on IS NOT NULL AND c.date <= %s", day)
        return SQL(
            """
            SELECT v.job_id, v.cost_code_id, v.cost_type_id, v.reserve,
                   CASE WHEN v.is_baseline THEN v.amount ELSE 0 END AS baseline,
                   CASE WHEN v.holds THEN v.amount ELSE 0 END AS original,
                   0::numeric AS changes,
                   CASE WHEN v.holds AND v.reserve = 'contingency' THEN v.amount ELSE 0 END
                       AS contingency,
                   CASE WHEN v.holds AND v.reserve = 'allowance' THEN v.amount ELSE 0 END
                       AS allowance
              FROM (SELECT b.job_id, l.cost_code_id, l.cost_type_id, l.reserve, l.amount,
                           b.is_baseline, %(version)s AS holds
                      FROM construction_budget b
                      JOIN project_project j ON j.id = b.job_id
                      JOIN construction_budget_line l ON l.budget_id = b.id
                     WHERE (b.is_baseline OR %(version)s) AND %(jobs)s) v
            UNION ALL
            SELECT d.job_id, d.cost_code_id, d.cost_type_id, d.reserve, 0::numeric,
                   CASE WHEN d.contained THEN -d.amount ELSE 0 END, d.amount,
                   CASE WHEN d.contained OR d.reserve <> 'contingency' OR d.reserve IS NULL
                        THEN 0 ELSE d.amount END,
                   CASE WHEN d.contained OR d.reserve <> 'allowance' OR d.reserve IS NULL
                        THEN 0 ELSE d.amount END
              FROM (SELECT c.job_id, l.cost_code_id, l.cost_type_id, l.reserve, l.amount,
                           EXISTS (SELECT FROM construction_budget_contained_rel r
                                     JOIN construction_budget b ON b.id = r.budget_id
                                    WHERE r.change_id = c.id AND %(version)s) AS contained
                      FROM construction_budget_change c
                      JOIN project_project j ON j.id = c.job_id
                      JOIN construction_budget_change_line l ON l.change_id = c.id
                     WHERE %(changes)s AND %(jobs)s) d
            """,
            version=version,
            changes=changes,
            jobs=jobs,
        )

    def _version_in_force(self, day=None):
        """Condition on `b` (construction_budget): the version that holds at the end of a day,
        or now."""
        if not day:
            return SQL("b.state = 'approved'")
        return SQL(
            """
            b.id = (SELECT v.id FROM construction_budget v
                     WHERE v.job_id = b.job_id AND v.approved_on IS NOT NULL
                       AND COALESCE(v.effective_on, v.approved_on::date) <= %s
                     ORDER BY v.approved_on DESC, v.id DESC LIMIT 1)
            """,
            day,
        )

    @api.model
    def _budget_as_of(self, jobs, day):
        """{(job, code, type): {baseline, original, changes, contingency, allowance, budget}}
        as Decimals at the end of a day: the reading that earned value and audits need. The
        baseline is the same on every day."""
        if not jobs.ids:
            return {}
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT b.job_id, b.cost_code_id, b.cost_type_id, SUM(b.baseline),
                       SUM(b.original), SUM(b.changes), SUM(b.contingency), SUM(b.allowance)
                  FROM (%s) b GROUP BY b.job_id, b.cost_code_id, b.cost_type_id
                """,
                self._budget_query(SQL("j.id IN %s", tuple(jobs.ids)), day),
            )
        )
        digits = {job.id: job.sudo().company_id.currency_id.decimal_places for job in jobs}
        positions = {}
        for job_id, code_id, type_id, *amounts in rows:
            figures = {
                name: money.from_float(amount, digits[job_id]) if amount else Decimal(0)
                for name, amount in zip(BUDGET, amounts, strict=True)
            }
            figures["budget"] = figures["original"] + figures["changes"]
            positions[job_id, code_id, type_id] = figures
        return positions
