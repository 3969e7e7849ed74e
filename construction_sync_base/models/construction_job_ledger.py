from dateutil.relativedelta import relativedelta
from odoo import fields, models
from odoo.tools import SQL

from .construction_coding import COST_ACCOUNTS, INCOME_ACCOUNTS


class ConstructionJobLedger(models.Model):
    """Job cost = ledger: per company, job and month the cost report, the analytic lines of
    the job and the posted journal items coded to it, computed each from its own table. They
    are the same amount, or somebody went past the suite."""

    _name = "construction.job.ledger"
    _description = "Job Cost and Ledger"
    _check_company_auto = True
    _auto = False
    _order = "month desc, difference desc, job_id"
    _rec_name = "job_id"

    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    job_id = fields.Many2one("project.project", readonly=True)
    month = fields.Date(readonly=True)
    job_cost_state = fields.Selection(
        selection=lambda self: self.env["construction.period"]._fields["job_cost_state"].selection,
        string="State of the month",
        readonly=True,
    )
    report_amount = fields.Monetary(string="Cost report", readonly=True)
    analytic_amount = fields.Monetary(
        string="Analytic lines", readonly=True, help="All of the job that are no income."
    )
    ledger_amount = fields.Monetary(
        string="Journal items", readonly=True, help="Posted, on cost accounts, coded to the job."
    )
    difference = fields.Monetary(readonly=True, help="Between the largest and the smallest.")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT row_number() OVER (ORDER BY s.job_id, s.month)::int AS id,
                   j.company_id, s.job_id, s.month,
                   COALESCE(p.job_cost_state, 'open') AS job_cost_state,
                   s.report AS report_amount, s.analytic AS analytic_amount,
                   s.ledger AS ledger_amount,
                   GREATEST(s.report, s.analytic, s.ledger)
                       - LEAST(s.report, s.analytic, s.ledger) AS difference
              FROM (%(compared)s) s
              JOIN project_project j ON j.id = s.job_id
              LEFT JOIN construction_period p
                ON p.company_id = j.company_id AND p.month = s.month
             WHERE (s.report, s.analytic, s.ledger) <> (0, 0, 0)
            """,
            compared=self._compared_query(SQL("TRUE"), SQL("TRUE")),
        )

    def _compared_query(self, analytic, items):
        """(job_id, month, report, analytic, ledger): the three amounts side by side.

        :param analytic: condition on `a` (account_analytic_line) and `j` (project_project)
        :param items: condition on `l` (account_move_line) and `j`
        """
        return SQL(
            """
            SELECT job_id, date_trunc('month', date)::date AS month,
                   ROUND(SUM(report)::numeric, 6) AS report,
                   ROUND(SUM(analytic)::numeric, 6) AS analytic,
                   ROUND(SUM(ledger)::numeric, 6) AS ledger
              FROM (SELECT job_id, date, amount AS report, 0 AS analytic, 0 AS ledger
                      FROM (%(actual)s) r
                     UNION ALL
                    SELECT j.id, a.date, 0, -a.amount, 0
                      FROM account_analytic_line a
                      JOIN project_project j ON j.account_id = a.account_id AND j.is_job
                      LEFT JOIN account_account g ON g.id = a.general_account_id
                     WHERE a.amount <> 0 AND %(analytic)s
                       AND (g.account_type IS NULL OR g.account_type NOT IN %(income)s)
                     UNION ALL
                    SELECT i.job_id, i.date, 0, 0, i.amount FROM (%(items)s) i) parts
             GROUP BY job_id, 2
            """,
            actual=self.env["construction.job.cost"]._actual_query(analytic),
            analytic=analytic,
            items=self._items_query(items),
            income=INCOME_ACCOUNTS,
        )

    def _items_query(self, condition):
        """Posted items on cost accounts by the job that their coding names.

        :param condition: on `l` (account_move_line) and `j` (project_project)
        """
        return SQL(
            """
            SELECT l.id, j.id AS job_id, l.date, l.balance * d.percent::numeric / 100 AS amount
              FROM account_move_line l
              JOIN account_account g ON g.id = l.account_id AND g.account_type IN %s
              JOIN LATERAL jsonb_each_text(l.analytic_distribution) d (key, percent) ON TRUE
              JOIN LATERAL regexp_split_to_table(d.key, ',') a (account) ON TRUE
              JOIN project_project j
                ON j.is_job AND j.account_id = CASE WHEN a.account ~ '^[0-9]{1,9}$'
                                                    THEN a.account::int END
             WHERE l.parent_state = 'posted' AND l.analytic_distribution IS NOT NULL AND %s
            """,
            COST_ACCOUNTS,
            condition,
        )

    # -------------------------------------------------------------- buttons
    def _span(self):
        last = self.month + relativedelta(months=1, days=-1)
        return [("date", ">=", self.month), ("date", "<=", last)]

    def action_open_items(self):
        """The posted journal items behind the figure."""
        self.ensure_one()
        self.check_access("read")
        domain = [
            ("analytic_distribution", "in", [self.job_id.sudo().account_id.id]),
            ("parent_state", "=", "posted"),
            ("account_id.account_type", "in", COST_ACCOUNTS),
            *self._span(),
        ]
        return self._shown(self.env._("Journal items"), "account.move.line", domain)

    def action_open_analytic(self):
        """The analytic lines behind the figure."""
        self.ensure_one()
        self.check_access("read")
        domain = [
            ("account_id", "=", self.job_id.sudo().account_id.id),
            ("amount", "!=", 0),
            ("general_account_id.account_type", "not in", INCOME_ACCOUNTS),
            *self._span(),
        ]
        return self._shown(self.env._("Analytic lines"), "account.analytic.line", domain)

    def action_open_difference(self):
        """What makes the difference: items whose analytic lines say something else, or else
        analytic lines that come from no posted cost item. Without one, the items."""
        self.ensure_one()
        self.check_access("read")
        items, lines = self._faults()
        if items:
            name = self.env._("Items that differ from their analytic lines")
            return self._shown(name, "account.move.line", [("id", "in", items)])
        if lines:
            name = self.env._("Analytic lines without a posted cost item")
            return self._shown(name, "account.analytic.line", [("id", "in", lines)])
        return self.action_open_items()

    def _faults(self):
        """(ids of journal items, ids of analytic lines) that do not pair."""
        last = self.month + relativedelta(months=1, days=-1)
        job = self.job_id.sudo()
        condition = SQL("j.id = %s AND l.date BETWEEN %s AND %s", job.id, self.month, last)
        items = self.env.execute_query(
            SQL(
                """
                SELECT i.id FROM (%(items)s) i
                 GROUP BY i.id, i.date
                HAVING ROUND(SUM(i.amount), 6) <> ROUND(COALESCE((
                        SELECT SUM(-a.amount)::numeric FROM account_analytic_line a
                         WHERE a.move_line_id = i.id AND a.account_id = %(account)s
                           AND date_trunc('month', a.date) = date_trunc('month', i.date)), 0), 6)
                """,
                items=self._items_query(condition),
                account=job.account_id.id,
            )
        )
        lines = self.env.execute_query(
            SQL(
                """
                SELECT a.id FROM account_analytic_line a
                  LEFT JOIN account_account g ON g.id = a.general_account_id
                  LEFT JOIN account_move_line l ON l.id = a.move_line_id
                   AND l.parent_state = 'posted' AND l.account_id = a.general_account_id
                   AND date_trunc('month', l.date) = date_trunc('month', a.date)
                 WHERE a.account_id = %s AND a.date BETWEEN %s AND %s AND a.amount <> 0
                   AND (g.account_type IS NULL OR g.account_type NOT IN %s) AND l.id IS NULL
                """,
                job.account_id.id,
                self.month,
                last,
                INCOME_ACCOUNTS,
            )
        )
        return [row[0] for row in items], [row[0] for row in lines]

    def _shown(self, name, model, domain):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("%(what)s: %(job)s", what=name, job=self.job_id.display_name),
            "res_model": model,
            "views": [[False, "list"], [False, "form"]],
            "domain": domain,
        }
