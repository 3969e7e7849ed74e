"""The cost report: every column from documents, by code tree and type, and the way back to
them; buyout; what a kept month holds."""

from datetime import date

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .change_orders import ChangeOrderCase

ADDING = (
    "original", "changes", "budget", "committed_original", "committed_changes", "committed",
    "billed", "accrued", "open", "actual", "actual_ordered", "actual_direct", "actual_accrued",
    "actual_transferred", "actual_other", "unordered", "pending", "exposure", "projected",
    "available", "to_complete", "to_award", "at_completion", "variance",
)  # fmt: skip


class ReportCase(ChangeOrderCase):
    """The job of `ChangeOrderCase`: 100,000 and 50,000 of budget, 15,000 ordered."""

    def row(self, code=None, cost_type=None, job=None):
        self.env.invalidate_all()
        return self.env["construction.job.cost"].search([
            ("job_id", "=", (job or self.job).id),
            ("cost_code_id", "=", (code or self.code).id),
            ("cost_type_id", "=", (cost_type or self.material).id),
        ])  # fmt: skip

    def assertRow(self, row, **expected):
        self.assertEqual({name: row[name] for name in expected}, expected)

    def executed(self, amount):
        change = self.approved(
            self.change_line(amount, 0.0, self.order_one, self.order_one.order_line[0])
        )
        change.action_cost_executed()
        return change

    def direct_bill(self, amount):
        bill = self.env["account.move"].create({
            "move_type": "in_invoice", "partner_id": self.vendor.id,
            "invoice_date": fields.Date.today(),
            "invoice_line_ids": [Command.create({
                "name": "Crane", "account_id": self.expense.id, "price_unit": amount,
                "quantity": 1, "tax_ids": [Command.clear()], "analytic_distribution": self.key(),
            })],
        })  # fmt: skip
        bill.action_post()
        return bill


