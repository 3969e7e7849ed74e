"""Rows of a large cost report, made by SQL, and both ways to read them. Runs inside Odoo's
shell on a database of its own."""

import time
from pathlib import Path

from odoo.fields import Command
from odoo.tools import SQL

from . import documents

BY_HAND = (Path(__file__).parent / "cost_report.sql").read_text(encoding="utf-8")
FIGURES = (
    "original", "changes", "budget", "contingency", "committed_original", "committed_changes",
    "committed", "billed", "accrued", "open", "actual", "actual_ordered", "actual_direct",
    "actual_accrued", "actual_transferred", "pending", "exposure", "projected", "available",
    "to_complete", "at_completion", "variance",
)  # fmt: skip
UNTRIGGERED = (
    "account_analytic_line", "account_move", "account_move_line", "construction_budget",
    "construction_budget_line", "project_project", "purchase_order", "purchase_order_line",
)  # fmt: skip


def _clone(env, record, join, **changed):
    """As many copies of a record as `join` has rows, with some columns from it."""
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = %s AND column_name <> 'id' AND is_generated = 'NEVER'",
        (record._table,),
    )
    columns = [row[0] for row in env.cr.fetchall()]
    values = [changed.get(column, f't."{column}"') for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    env.cr.execute(  # pylint: disable=sql-injection
        f"INSERT INTO {record._table} ({names}) SELECT {', '.join(values)}"
        f" FROM {record._table} t CROSS JOIN {join} WHERE t.id = {record.id}"
    )


def _prepare(env):
    """One job with an order, a bill of it and a budget by the ORM; a table of its keys."""
    coding = env["construction.coding"]
    job = env["project.project"].create({"name": "Large", "is_job": True, "job_number": "L-0"})
    codes = env["construction.cost.code"].search([("code", "=like", "C0%")], limit=documents.CODES)
    types = env["construction.cost.type"].search(
        [("code", "in", documents.TYPES), ("company_id", "=", False)]
    )
    code, kind = codes[0], types[0]
    env["construction.budget"].create({
        "job_id": job.id, "version": "1",
        "line_ids": [Command.create(
            {"cost_code_id": code.id, "cost_type_id": kind.id, "amount": 900_000_000})],
    }).action_approve()  # fmt: skip
    order = env["purchase.order"].create({
        "partner_id": env["res.partner"].search([("name", "like", "Northfield%")], limit=1).id,
        "project_id": job.id,
        "order_line": [Command.create({
            "name": "Work", "sov_method": "amount", "product_id": kind.product_id.id,
            "product_qty": 100_000, "price_unit": 1.0, "tax_ids": [Command.clear()],
            "cost_code_id": code.id, "cost_type_id": kind.id})],
    })  # fmt: skip
    order.button_confirm()
    accounts = env["account.account"]
    cost = accounts.search([("account_type", "=", "expense")], limit=1)
    asset = accounts.search([("account_type", "=", "asset_current")], limit=1)
    entry = env["account.move"].create({"line_ids": [
        Command.create({"account_id": cost.id, "debit": 12.5,
                        "analytic_distribution": coding._distribution(job, code, kind)}),
        Command.create({"account_id": asset.id, "credit": 12.5}),
    ]})  # fmt: skip
    entry.action_post()
    env.cr.commit()  # a table with waiting triggers cannot be altered
    for table in UNTRIGGERED:
        env.cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    env.cr.execute("CREATE TEMP TABLE keys (n int, code int, kind int, code_a int, kind_a int)")
    env.cr.execute(
        """
        INSERT INTO keys
        SELECT row_number() OVER (ORDER BY c.id, t.id) - 1, c.id, t.id,
               c.analytic_account_id, t.analytic_account_id
          FROM construction_cost_code c CROSS JOIN construction_cost_type t
         WHERE c.id = ANY(%s) AND t.id = ANY(%s)
        """,
        (codes.ids, types.ids),
    )
    return job, order, entry.line_ids.filtered("analytic_distribution")


def _columns(env):
    coding = env["construction.coding"]
    return coding._column("cost_code"), coding._column("cost_type")


def fill_job(env, analytic, lines):
    """Of the job: budget and order lines on every key, and cost of which half is billed
    against the order lines."""
    job, order, item = _prepare(env)
    code, kind = _columns(env)
    ((many,),) = env.execute_query(SQL("SELECT count(*) FROM keys"))
    _clone(
        env, env["construction.budget.line"].search([("job_id", "=", job.id)]),
        "(SELECT * FROM keys WHERE n > 0) k", cost_code_id="k.code", cost_type_id="k.kind",
    )  # fmt: skip
    _clone(
        env, order.order_line,
        f"generate_series(1, {lines - 1}) g JOIN keys k ON k.n = g % {many}",
        cost_code_id="k.code", cost_type_id="k.kind",
    )  # fmt: skip
    env.cr.execute(
        "CREATE TEMP TABLE ordered AS SELECT row_number() OVER (ORDER BY id) - 1 AS n, id,"
        " cost_code_id, cost_type_id FROM purchase_order_line WHERE order_id = %s", (order.id,)
    )  # fmt: skip
    _clone(
        env, item,
        f"generate_series(1, {analytic - 1}) g JOIN ordered o ON o.n = g % {lines}",
        purchase_line_id="CASE WHEN g % 2 = 0 THEN o.id END",
        name="o.cost_code_id || ',' || o.cost_type_id",
    )  # fmt: skip
    _clone_analytic(env, item, job, code, kind)
    env.cr.execute("ANALYZE")
    env.cr.commit()


def _clone_analytic(env, item, job, code, kind):
    """An analytic line for each copied item; its name says on which key it stands."""
    _clone(
        env, item.analytic_line_ids,
        f"(SELECT m.id, k.* FROM account_move_line m JOIN keys k"
        f" ON m.name = k.code || ',' || k.kind WHERE m.move_id = {item.move_id.id}) k",
        move_line_id="k.id", **{code: "k.code_a", kind: "k.kind_a"},
    )  # fmt: skip


def fill_portfolio(env, jobs):
    """Jobs with ten keys each: a budget line, an order line and two costs on every key."""
    job, order, item = _prepare(env)
    code, kind = _columns(env)
    _clone(env, job.account_id, f"generate_series(1, {jobs}) g", code="'L-' || g")
    _clone(
        env, job,
        "(SELECT id, code FROM account_analytic_account WHERE code LIKE 'L-%' AND code <> 'L-0') a",
        account_id="a.id", job_number="a.code",
    )  # fmt: skip
    env.cr.execute(
        "CREATE TEMP TABLE many AS SELECT id, account_id, row_number() OVER () AS n"
        " FROM project_project WHERE job_number LIKE 'L-%%' AND id <> %s", (job.id,)
    )  # fmt: skip
    budget = env["construction.budget"].search([("job_id", "=", job.id)])
    _clone(env, budget, "many j", job_id="j.id")
    ten = "JOIN keys k ON k.n BETWEEN (j.n % 15) * 10 AND (j.n % 15) * 10 + 9"
    _clone(
        env, budget.line_ids,
        f"construction_budget b JOIN many j ON j.id = b.job_id {ten}",
        budget_id="b.id", job_id="j.id", cost_code_id="k.code", cost_type_id="k.kind",
    )  # fmt: skip
    _clone(env, order, "many j", project_id="j.id", name="'L' || j.n")
    _clone(
        env, order.order_line, f"purchase_order o JOIN many j ON j.id = o.project_id {ten}",
        order_id="o.id", cost_code_id="k.code", cost_type_id="k.kind",
    )  # fmt: skip
    env.cr.execute(
        "CREATE TEMP TABLE ordered AS SELECT l.id, l.cost_code_id, l.cost_type_id, j.account_id"
        " FROM purchase_order_line l JOIN purchase_order o ON o.id = l.order_id"
        " JOIN many j ON j.id = o.project_id"
    )
    _clone(
        env, item, "ordered o CROSS JOIN generate_series(1, 2) g",
        purchase_line_id="CASE WHEN g = 1 THEN o.id END",
        name="o.account_id || ',' || o.cost_code_id || ',' || o.cost_type_id",
    )  # fmt: skip
    _clone(
        env, item.analytic_line_ids,
        f"(SELECT m.id, j.account_id, k.* FROM account_move_line m JOIN many j"
        f" ON j.account_id = split_part(m.name, ',', 1)::int JOIN keys k"
        f" ON k.code = split_part(m.name, ',', 2)::int AND k.kind = split_part(m.name, ',', 3)::int"
        f" WHERE m.move_id = {item.move_id.id} AND m.name LIKE '%,%') k",
        move_line_id="k.id", account_id="k.account_id", **{code: "k.code_a", kind: "k.kind_a"},
    )  # fmt: skip
    env.cr.execute("ANALYZE")
    env.cr.commit()


def _timed(function):
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


def _by_hand(env, jobs, group):
    code, kind = _columns(env)
    query = BY_HAND.replace("/*code*/", code).replace("/*kind*/", kind)
    env.cr.execute(query.replace("/*group*/", group), {"jobs": jobs})
    names = [column.name for column in env.cr.description]
    return [dict(zip(names, row, strict=True)) for row in env.cr.fetchall()]


def job(env):
    """[ours, theirs] in seconds for the report of the large job.

    :raises ValueError: the two are not the same figures
    """
    large = env["project.project"].search([("job_number", "=", "L-0")])
    env.invalidate_all()
    ours, rows = _timed(
        lambda: env["construction.job.cost"].search_read([("job_id", "=", large.id)], FIGURES)
    )
    theirs, known = _timed(lambda: _by_hand(env, large.ids, "job, code, kind"))
    _check(rows, known, FIGURES)
    return [ours, theirs]


def portfolio(env):
    """[ours, theirs] in seconds for the portfolio, as the list grouped by job reads it."""
    env.invalidate_all()
    sums = [f"{name}:sum" for name in FIGURES]
    ours, rows = _timed(
        lambda: env["construction.job.cost"].formatted_read_group([], ["job_id"], sums)
    )
    jobs = env["project.project"].search([("is_job", "=", True)]).ids
    theirs, known = _timed(lambda: _by_hand(env, jobs, "job"))
    _check([{n: row[f"{n}:sum"] for n in FIGURES} for row in rows], known, FIGURES)
    return [ours, theirs]


def _check(rows, known, names):
    if len(rows) != len(known):
        raise ValueError(f"{len(rows)} rows against {len(known)}")
    for name in names:
        one, other = (round(float(sum(row[name] for row in side)), 2) for side in (rows, known))
        if one != other:
            raise ValueError(f"{name}: {one} against {other}")
