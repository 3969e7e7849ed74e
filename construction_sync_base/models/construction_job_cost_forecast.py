from odoo import api, fields, models
from odoo.tools import SQL

from ..lib import forecast as formulas
from ..lib import money


class ConstructionJobCostForecast(models.Model):
    """The forecast side of the cost formulas.

    Between two signatures the cost at completion that was signed for a key takes the place
    of its budget: to complete = signed − projected, and what is spent and ordered beyond it
    shows at once. Where nothing was signed the rest of the budget is to come.
    """

    _inherit = "construction.job.cost"

    to_complete = fields.Monetary(
        readonly=True, help="What is to come beyond what is spent, ordered and asked for."
    )
    at_completion = fields.Monetary(readonly=True, help="projected + to complete")
    variance = fields.Monetary(readonly=True, help="revised budget − at completion")

    to_award = fields.Monetary(
        readonly=True, help="pending + to complete: what is neither ordered nor spent yet"
    )

    @api.model
    def _forecast_columns(self):
        """To complete, at completion, to award and variance, on `k` of the report."""
        target = SQL("COALESCE(k.signed, k.original + k.changes)")
        coming = SQL(
            """CASE WHEN %(target)s >= 0 THEN GREATEST(%(target)s - k.projected, 0)
                    ELSE LEAST(%(target)s - k.projected, 0) END""",
            target=target,
        )
        return SQL(
            """
            %(coming)s AS to_complete, k.pending + %(coming)s AS to_award,
            k.projected + %(coming)s AS at_completion,
            k.original + k.changes - k.projected - %(coming)s AS variance
            """,
            coming=coming,
        )

    @api.model
    def _parts(self, jobs, orders):
        """And the keys that stand in a signed forecast."""
        signed = self._part(self._signed_query(jobs), signed=SQL("p.signed"))
        return [*super()._parts(jobs, orders), signed]

    @api.model
    def _signed_query(self, jobs):
        """(job, code, type) with the cost at completion of the latest signed forecast of each
        job; lines that follow the budget are not in it.

        :param jobs: condition on `j` (project_project)
        """
        return SQL(
            """
            SELECT f.job_id, l.cost_code_id, l.cost_type_id, l.at_completion AS signed
              FROM (SELECT DISTINCT ON (f.job_id) f.id, f.job_id
                      FROM construction_forecast f
                      JOIN project_project j ON j.id = f.job_id
                     WHERE f.state = 'signed' AND %s
                     ORDER BY f.job_id, f.month DESC) f
              JOIN construction_forecast_line l ON l.forecast_id = f.id AND l.method <> %s
            """,
            jobs,
            formulas.AUTOMATIC,
        )

    @api.model
    def _actual_until(self, jobs, day):
        """{(job, code, type): Decimal}: cost to date of jobs at the end of a day."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT a.job_id, a.cost_code_id, a.cost_type_id, SUM(a.amount)
                  FROM (%s) a WHERE a.date <= %s GROUP BY 1, 2, 3
                """,
                self._actual_query(SQL("j.id = ANY(%s)", jobs.ids)),
                day,
            )
        )
        digits = {job.id: job.sudo().company_id.currency_id.decimal_places for job in jobs}
        return {tuple(key): money.from_float(amount, digits[key[0]]) for *key, amount in rows}

    @api.model
    def _forecasted(self, positions):
        """The positions with `to_complete`, `at_completion` and `variance`; the same rule on
        Decimals."""
        forecasted = {}
        for key, figures in positions.items():
            budget, actual = figures["budget"], figures["actual"]
            committed = figures["open"] + figures["pending"]
            signed = figures["signed"]
            coming = formulas.to_complete(
                formulas.AUTOMATIC, budget if signed is None else signed, actual, committed
            )
            total = formulas.at_completion(actual, committed, coming)
            forecasted[key] = figures | {
                "to_complete": coming, "at_completion": total, "variance": budget - total,
            }  # fmt: skip
        return forecasted
