from collections import defaultdict
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL

from ..lib import budget as formulas
from ..lib import money
from .construction_coding import COST_ACCOUNTS

BUDGET = ("baseline", "original", "changes", "contingency", "allowance")


class ConstructionJobCost(models.Model):
    """Budget, commitments and cost of a job by cost code and cost type, as of now, in
    company currency. The one implementation of the cost formulas: every screen and the
    budget check read these figures."""

    _name = "construction.job.cost"
    _description = "Job Cost"
    _check_company_auto = True
    _auto = False
    _order = "job_id, cost_code_id, cost_type_id"
    _rec_name = "cost_code_id"

    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    job_id = fields.Many2one("project.project", readonly=True)
    cost_code_id = fields.Many2one("construction.cost.code", readonly=True)
    division_id = fields.Many2one("construction.cost.code", readonly=True)
    cost_type_id = fields.Many2one("construction.cost.type", readonly=True)
    baseline = fields.Monetary(readonly=True, help="The first approved budget.")
    original = fields.Monetary(readonly=True, help="The budget in force, without its changes.")
    changes = fields.Monetary(readonly=True, help="Approved revisions and transfers.")
    budget = fields.Monetary(string="Revised budget", readonly=True, help="original + changes")
    contingency = fields.Monetary(
        string="Contingency left", readonly=True, help="Part of the revised budget."
    )
    allowance = fields.Monetary(
        string="Allowance left", readonly=True, help="Part of the revised budget."
    )
    committed = fields.Monetary(readonly=True)
    billed = fields.Monetary(readonly=True)
    open = fields.Monetary(readonly=True, help="committed − billed − accrued")
    actual = fields.Monetary(readonly=True)
    pending = fields.Monetary(readonly=True)
    accrued = fields.Monetary(readonly=True)
    exposure = fields.Monetary(
        readonly=True,
        help="Cost of change orders and tickets without an executed counterpart; in none of "
        "the other figures until it is committed or booked.",
    )
    projected = fields.Monetary(readonly=True, help="actual + open + pending")
    available = fields.Monetary(readonly=True, help="revised budget − actual − open − pending")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT row_number() OVER (ORDER BY k.job_id, k.cost_code_id, k.cost_type_id)::int
                       AS id,
                   j.company_id, k.job_id, k.cost_code_id, k.cost_type_id,
                   COALESCE(split_part(c.parent_path, '/', 1)::int, c.id) AS division_id,
                   k.baseline, k.original, k.changes, k.contingency, k.allowance,
                   k.original + k.changes AS budget,
                   k.committed, k.billed, k.actual, k.pending, k.accrued, k.exposure,
                   k.committed - k.billed - k.accrued AS open,
                   k.actual + k.committed - k.billed - k.accrued + k.pending AS projected,
                   k.original + k.changes - k.actual
                       - (k.committed - k.billed - k.accrued) - k.pending
                       AS available
              FROM (%s) k
              JOIN project_project j ON j.id = k.job_id
              LEFT JOIN construction_cost_code c ON c.id = k.cost_code_id
            """,
            self._keys_query(SQL("TRUE"), SQL("TRUE")),
        )

    @api.model
    def _keys_query(self, jobs, orders):
        """Components per (job, code, type).

        :param jobs: condition on `j` (project_project)
        :param orders: condition on `o` (purchase_order); leaves out a document in hand,
            of which only what was billed stays, as actual cost
        """
        return SQL(
            """
            SELECT job_id, cost_code_id, cost_type_id,
                   SUM(baseline) AS baseline, SUM(original) AS original,
                   SUM(changes) AS changes, SUM(contingency) AS contingency,
                   SUM(allowance) AS allowance, SUM(committed) AS committed, SUM(billed) AS billed,
                   SUM(actual) AS actual, SUM(pending) AS pending, SUM(accrued) AS accrued,
                   SUM(exposure) AS exposure
              FROM (
                SELECT u.job_id, u.cost_code_id, u.cost_type_id, u.baseline, u.original,
                       u.changes, u.contingency, u.allowance,
                       0 AS committed, 0 AS billed, 0 AS actual, 0 AS pending, 0 AS accrued,
                       0 AS exposure
                  FROM (%(budgets)s) u
                UNION ALL
                SELECT p.job_id, p.cost_code_id, p.cost_type_id, 0, 0, 0, 0, 0,
                       CASE WHEN p.state = 'purchase' THEN p.committed ELSE p.billed END,
                       p.billed, 0,
                       CASE WHEN p.state = 'purchase' THEN 0 ELSE p.committed - p.billed END,
                       p.accrued, 0
                  FROM (%(order_lines)s) p
                UNION ALL
                SELECT a.job_id, a.cost_code_id, a.cost_type_id, 0, 0, 0, 0, 0, 0, 0, a.amount, 0,
                       0, 0
                  FROM (%(actual)s) a
                UNION ALL
                SELECT h.job_id, h.cost_code_id, h.cost_type_id, 0, 0, 0, 0, 0, 0, 0, 0,
                       h.pending, 0, h.exposure
                  FROM (%(change_orders)s) h
              ) parts
             GROUP BY job_id, cost_code_id, cost_type_id
            """,
            jobs=jobs,
            budgets=self._budget_query(jobs),
            change_orders=self._change_orders_query(jobs),
            order_lines=self._order_lines_query(
                SQL(
                    "(o.state IN ('purchase', 'to approve') OR (o.state IN ('draft', 'sent')"
                    " AND o.requisition_key IS NOT NULL)) AND %s AND %s",
                    jobs,
                    orders,
                )
            ),
            actual=self._actual_query(jobs),
        )

    @api.model
    def _actual_query(self, jobs):
        """What the jobs' analytic lines on cost accounts say: one row each, with its ledger
        account and date.

        :param jobs: condition on `j` (project_project)
        """
        coding = self.env["construction.coding"]
        return SQL(
            """
            SELECT j.id AS job_id, c.id AS cost_code_id, t.id AS cost_type_id,
                   a.general_account_id AS account_id, a.date, -a.amount AS amount
              FROM account_analytic_line a
              JOIN account_account g ON g.id = a.general_account_id
               AND g.account_type IN %(cost_accounts)s
              JOIN project_project j ON j.account_id = a.account_id AND j.is_job
              LEFT JOIN construction_cost_code c ON c.analytic_account_id = a.%(code)s
              LEFT JOIN construction_cost_type t ON t.analytic_account_id = a.%(type)s
             WHERE %(jobs)s
            """,
            jobs=jobs,
            cost_accounts=COST_ACCOUNTS,
            code=SQL.identifier(coding._column("cost_code")),
            type=SQL.identifier(coding._column("cost_type")),
        )

    @api.model
    def _order_lines_query(self, condition):
        """Order lines of jobs with what they commit and what of it was billed, in company
        currency with the tax that is cost, rounded once at the line.

        Bills count at the rate of their order: open commitments are not revalued, a
        difference of rates is in the actual cost alone. The rule of `committed` is
        `lib.budget.committed_line`.

        :param condition: on `o` (purchase_order), `j` (project_project) and `l` (line)
        """
        return SQL(
            """
            SELECT o.id AS order_id, o.state, o.project_id AS job_id, l.id AS line_id,
                   l.cost_code_id, l.cost_type_id, b.billed, w.accrued,
                   CASE WHEN l.product_qty <> 0
                        THEN ROUND(v.revised * l.qty_received / l.product_qty,
                                   u.decimal_places) ELSE 0 END AS received,
                   CASE WHEN o.closed_state = 'final' THEN b.billed
                        WHEN v.revised >= 0 THEN GREATEST(v.revised - v.released, b.billed)
                        ELSE LEAST(v.revised - v.released, b.billed) END AS committed
              FROM purchase_order_line l
              JOIN purchase_order o ON o.id = l.order_id
              JOIN project_project j ON j.id = o.project_id AND j.is_job
              JOIN res_company y ON y.id = o.company_id
              JOIN res_currency u ON u.id = y.currency_id
              JOIN LATERAL (
                    SELECT COALESCE(NULLIF(o.currency_rate, 0), 1)::numeric AS rate,
                           1 + CASE WHEN l.price_subtotal <> 0
                               THEN COALESCE(l.tax_cost_amount, 0)::numeric / l.price_subtotal
                               ELSE 0 END AS gross) f ON TRUE
              JOIN LATERAL (
                    SELECT ROUND((l.price_subtotal + COALESCE(l.tax_cost_amount, 0))::numeric
                                 / f.rate, u.decimal_places) AS revised,
                           ROUND(COALESCE(l.released_amount, 0)::numeric / f.rate,
                                 u.decimal_places) AS released) v ON TRUE
              JOIN LATERAL (
                    SELECT ROUND(COALESCE(SUM(CASE WHEN m.currency_id = o.currency_id
                                                   THEN m.amount_currency / f.rate
                                                   ELSE m.balance END), 0) * f.gross,
                                 u.decimal_places) AS billed
                      FROM account_move_line m
                     WHERE m.purchase_line_id = l.id AND m.parent_state = 'posted') b ON TRUE
              JOIN LATERAL (
                    SELECT COALESCE(SUM(m.balance), 0) AS accrued
                      FROM construction_accrual_line x
                      JOIN account_move_line m
                        ON m.accrual_line_id = x.id AND m.parent_state = 'posted'
                     WHERE x.purchase_line_id = l.id) w ON TRUE
             WHERE l.display_type IS NULL AND %s
            """,
            condition,
        )

    @api.model
    def _needs(self, orders):
        """What orders in hand, drafts included, still need: {order id: {(job, code, type):
        Decimal}}. What was billed of them is in the actual cost already."""
        needs = {order.id: {} for order in orders}
        if not orders:
            return needs
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT order_id, job_id, cost_code_id, cost_type_id,
                       SUM(committed - billed - accrued)
                  FROM (%s) lines GROUP BY order_id, job_id, cost_code_id, cost_type_id
                """,
                self._order_lines_query(SQL("o.id = ANY(%s)", orders.ids)),
            )
        )
        digits = {order.id: order.company_id.currency_id.decimal_places for order in orders}
        for order_id, job_id, code_id, type_id, amount in rows:
            key = (job_id, code_id, type_id)
            needs[order_id][key] = money.from_float(amount or 0, digits[order_id])
        return needs

    @api.model
    def _positions(self, jobs, without_orders=None):
        """{(job, code, type): figures as Decimal} of some jobs.

        :param without_orders: documents in hand, left out once
        """
        if not jobs.ids:
            return {}
        self.env.flush_all()
        without = SQL("TRUE")
        if without_orders:
            without = SQL("o.id <> ALL(%s)", without_orders.ids)
        rows = self.env.execute_query(
            SQL(
                "SELECT k.*, j.company_id FROM (%s) k JOIN project_project j ON j.id = k.job_id",
                self._keys_query(SQL("j.id IN %s", tuple(jobs.ids)), without),
            )
        )
        companies = self.env["res.company"].sudo()
        positions = {}
        for job_id, code_id, type_id, *amounts, company_id in rows:
            digits = companies.browse(company_id).currency_id.decimal_places
            *budgets, committed, billed, actual, pending, accrued, exposure = (
                money.from_float(amount, digits) if amount else Decimal(0) for amount in amounts
            )
            budgets = dict(zip(BUDGET, budgets, strict=True))
            budget = budgets["original"] + budgets["changes"]
            open_ = formulas.open_amount(committed, billed, accrued)
            positions[job_id, code_id, type_id] = {
                **budgets,
                "budget": budget,
                "committed": committed,
                "billed": billed,
                "actual": actual,
                "pending": pending,
                "accrued": accrued,
                "exposure": exposure,
                "open": open_,
                "available": formulas.available(budget, actual, open_, pending),
            }
        return positions

    @api.model
    def _totals(self, jobs):
        """{job id: figures} summed over codes and types."""
        totals = {}
        positions = self._forecasted(jobs, self._positions(jobs))
        for (job_id, _code, _type), figures in positions.items():
            total = totals.setdefault(job_id, defaultdict(Decimal))
            for name, amount in figures.items():
                total[name] += amount
        return totals

    def action_open_lines(self):
        """One click from the figure to the commitment lines behind it."""
        self.ensure_one()
        return self.env["purchase.order.line"]._action_behind(self)
