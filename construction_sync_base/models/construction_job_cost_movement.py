from odoo import fields, models
from odoo.tools import SQL


class ConstructionJobCostMovement(models.Model):
    """What changed between the kept cost report of a month and the one kept before it."""

    _name = "construction.job.cost.movement"
    _description = "Job Cost Movement"
    _check_company_auto = True
    _auto = False
    _order = "month desc, job_id, cost_code_id, cost_type_id"
    _rec_name = "cost_code_id"

    month = fields.Date(readonly=True)
    month_before = fields.Date(string="Compared with", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    job_id = fields.Many2one("project.project", readonly=True)
    cost_code_id = fields.Many2one("construction.cost.code", readonly=True)
    cost_type_id = fields.Many2one("construction.cost.type", readonly=True)
    budget = fields.Monetary(string="Revised budget", readonly=True)
    budget_movement = fields.Monetary(string="Budget ±", readonly=True)
    committed = fields.Monetary(readonly=True)
    committed_movement = fields.Monetary(string="Committed ±", readonly=True)
    actual = fields.Monetary(readonly=True)
    actual_movement = fields.Monetary(string="Actual ±", readonly=True)
    at_completion = fields.Monetary(readonly=True)
    completion_movement = fields.Monetary(
        string="At completion ±", readonly=True, help="Positive: the job became dearer."
    )

    @property
    def _table_query(self):
        """A key that a month does not know any more moves to 0: months of a job are paired
        whole, not key by key. The first month kept moves nothing."""
        return SQL(
            """
            WITH months AS (
                SELECT job_id, month, lag(month) OVER (PARTITION BY job_id ORDER BY month) AS before
                  FROM (SELECT DISTINCT job_id, month FROM construction_job_cost_snapshot) m
            ), keys AS (
                SELECT DISTINCT m.job_id, m.month, m.before, s.company_id, s.cost_code_id,
                       s.cost_type_id
                  FROM months m
                  JOIN construction_job_cost_snapshot s
                    ON s.job_id = m.job_id AND s.month IN (m.month, m.before)
            )
            SELECT row_number() OVER (ORDER BY k.month, k.job_id, k.cost_code_id,
                                               k.cost_type_id)::int AS id,
                   k.month, k.before AS month_before, k.company_id, k.job_id, k.cost_code_id,
                   k.cost_type_id,
                   COALESCE(n.budget, 0) AS budget,
                   CASE WHEN k.before IS NULL THEN 0
                        ELSE COALESCE(n.budget, 0) - COALESCE(b.budget, 0) END
                       AS budget_movement,
                   COALESCE(n.committed, 0) AS committed,
                   CASE WHEN k.before IS NULL THEN 0
                        ELSE COALESCE(n.committed, 0) - COALESCE(b.committed, 0) END
                       AS committed_movement,
                   COALESCE(n.actual, 0) AS actual,
                   CASE WHEN k.before IS NULL THEN 0
                        ELSE COALESCE(n.actual, 0) - COALESCE(b.actual, 0) END
                       AS actual_movement,
                   COALESCE(n.at_completion, 0) AS at_completion,
                   CASE WHEN k.before IS NULL THEN 0
                        ELSE COALESCE(n.at_completion, 0) - COALESCE(b.at_completion, 0) END
                       AS completion_movement
              FROM keys k
              LEFT JOIN construction_job_cost_snapshot n
                ON n.job_id = k.job_id AND n.month = k.month
               AND COALESCE(n.cost_code_id, 0) = COALESCE(k.cost_code_id, 0)
               AND COALESCE(n.cost_type_id, 0) = COALESCE(k.cost_type_id, 0)
              LEFT JOIN construction_job_cost_snapshot b
                ON b.job_id = k.job_id AND b.month = k.before
               AND COALESCE(b.cost_code_id, 0) = COALESCE(k.cost_code_id, 0)
               AND COALESCE(b.cost_type_id, 0) = COALESCE(k.cost_type_id, 0)
            """
        )
