from odoo import api, models
from odoo.tools import SQL

from .construction_period_check import Check


class ConstructionPeriodChecksFigures(models.Model):
    """What has to be right and shut before a month is: forecasts, clearing accounts, the
    companies among each other, job cost and ledger, locks."""

    _inherit = "construction.period.check"

    @api.model
    def _checks(self):
        return super()._checks() | self._checks_figures() | self._checks_locks()

    # -------------------------------------------------------------- figures
    def _checks_figures(self):
        return {
            "forecasts": Check(
                self.env._("Forecasts not signed"),
                "figures",
                self.env._("Project Managers"),
                "project.project",
                self._forecasts_rows(),
                action="construction_sync_base.action_construction_job",
            ),
            "clearing": Check(
                self.env._("Balances on clearing accounts"),
                "figures",
                self.env._("Finance"),
                "construction.clearing",
                self._clearing_rows(),
                action="construction_sync_base.action_construction_clearing",
            ),
            "intercompany": Check(
                self.env._("Intercompany pairs that differ"),
                "figures",
                self.env._("Finance of both companies"),
                "construction.intercompany.tie",
                self._pairs_rows(),
                applies=SQL(
                    """EXISTS (SELECT FROM construction_clearing_account c
                                WHERE c.company_id = p.company_id
                                  AND c.purpose IN ('due_from', 'due_to'))"""
                ),
                note=self.env._("no accounts between companies"),
                action="construction_sync_base.action_construction_intercompany_tie",
            ),
            "ledger": Check(
                self.env._("Job cost differs from the ledger"),
                "figures",
                self.env._("Finance"),
                "construction.job.ledger",
                self._ledger_rows(),
                action="construction_sync_base.action_construction_job_ledger",
            ),
        }

    def _forecasts_rows(self):
        """Jobs that ran in the month without a forecast signed for it."""
        return SQL(
            """
            SELECT j.id, 0 FROM project_project j
             WHERE j.is_job AND j.company_id = p.company_id AND j.job_status = 'active'
               AND COALESCE(j.date_start, j.create_date::date) <= p.last_day
               AND NOT EXISTS (SELECT FROM construction_forecast f
                                WHERE f.job_id = j.id AND f.month = p.month
                                  AND f.state = 'signed')
            """
        )

    def _clearing_rows(self):
        """Accounts that something posted later has to empty, by their balance on the last day;
        and accrued cost, less what was accrued for this month."""
        return SQL(
            """
            SELECT b.account_id, ABS(b.balance)
              FROM (SELECT l.account_id, SUM(l.balance) AS balance
                      FROM account_move_line l
                      LEFT JOIN construction_accrual a
                        ON a.move_id = l.move_id AND a.month = p.month AND a.state = 'posted'
                     WHERE l.company_id = p.company_id AND l.parent_state = 'posted'
                       AND l.date <= p.last_day AND a.id IS NULL
                       AND l.account_id IN (
                           SELECT c.account_id FROM construction_clearing_account c
                            WHERE c.company_id = p.company_id
                            UNION
                           SELECT c.accrual_account_id FROM construction_account_map c
                            WHERE c.company_id = p.company_id)
                     GROUP BY l.account_id) b
             WHERE ROUND(b.balance, 6) <> 0
            """
        )

    def _pairs_rows(self):
        """Pairs of the company whose two sides of the month are not the same; what another
        currency than the company's differs by is counted without its amount."""
        return SQL(
            """
            SELECT COALESCE(NULLIF(s.company_id, p.company_id), s.job_company_id),
                   CASE WHEN s.currency_id = min(y.currency_id)
                        THEN ABS(SUM(s.due_from - s.due_to)) ELSE 0 END
              FROM (%s) s
              JOIN res_company y ON y.id = p.company_id
             WHERE s.company_id = p.company_id OR s.job_company_id = p.company_id
             GROUP BY s.company_id, s.job_company_id, s.currency_id
            HAVING ROUND(SUM(s.due_from - s.due_to)::numeric, 6) <> 0
            """,
            self.env["construction.intercompany.tie"]._items_query(
                SQL("l.date BETWEEN p.month AND p.last_day")
            ),
        )

    def _ledger_rows(self):
        compared = self.env["construction.job.ledger"]._compared_query(
            SQL("j.company_id = p.company_id AND a.date BETWEEN p.month AND p.last_day"),
            SQL(
                """j.company_id = p.company_id AND l.company_id = p.company_id
                   AND l.date BETWEEN p.month AND p.last_day"""
            ),
        )
        return SQL(
            """
            SELECT s.job_id, GREATEST(s.report, s.analytic, s.ledger)
                             - LEAST(s.report, s.analytic, s.ledger)
              FROM (%s) s
             WHERE s.report <> s.analytic OR s.analytic <> s.ledger
            """,
            compared,
        )

    # ---------------------------------------------------------------- locks
    def _checks_locks(self):
        return {
            "lock_payroll": Check(
                self.env._("Payroll not locked"),
                "locks",
                self.env._("Payroll"),
                note=self.env._("with the labor addon"),
            ),
            "lock_job_cost": Check(
                self.env._("Job cost not locked"),
                "locks",
                self.env._("Finance"),
                "construction.period",
                SQL("SELECT p.id, 0 WHERE p.job_cost_state <> 'locked'"),
            ),
            "lock_ledger": Check(
                self.env._("Ledger not locked"),
                "locks",
                self.env._("Finance"),
                "construction.lock",
                SQL(
                    """
                    SELECT p.company_id * 10 + 1, 0
                     WHERE NOT EXISTS (
                           SELECT FROM res_company c JOIN res_company y ON y.id = p.company_id
                            WHERE starts_with(y.parent_path, c.parent_path)
                              AND GREATEST(c.fiscalyear_lock_date, c.hard_lock_date)
                                  >= p.last_day)
                    """
                ),
            ),
        }
