from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..lib import budget as formulas
from ..lib import money
from .construction_coding import COST_ACCOUNTS

BUDGET = ("baseline", "original", "changes", "contingency", "allowance")
# where cost comes from; what is none of these is `actual_other`
SOURCES = ("ordered", "direct", "accrued", "transferred")
# of a key, as `_keys_query` gives them
COMPONENTS = (
    *BUDGET, "committed_original", "committed_changes", "committed", "billed", "pending",
    "accrued", "actual", "exposure", *(f"actual_{source}" for source in SOURCES), "signed",
)  # fmt: skip
CHECKED = (
    *BUDGET, "committed", "billed", "actual", "pending", "accrued", "exposure", "signed"
)  # fmt: skip
# an id is job, code and type side by side; what is left for jobs keeps it exact in a browser
CODE_BITS, TYPE_BITS = 23, 10


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
    committed_original = fields.Monetary(
        string="Committed, original", readonly=True, help="Confirmed orders without change orders."
    )
    committed_changes = fields.Monetary(
        string="Committed, changes", readonly=True, help="Executed change orders of commitments."
    )
    committed = fields.Monetary(
        readonly=True, help="original + changes, less what closing a commitment released"
    )
    billed = fields.Monetary(readonly=True)
    open = fields.Monetary(readonly=True, help="committed − billed − accrued")
    actual = fields.Monetary(readonly=True)
    actual_ordered = fields.Monetary(
        string="Actual by orders", readonly=True, help="Bills and credits of commitments."
    )
    actual_direct = fields.Monetary(
        string="Actual direct", readonly=True, help="Bills without a commitment and direct costs."
    )
    actual_accrued = fields.Monetary(
        string="Actual accrued", readonly=True, help="Accruals and their reversals."
    )
    actual_transferred = fields.Monetary(
        string="Actual transferred", readonly=True, help="Cost moved from or to another coding."
    )
    actual_other = fields.Monetary(
        string="Actual by other entries", readonly=True, help="Labor, equipment, stock, entries."
    )
    unordered = fields.Monetary(
        string="Booked without an order", readonly=True, help="actual − billed − accrued"
    )
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
            SELECT (k.job_id::bigint << %(job_bits)s) + (COALESCE(k.cost_code_id, 0)::bigint
                       << %(type_bits)s) + COALESCE(k.cost_type_id, 0) AS id,
                   j.company_id, k.job_id, k.cost_code_id, k.cost_type_id,
                   COALESCE(split_part(c.parent_path, '/', 1)::int, c.id) AS division_id,
                   k.baseline, k.original, k.changes, k.contingency, k.allowance,
                   k.original + k.changes AS budget,
                   k.committed_original, k.committed_changes, k.committed, k.billed, k.accrued,
                   k.committed - k.billed - k.accrued AS open,
                   k.actual, k.actual_ordered, k.actual_direct, k.actual_accrued,
                   k.actual_transferred,
                   k.actual - k.actual_ordered - k.actual_direct - k.actual_accrued
                       - k.actual_transferred AS actual_other,
                   k.actual - k.billed - k.accrued AS unordered,
                   k.pending, k.exposure, k.projected,
                   k.original + k.changes - k.projected AS available,
                   %(forecast)s
              FROM (SELECT s.*, s.actual + s.committed - s.billed - s.accrued + s.pending
                               AS projected
                      FROM (%(keys)s) s) k
              JOIN project_project j ON j.id = k.job_id
              LEFT JOIN construction_cost_code c ON c.id = k.cost_code_id
            """,
            job_bits=CODE_BITS + TYPE_BITS,
            type_bits=TYPE_BITS,
            forecast=self._forecast_columns(),
            keys=self._keys_query(SQL("TRUE"), SQL("TRUE")),
        )

    @api.model
    def _search(self, domain, *args, **kwargs):
        """A row's id begins with its job: what is read again by its id, as a click does, reads
        that job and not all of them."""
        domain = Domain(domain)
        terms = list(domain)  # in prefix notation; of "&" alone, each of them has to hold
        if not {"|", "!"} & {term for term in terms if isinstance(term, str)}:
            for term in terms:
                if tuple(term[:2]) == ("id", "in") and isinstance(term[2], Collection):
                    jobs = {int(row) >> (CODE_BITS + TYPE_BITS) for row in term[2]}
                    domain &= Domain("job_id", "in", jobs)
        return super()._search(domain, *args, **kwargs)

    @api.model
    def _keys_query(self, jobs, orders):
        """Components per (job, code, type): a row for each key that has any; `signed` is NULL
        where nobody signed a forecast of the key.

        :param jobs: condition on `j` (project_project)
        :param orders: condition on `o` (purchase_order); leaves out a document in hand,
            of which only what was billed stays, as actual cost
        """
        sums = SQL(", ").join(
            SQL("%s AS %s", total if name == "signed" else SQL("COALESCE(%s, 0)", total), column)
            for name in COMPONENTS
            for column in [SQL.identifier(name)]
            for total in [SQL("SUM(%s)", column)]
        )
        return SQL(
            """
            SELECT job_id, cost_code_id, cost_type_id, %s
              FROM (%s) parts GROUP BY job_id, cost_code_id, cost_type_id
            """,
            sums,
            SQL(" UNION ALL ").join(self._parts(jobs, orders)),
        )

    @api.model
    def _parts(self, jobs, orders):
        """Members of the union that the components come from, each summed by key itself: what
        the union carries is as small as the report."""
        order_lines = self._order_lines_query(
            SQL(
                "(o.state IN ('purchase', 'to approve') OR (o.state IN ('draft', 'sent')"
                " AND o.requisition_key IS NOT NULL)) AND %s AND %s",
                jobs,
                orders,
            )
        )
        confirmed = SQL("p.state = 'purchase'")
        return [
            self._part(
                self._budget_query(jobs),
                **{name: SQL("p.%s", SQL.identifier(name)) for name in BUDGET},
            ),
            self._part(
                order_lines,
                committed_original=SQL("CASE WHEN %s THEN p.original ELSE 0 END", confirmed),
                committed_changes=SQL("CASE WHEN %s THEN p.changes ELSE 0 END", confirmed),
                committed=SQL("CASE WHEN %s THEN p.committed ELSE p.billed END", confirmed),
                billed=SQL("p.billed"),
                pending=SQL("CASE WHEN %s THEN 0 ELSE p.committed - p.billed END", confirmed),
                accrued=SQL("p.accrued"),
            ),
            self._part(
                self._actual_query(jobs),
                actual=SQL("p.amount"),
                **{
                    f"actual_{source}": SQL("CASE WHEN p.source = %s THEN p.amount END", source)
                    for source in SOURCES
                },
            ),
            self._part(
                self._change_orders_query(jobs),
                pending=SQL("p.pending"),
                exposure=SQL("p.exposure"),
            ),
        ]

    @api.model
    def _part(self, rows, **components):
        """Sums of rows (job, code, type, …) by key; nothing for the components that are not
        named."""
        nothing = SQL("NULL::numeric")
        columns = SQL(", ").join(
            SQL(
                "%s AS %s",
                SQL("SUM(%s)", components[name]) if name in components else nothing,
                SQL.identifier(name),
            )
            for name in COMPONENTS
        )
        return SQL(
            """
            SELECT p.job_id, p.cost_code_id, p.cost_type_id, %s
              FROM (%s) p GROUP BY p.job_id, p.cost_code_id, p.cost_type_id
            """,
            columns,
            rows,
        )

    @api.model
    def _actual_query(self, jobs):
        """What the jobs' analytic lines on cost accounts say: one row each, with its ledger
        account, date and where it comes from (`SOURCES`).

        :param jobs: condition on `j` (project_project)
        """
        coding = self.env["construction.coding"]
        return SQL(
            """
            SELECT j.id AS job_id, c.id AS cost_code_id, t.id AS cost_type_id,
                   a.id AS line_id, m.move_id, a.general_account_id AS account_id, a.date,
                   -a.amount AS amount,
                   CASE WHEN m.purchase_line_id IS NOT NULL THEN 'ordered'
                        WHEN m.tax_line_id IS NOT NULL AND EXISTS (
                             SELECT FROM account_move_line o
                              WHERE o.move_id = m.move_id AND o.purchase_line_id IS NOT NULL)
                        THEN 'ordered'
                        WHEN m.accrual_line_id IS NOT NULL THEN 'accrued'
                        WHEN m.cost_transfer_line_id IS NOT NULL THEN 'transferred'
                        WHEN v.direct_cost_kind IS NOT NULL OR v.move_type <> 'entry'
                        THEN 'direct' ELSE 'other' END AS source
              FROM account_analytic_line a
              LEFT JOIN account_move_line m ON m.id = a.move_line_id
              LEFT JOIN account_move v ON v.id = m.move_id
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
    def _positions(self, jobs, without_orders=None):
        """{(job, code, type): figures as Decimal} of some jobs; `signed` is None where nobody
        signed a forecast of the key.

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
                """
                SELECT k.job_id, k.cost_code_id, k.cost_type_id, %s, j.company_id
                  FROM (%s) k JOIN project_project j ON j.id = k.job_id
                """,
                SQL(", ").join(SQL("k.%s", SQL.identifier(name)) for name in CHECKED),
                self._keys_query(SQL("j.id IN %s", tuple(jobs.ids)), without),
            )
        )
        companies = self.env["res.company"].sudo()
        positions = {}
        for job_id, code_id, type_id, *amounts, company_id in rows:
            digits = companies.browse(company_id).currency_id.decimal_places
            figures = {
                name: None if amount is None else money.from_float(amount, digits)
                for name, amount in zip(CHECKED, amounts, strict=True)
            }
            budget = figures["original"] + figures["changes"]
            open_ = formulas.open_amount(*(figures[n] for n in ("committed", "billed", "accrued")))
            positions[job_id, code_id, type_id] = figures | {
                "budget": budget,
                "open": open_,
                "available": formulas.available(
                    budget, figures["actual"], open_, figures["pending"]
                ),
            }
        return positions

    @api.model
    def _totals(self, jobs):
        """{job id: figures} summed over codes and types."""
        totals = {}
        for (job_id, _code, _type), figures in self._forecasted(self._positions(jobs)).items():
            total = totals.setdefault(job_id, defaultdict(Decimal))
            for name, amount in figures.items():
                total[name] += amount or 0
        return totals

    def action_open_lines(self):
        """One click from the figure to the commitment lines behind it."""
        self.ensure_one()
        return self.env["purchase.order.line"]._action_behind(self)
