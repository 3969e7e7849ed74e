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
                SQL("o.state IN ('purchase', 'to approve') AND %s AND %s", jobs, orders)
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

    # ------------------------------------------------- what is not in here yet
    @api.model
    def _waiting(self, jobs):
        """{job id: (number of events not applied, amount at stake)}

        An event belongs to a job by the job it names, or by its subject when that is a
        document of the job, and only where its platform may write to the job's company. At
        stake is what a waiting commitment orders, else what its issue says.
        """
        if not jobs:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                WITH documents AS (
                    SELECT b.platform_id, b.subject, b.res_id AS job_id
                      FROM construction_binding b
                     WHERE b.res_model = 'project.project' AND b.object = 'job'
                       AND b.res_id = ANY(%(jobs)s)
                     UNION
                    SELECT b.platform_id, b.subject, o.project_id
                      FROM construction_binding b
                      JOIN purchase_order o ON o.id = b.res_id
                     WHERE b.res_model = 'purchase.order' AND o.project_id = ANY(%(jobs)s)
                     UNION
                    SELECT b.platform_id, b.subject, c.job_id
                      FROM construction_binding b
                      JOIN construction_budget_change c ON c.id = b.res_id
                     WHERE b.res_model = 'construction.budget.change'
                       AND c.job_id = ANY(%(jobs)s)
                ), waiting AS MATERIALIZED (
                    SELECT e.id, e.platform_id, e.subject, e.type, data,
                           data ->> 'job' AS job, data -> 'job' ->> 'number' AS number,
                           data -> 'job' ->> 'origin_id' AS origin
                      FROM construction_event e,
                           LATERAL (SELECT e.payload::jsonb -> 'data') content (data)
                     WHERE e.state IN ('pending', 'parked', 'dead')
                ), pairs AS (
                    -- one join per way to name a job: each hashes, an OR would try every pair
                    SELECT w.id, d.job_id
                      FROM waiting w JOIN documents d USING (platform_id, subject)
                     UNION
                    SELECT w.id, j.id
                      FROM waiting w JOIN project_project j ON j.job_number = w.number
                     WHERE j.id = ANY(%(jobs)s)
                     UNION
                    SELECT w.id, j.id
                      FROM waiting w JOIN project_project j ON j.id::text = w.origin
                     WHERE j.id = ANY(%(jobs)s)
                     UNION
                    SELECT w.id, b.res_id FROM waiting w JOIN construction_binding b
                        ON b.platform_id = w.platform_id AND b.external_id = w.job
                     WHERE b.object = 'job' AND b.res_id = ANY(%(jobs)s)
                ), named AS (
                    SELECT w.id, w.type, w.data, j.id AS job_id
                      FROM pairs p
                      JOIN waiting w ON w.id = p.id
                      JOIN project_project j ON j.id = p.job_id
                      JOIN construction_platform_res_company_rel a
                        ON a.construction_platform_id = w.platform_id
                       AND a.res_company_id = j.company_id
                )
                SELECT n.job_id,
                       CASE WHEN ordered.amount IS NULL THEN issues.currency
                            ELSE n.data ->> 'currency' END AS currency,
                       count(*), sum(COALESCE(ordered.amount, issues.amount, 0))
                  FROM named n
                  LEFT JOIN LATERAL (
                        SELECT sum((l ->> 'amount')::numeric) AS amount
                          FROM jsonb_array_elements(CASE jsonb_typeof(n.data -> 'lines')
                               WHEN 'array' THEN n.data -> 'lines' ELSE '[]' END) l
                         WHERE n.type LIKE 'construction.commitment.approved.%%'
                           AND l ->> 'amount' ~ '^-?[0-9]{1,13}([.][0-9]{1,8})?$') ordered ON TRUE
                  LEFT JOIN LATERAL (
                        SELECT i.amount, c.name AS currency FROM construction_issue i
                          LEFT JOIN res_currency c ON c.id = i.currency_id
                         WHERE i.event_id = n.id AND i.blocking AND i.amount IS NOT NULL
                           AND i.state IN ('open', 'in_progress')
                         ORDER BY i.amount DESC LIMIT 1) issues ON TRUE
                 GROUP BY n.job_id, 2
                """,
                jobs=jobs.ids,
            )
        )
        return self._in_job_currency(rows)

    def _in_job_currency(self, rows):
        """{job id: (count, amount)} of (job id, currency code, count, amount), at the rate of
        today: what waits has no date in the books yet. A currency that Odoo does not have
        is counted without its amount."""
        currencies = self.env["res.currency"].with_context(active_test=False)
        codes = {code for _job, code, _count, _amount in rows if code}
        by_code = {c.name: c for c in currencies.search([("name", "in", list(codes))])}
        jobs = self.env["project.project"].browse({row[0] for row in rows}).sudo()
        companies = {job.id: job.company_id for job in jobs}
        waiting = {}
        for job_id, code, count, amount in rows:
            company = companies[job_id]
            own = company.currency_id
            currency = by_code.get(code) or (own if not code else None)
            if currency and currency != own:
                amount = currency._convert(float(amount), own, company, fields.Date.today())
            before = waiting.get(job_id, (0, 0))
            amount = float(amount) if currency else 0.0
            waiting[job_id] = (before[0] + count, before[1] + amount)
        return waiting

    @api.model
    def _event_ids(self, job):
        """Events that made or changed the job or its documents, or wait to."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT r.event_id FROM construction_event_binding_rel r
                  JOIN construction_binding b ON b.id = r.binding_id
                 WHERE (b.res_model = 'project.project' AND b.res_id = %(job)s)
                    OR (b.res_model = 'purchase.order' AND b.res_id IN
                        (SELECT id FROM purchase_order WHERE project_id = %(job)s))
                    OR (b.res_model = 'construction.budget' AND b.res_id IN
                        (SELECT id FROM construction_budget WHERE job_id = %(job)s))
                    OR (b.res_model = 'construction.budget.change' AND b.res_id IN
                        (SELECT id FROM construction_budget_change WHERE job_id = %(job)s))
                UNION
                SELECT e.id FROM construction_event e
                  JOIN construction_binding b ON b.platform_id = e.platform_id
                   AND b.object = 'job' AND b.res_model = 'project.project'
                   AND b.res_id = %(job)s
                   AND e.payload::jsonb -> 'data' ->> 'job' = b.external_id
                 WHERE e.state IN ('pending', 'parked', 'dead')
                """,
                job=job.id,
            )
        )
        return [row[0] for row in rows]

    def action_open_lines(self):
        """One click from the figure to the commitment lines behind it."""
        self.ensure_one()
        return self.env["purchase.order.line"]._action_behind(self)
