from decimal import Decimal

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

    @property
    def _table_query(self):
        report = super()._table_query
        names = [
            name for name, field in self._fields.items()
            if field.type == "monetary" and name not in ("to_complete", "at_completion", "variance")
        ]  # fmt: skip
        return SQL(
            """
            SELECT row_number() OVER (ORDER BY k.job_id, k.cost_code_id, k.cost_type_id)::int
                       AS id,
                   k.*, k.projected + t.to_complete AS at_completion, t.to_complete,
                   k.budget - k.projected - t.to_complete AS variance
              FROM (SELECT COALESCE(r.company_id, s.company_id) AS company_id,
                           COALESCE(r.job_id, s.job_id) AS job_id,
                           COALESCE(r.cost_code_id, s.cost_code_id) AS cost_code_id,
                           COALESCE(r.cost_type_id, s.cost_type_id) AS cost_type_id,
                           COALESCE(r.division_id, s.division_id) AS division_id,
                           s.signed, %(figures)s
                      FROM (%(report)s) r
                      FULL JOIN (%(signed)s) s
                        ON s.job_id = r.job_id AND s.cost_code_id = r.cost_code_id
                       AND s.cost_type_id = r.cost_type_id) k
              JOIN LATERAL (
                    SELECT CASE WHEN COALESCE(k.signed, k.budget) >= 0
                                THEN GREATEST(COALESCE(k.signed, k.budget) - k.projected, 0)
                                ELSE LEAST(COALESCE(k.signed, k.budget) - k.projected, 0)
                           END AS to_complete) t ON TRUE
            """,
            figures=SQL(", ").join(
                SQL("COALESCE(r.%s, 0) AS %s", SQL.identifier(name), SQL.identifier(name))
                for name in names
            ),
            report=report,
            signed=self._signed_query(SQL("TRUE")),
        )

    @api.model
    def _signed_query(self, jobs):
        """(job, code, type) with the cost at completion of the latest signed forecast of each
        job; lines that follow the budget are not in it.

        :param jobs: condition on `f` (construction_forecast)
        """
        return SQL(
            """
            SELECT f.company_id, f.job_id, l.cost_code_id, l.cost_type_id,
                   l.at_completion AS signed,
                   COALESCE(split_part(c.parent_path, '/', 1)::int, c.id) AS division_id
              FROM (SELECT DISTINCT ON (f.job_id) f.id, f.job_id, f.company_id
                      FROM construction_forecast f
                     WHERE f.state = 'signed' AND %s
                     ORDER BY f.job_id, f.month DESC) f
              JOIN construction_forecast_line l ON l.forecast_id = f.id
               AND l.method <> %s
              JOIN construction_cost_code c ON c.id = l.cost_code_id
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
    def _forecasted(self, jobs, positions):
        """The positions with `to_complete`, `at_completion` and `variance`, and the keys that
        stand in a forecast only; the same rule on Decimals."""
        signed = {}
        if jobs.ids:
            rows = self.env.execute_query(
                SQL(
                    "SELECT job_id, cost_code_id, cost_type_id, company_id, signed FROM (%s) s",
                    self._signed_query(SQL("f.job_id = ANY(%s)", jobs.ids)),
                )
            )
            companies = self.env["res.company"].sudo()
            for *key, company_id, amount in rows:
                digits = companies.browse(company_id).currency_id.decimal_places
                signed[tuple(key)] = money.from_float(amount, digits)
        forecasted, nothing = {}, Decimal(0)
        for key in {**positions, **signed}:
            figures = positions.get(key, {})
            budget, actual = figures.get("budget", nothing), figures.get("actual", nothing)
            committed = figures.get("open", nothing) + figures.get("pending", nothing)
            coming = formulas.to_complete(
                formulas.AUTOMATIC, signed.get(key, budget), actual, committed
            )
            total = formulas.at_completion(actual, committed, coming)
            forecasted[key] = figures | {
                "to_complete": coming, "at_completion": total, "variance": budget - total,
            }  # fmt: skip
        return forecasted
