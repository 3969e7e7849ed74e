from odoo import api, models
from odoo.tools import SQL, formatLang


class ConstructionBudgetControl(models.AbstractModel):
    """Contingency and allowance are held, not spent: work gets them by a transfer with a
    reason, and nothing is ordered on them directly."""

    _inherit = "construction.budget.control"

    @api.model
    def _reserve_refusal(self, overruns):
        """Why what needs these lines cannot be ordered at all, or None.

        :param overruns: [(key, available, needed)] of one order
        """
        held = self._reserved({key for key, _rest, _needed in overruns})
        for key, kind in held.items():
            job = self.env["project.project"].browse(key[0])
            figures = self.env["construction.job.cost"]._positions(job).get(key, {})
            return self.env._(
                "%(code)s / %(type)s is %(reserve)s of job %(job)s, with %(left)s left. Nothing "
                "is ordered on it. Open the job's budget, choose “Use contingency” to move what "
                "is needed to the cost code of the work, and code the order there.",
                code=self.env["construction.cost.code"].browse(key[1]).display_name,
                type=self.env["construction.cost.type"].browse(key[2]).display_name,
                reserve=self._reserve_name(kind),
                job=job.display_name,
                left=formatLang(
                    self.env, float(figures.get(kind, 0)), currency_obj=job.company_id.currency_id
                ),
            )
        return None

    def _reserve_name(self, kind):
        return {"contingency": self.env._("contingency"), "allowance": self.env._("allowance")}[
            kind
        ]

    @api.model
    def _reserved(self, keys):
        """{key: kind of reserve} of the keys whose whole budget is held in reserve."""
        if not keys:
            return {}
        self.env.flush_all()
        jobs = tuple({key[0] for key in keys})
        rows = self.env.execute_query(
            SQL(
                """
                SELECT b.job_id, b.cost_code_id, b.cost_type_id, MIN(b.reserve)
                  FROM (%s) b
                 WHERE b.original <> 0 OR b.changes <> 0
                 GROUP BY b.job_id, b.cost_code_id, b.cost_type_id
                HAVING bool_and(b.reserve IS NOT NULL)
                """,
                self.env["construction.job.cost"]._budget_query(SQL("j.id IN %s", jobs)),
            )
        )
        return {tuple(key): kind for *key, kind in rows if tuple(key) in keys}