@tagged("post_install", "-at_install")
class TestCostReport(ReportCase, TransactionCase):
    def test_columns_of_commitments(self):
        """Original, executed changes and what closing released are apart; open is what is
        left of them."""
        self.executed(2000.0)
        self.bill(self.order_one, 4000, 0)
        self.assertRow(
            self.row(), committed_original=15000, committed_changes=2000, committed=17000,
            billed=4000, open=13000, actual=4000, actual_ordered=4000, projected=17000,
            at_completion=100000 + 2000, to_complete=85000,
        )  # fmt: skip
        self.order_one._close_commitment("final", fields.Date.today())
        self.assertRow(
            self.row(), committed_original=15000, committed_changes=2000, committed=4000, open=0
        )

    def test_an_order_that_waits_is_pending_alone(self):
        self.rule(self.second)
        self.assertEqual(self.submitted(9000.0).state, "to approve")
        self.assertRow(
            self.row(), committed_original=15000, committed_changes=0, committed=15000,
            pending=9000, to_award=100000 - 15000,
        )  # fmt: skip

    def test_actual_by_source(self):
        self.bill(self.order_one, 4000, 0)
        self.direct_bill(700)
        entry = self.cost_entry(300).line_ids.filtered("analytic_distribution")
        values = self.env["construction.cost.transfer.line"]._values_of(entry)
        transfer = self.env["construction.cost.transfer"].with_user(self.manager).create({
            "reason": "wrong code",
            "line_ids": [Command.create(values[0] | {"to_cost_code_id": self.other_code.id,
                                                     "amount": 100})],
        })  # fmt: skip
        transfer.action_submit()
        transfer.with_user(self.finance).action_release()
        row = self.row()
        self.assertRow(
            row, actual=4900, actual_ordered=4000, actual_direct=700, actual_other=300,
            actual_transferred=-100, actual_accrued=0, unordered=900,
        )  # fmt: skip
        self.assertRow(self.row(self.other_code), actual=100, actual_transferred=100)

    def test_tax_that_is_cost_is_by_the_order(self):
        tax = self.env["account.tax"].create(
            {"name": "Use 8", "amount": 8, "type_tax_use": "purchase"}
        )
        order = self.order(self.line(1000.0, tax_ids=[Command.set(tax.ids)]), confirm=True)
        self.bill(order, 1000)
        self.assertRow(self.row(), billed=1080, actual=1080, actual_ordered=1080, unordered=0)

    def test_the_same_by_sql_and_on_decimals_and_by_groups(self):
        self.executed(2000.0)
        self.bill(self.order_one, 4000, 0)
        self.direct_bill(700)
        self.approved(self.change_line(500.0, 900.0, self.order_one))
        positions = self.env["construction.job.cost"]._forecasted(
            self.env["construction.job.cost"]._positions(self.job)
        )
        rows = self.env["construction.job.cost"].search([("job_id", "=", self.job.id)])
        for row in rows:
            key = (self.job.id, row.cost_code_id.id, row.cost_type_id.id)
            for name, amount in positions[key].items():
                if name != "signed":
                    self.assertEqual(row[name], float(amount), f"{key} {name}")
        self.assertEqual(len(rows), len(positions))
        (total,) = self.env["construction.job.cost"]._read_group(
            [("job_id", "=", self.job.id)], ["job_id"], [f"{name}:sum" for name in ADDING]
        )
        for name, amount in zip(ADDING, total[1:], strict=True):
            self.assertAlmostEqual(amount, sum(rows.mapped(name)), 2, name)
        self.assertEqual(self.job.job_at_completion, sum(rows.mapped("at_completion")))

    def test_divisions(self):
        parent = self.make_code("09")
        child = self.make_code("09-200", parent_id=parent.id)
        self.cost_entry(10, self.key(code=child))
        self.cost_entry(20, self.key(code=parent))
        groups = self.env["construction.job.cost"]._read_group(
            [("division_id", "=", parent.id)], ["division_id"], ["actual:sum"]
        )
        self.assertEqual(groups, [(parent, 30)])

    def test_two_clicks_to_the_document(self):
        bill = self.bill(self.order_one, 4000, 0)
        row = self.env["construction.job.cost"].browse(self.row().id)
        action = row.action_open_lines()
        lines = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(lines.order_id, self.order_one)
        action = row.with_user(self.manager).action_open_cost()
        entries = self.env[action["res_model"]].with_user(self.manager).search(action["domain"])
        self.assertEqual(sum(entries.mapped("amount")), row.actual)
        self.assertEqual((entries.source, entries.partner_name), ("ordered", self.vendor.name))
        self.assertEqual(entries.action_open_document()["res_id"], bill.id)
        self.job.privacy_visibility = "followers"
        reader = self.make_user("entry-reader", "project_user")
        self.assertFalse(entries.with_user(reader).search([("job_id", "=", self.job.id)]))
        self.job.message_subscribe(reader.partner_id.ids)
        seen = entries.with_user(reader).search([("job_id", "=", self.job.id)])
        self.assertEqual(seen.amount, 4000)
        with self.assertRaises(UserError):
            seen.action_open_document()
        action = row.action_open_budget_lines()
        budget_line = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(budget_line.amount, 100000)
        change = self.approved(self.change_line(500.0, 900.0, self.order_one))
        action = row.action_open_changes()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), change)

    def test_cost_without_an_entry_opens_none(self):
        """As it was typed before this addon came; it is refused today."""
        line = self.cost_entry(70).line_ids.analytic_line_ids
        line.name = "By hand"
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_analytic_line SET move_line_id = NULL WHERE id = %s", [line.id]
        )
        self.env.invalidate_all()
        entry = self.env["construction.job.cost.entry"].search(
            [("job_id", "=", self.job.id), ("amount", "=", 70)]
        )
        with self.assertRaisesRegex(UserError, "By hand has no entry"):
            entry.with_user(self.manager).action_open_document()

    def test_a_row_read_again_reads_its_job_alone(self):
        other = self.make_job("26-OTHER")
        self.budget(7.0, job=other)
        rows = self.row() | self.row(job=other)
        self.env.invalidate_all()
        self.assertEqual([row.budget for row in rows], [100000, 7])
        self.assertEqual(rows.job_id, self.job | other)
        query = self.env["construction.job.cost"]._search([("id", "in", rows[:1].ids)])
        self.assertIn((self.job.id,), query.select().params)

    def test_as_the_list_and_the_pivot_read_it(self):
        """By their own calls: what a filter says may be any form of a domain."""
        cost = self.env["construction.job.cost"].with_user(self.manager)
        domain = ["&", ("job_id.job_status", "in", ("active", "on_hold")), ("budget", "!=", 0)]
        groups = cost.web_read_group(domain, ["job_id", "division_id"], ["budget:sum"])
        mine = [g for g in groups["groups"] if g["job_id"][0] == self.job.id]
        self.assertEqual(mine[0]["budget:sum"], 150000)
        found = cost.web_search_read([("job_id", "=", self.job.id)], {"budget": {}, "job_id": {}})
        self.assertEqual(sum(row["budget"] for row in found["records"]), 150000)
        read = cost.browse([row["id"] for row in found["records"]]).web_read({"budget": {}})
        self.assertEqual(sum(row["budget"] for row in read), 150000)
        for arbitrary in ([], [("id", "in", [])], [("id", "!=", 1), ("id", "in", [1])],
                          ["!", ("id", "in", [1])], [("id", "=", 1)]):  # fmt: skip
            self.assertIsInstance(cost.search_count(arbitrary), int)

    def test_buyout(self):
        """budget = awarded + booked without an order + to award + saving; the saving shows
        when the forecast says that no more is to come."""
        self.direct_bill(1000)
        row = self.row()
        self.assertRow(row, committed=15000, unordered=1000, to_award=84000, variance=0)
        forecast = self.env["construction.forecast"].create(
            {"job_id": self.job.id, "month": date(2026, 5, 1)}
        )
        forecast.action_take_figures()
        line = forecast.line_ids.filtered(lambda line: line.cost_code_id == self.code)
        line.write({"method": "manual", "amount": 0})
        forecast.with_user(self.manager).action_sign()
        row = self.row()
        self.assertRow(row, to_award=0, variance=84000, at_completion=16000)
        self.assertEqual(row.budget, row.committed + row.unordered + row.to_award + row.variance)

    def test_a_kept_month_holds_it_all(self):
        self.executed(2000.0)
        self.approved(self.change_line(500.0, 900.0, self.order_one))
        report = self.row()
        snapshot = self.env["construction.job.cost.snapshot"].with_user(self.finance)
        snapshot._take(self.job, date(2026, 5, 1))
        kept = snapshot.search([("job_id", "=", self.job.id), ("cost_code_id", "=", self.code.id)])
        names = ("original", "changes", "exposure", "committed_original", "committed_changes")
        self.assertEqual([kept[name] for name in names], [report[name] for name in names])
        self.assertEqual((kept.changes, kept.committed_changes), (2500, 2000))
