"""Budgets: versions, and what is available by the one formula."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .domain import DomainCase


@tagged("post_install", "-at_install")
class TestBudgetVersions(DomainCase, TransactionCase):
    def test_one_approved_at_a_time(self):
        first = self.budget(100)
        second = self.budget(250)
        self.assertEqual((first.state, second.state), ("superseded", "approved"))
        self.assertEqual(self.job.budget_id, second)
        self.assertFigures(budget=250)
        self.assertEqual(first.line_ids.amount, 100, "the older one stays as it was")

    def test_versions_are_unique_and_counted_on(self):
        first = self.budget(100, version="7")
        copy = first.copy()
        self.assertEqual((copy.version, copy.state), ("8", "draft"))
        self.assertEqual(copy.line_ids.amount, 100)

    def test_approved_is_frozen(self):
        budget = self.budget(100)
        line = budget.line_ids
        draft = budget.copy()
        for act in (
            lambda: line.write({"amount": 1}),
            lambda: line.unlink(),
            lambda: budget.write({"version": "x"}),
            lambda: budget.write({"line_ids": [Command.clear()]}),
            lambda: budget.unlink(),
            lambda: budget.action_approve(),
            lambda: line.copy({"budget_id": budget.id, "cost_code_id": self.other_code.id}),
            lambda: draft.line_ids.write({"budget_id": budget.id}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()

    def test_the_state_moves_by_the_button_alone(self):
        budget = self.budget(100)
        with self.assertRaises(UserError):
            budget.state = "draft"
        with self.assertRaises(UserError):
            budget.copy().state = "approved"
        with self.assertRaises(UserError):
            self.env["construction.budget"].create({"job_id": self.job.id, "state": "approved"})

    def test_who_approves(self):
        budget = self.env["construction.budget"].create({"job_id": self.job.id, "version": "1"})
        for group in ("project_user", "integration_manager"):
            user = self.make_user(f"budget-{group}", group)
            with self.assertRaises(UserError, msg=group):
                budget.with_user(user).action_approve()
        manager = self.make_user("budget-manager", "project_manager")
        budget.with_user(manager).action_approve()
        self.assertEqual(budget.state, "approved")

    def test_a_closed_job_takes_none(self):
        budget = self.env["construction.budget"].create({"job_id": self.job.id, "version": "1"})
        self.job.job_status = "closed"
        with self.assertRaises(UserError):
            budget.action_approve()


@tagged("post_install", "-at_install")
class TestAvailable(DomainCase, TransactionCase):
    """available = revised budget − actual − open − pending"""

    def test_vector_m2(self):
        """10,000 − 6,000 − 3,500 = 500; an order of 700 is over by 200."""
        self.budget(10000)
        self.cost_entry(6000)
        self.order(self.line(3500), confirm=True)
        self.assertFigures(actual=6000, open=3500, available=500)
        order = self.order(self.line(700))
        overruns = self.env["construction.budget.control"]._overruns(order)
        (((_key, rest, needed),),) = overruns.values()
        self.assertEqual((rest, needed, needed - rest), (500, 700, 200))

    def test_vector_f2(self):
        """Commitment 50,000, billed 20,000: committed 50,000, open 30,000, projected
        50,000 and not 70,000."""
        self.budget(60000)
        order = self.order(self.line(50000), confirm=True)
        self.bill(order, 20000)
        self.assertFigures(committed=50000, billed=20000, open=30000, actual=20000, available=10000)
        row = self.env["construction.job.cost"].search([("job_id", "=", self.job.id)])
        self.assertEqual(row.projected, 50000)

    def test_vector_x22_tax_that_is_cost(self):
        """8 % tax without an account on 1,000: commitment, need and cost are 1,080."""
        tax = self.tax("Use tax", 8)
        self.budget(1050)
        order = self.order(self.line(1000, tax_ids=[Command.set(tax.ids)]))
        self.assertEqual(order.order_line.tax_cost_amount, 80)
        overruns = self.env["construction.budget.control"]._overruns(order)
        self.assertEqual(overruns[order.id][0][1:], (1050, 1080))
        order.budget_reason = "tax"
        order.button_confirm()
        self.assertFigures(committed=1080, open=1080, available=-30)
        self.assertEqual((order.tax_cost_amount, order.open_amount), (80, 1080))
        self.bill(order, 250)
        self.assertFigures(billed=270, open=810, actual=270, available=-30)
        self.assertEqual((order.billed_amount, order.open_amount), (250, 810))

    def test_tax_that_is_recovered_is_no_cost(self):
        tax = self.tax("Input tax", 19, account=self.asset)
        self.budget(1000)
        order = self.order(self.line(1000, tax_ids=[Command.set(tax.ids)]), confirm=True)
        self.assertFigures(committed=1000, available=0)
        self.bill(order, 1000)
        self.assertFigures(actual=1000, open=0, available=0)

    def tax(self, name, percent, account=None):
        part = {"repartition_type": "tax", "account_id": account and account.id}
        lines = [Command.create({"repartition_type": "base"}), Command.create(part)]
        return self.env["account.tax"].create(
            {
                "name": name,
                "amount": percent,
                "type_tax_use": "purchase",
                "invoice_repartition_line_ids": lines,
                "refund_repartition_line_ids": lines,
            }
        )

    def test_no_budget_line_is_nothing_available(self):
        self.assertFigures(budget=0, available=0)
        order = self.order(self.line(0.01))
        overruns = self.env["construction.budget.control"]._overruns(order)
        self.assertEqual([float(v) for v in overruns[order.id][0][1:]], [0, 0.01])

    def test_waiting_orders_are_pending(self):
        self.company.write({"po_double_validation": "two_step", "po_double_validation_amount": 500})
        self.budget(10000)
        buyer = self.make_user("pending-buyer", "project_manager")
        order = self.order(self.line(4000), user=buyer)
        order.button_confirm()
        self.assertEqual(order.state, "to approve")
        self.assertFigures(committed=0, pending=4000, open=0, available=6000)
        self.assertEqual((order.waiting_amount, order.open_amount), (4000, 0))
        order.with_user(self.env.user).button_approve()
        self.assertEqual((order.waiting_amount, order.open_amount), (0, 4000))
        self.assertFigures(committed=4000, pending=0, open=4000, available=6000)

    def test_an_edited_commitment_does_not_count_itself_twice(self):
        self.budget(1000)
        order = self.order(self.line(1000), confirm=True)
        self.bill(order, 300)
        control = self.env["construction.budget.control"]
        self.assertFalse(control._overruns(order))
        order._apply_change([(order.order_line, {"product_qty": 1000.5, "price_unit": 1.0})])
        found = control._overruns(order)[order.id]
        self.assertEqual([float(value) for value in found[0][1:]], [700, 700.5])

    def test_two_orders_cannot_both_take_the_last(self):
        self.budget(1000)
        one, two = self.order(self.line(700)), self.order(self.line(700))
        found = self.env["construction.budget.control"]._overruns(one | two)
        self.assertEqual(list(found), [two.id])

    def test_lines_of_one_key_are_asked_together(self):
        self.budget(1000)
        order = self.order(self.line(600), self.line(600), self.line(-300))
        self.assertFalse(self.env["construction.budget.control"]._overruns(order))
        order = self.order(self.line(600), self.line(600))
        self.assertTrue(self.env["construction.budget.control"]._overruns(order))

    def test_drafts_of_bills_are_no_cost(self):
        self.budget(1000)
        order = self.order(self.line(1000), confirm=True)
        self.bill(order, 400, post=False)
        self.assertFigures(billed=0, open=1000, actual=0, available=0)
        self.assertFalse(self.env["construction.budget.control"]._overruns(order))
        self.assertEqual(order.open_amount, 1000)

    def test_credits_open_the_commitment_again(self):
        self.budget(1000)
        order = self.order(self.line(1000), confirm=True)
        bill = self.bill(order, 400)
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=bill.ids)
            .create({"journal_id": bill.journal_id.id})
        )
        reversal.refund_moves()
        reversal.new_move_ids.action_post()
        self.assertFigures(billed=0, actual=0, open=1000, available=0)

    def test_a_bill_beyond_the_order_shows(self):
        self.env["construction.match.policy"].create(
            {"company_id": self.company.id, "line_kind": "amount", "tolerance": "none",
             "action": "none"}
        )  # fmt: skip
        self.budget(1000)
        order = self.order(self.line(1000), confirm=True)
        self.bill(order, 1200)
        self.assertFigures(actual=1200, open=0, available=-200)
        self.assertEqual(order.open_amount, 0)

    def test_orders_of_other_states_and_jobs_do_not_count(self):
        self.budget(1000)
        self.order(self.line(100))
        cancelled = self.order(self.line(100), confirm=True)
        cancelled.button_cancel()
        other = self.make_job("26-910")
        self.order(self.line(100), project_id=other.id, budget_reason="x", confirm=True)
        self.assertFigures(committed=0, pending=0, available=1000)
        self.assertFigures(job=other, committed=100, available=-100)

    def test_open_commitments_are_not_revalued(self):
        """Ordered at 2.0 and billed at 1.6: open is gone, the difference is in cost."""
        euro = self.foreign(**{"2026-01-01": 2.0, "2026-04-01": 1.6})
        self.budget(1000)
        order = self.order(
            self.line(1000), currency_id=euro.id, date_order="2026-03-02 12:00:00", confirm=True
        )
        self.assertFigures(committed=500, open=500, available=500)
        self.bill(order, 400, date="2026-04-02")
        self.assertFigures(committed=500, billed=200, open=300, actual=250, available=450)
        self.bill(order, 600, date="2026-04-02")
        self.assertFigures(billed=500, open=0, actual=625, available=375)
        self.assertEqual((order.billed_amount, order.open_amount), (1000, 0))

    def test_reserve_lines_share_one_position(self):
        budget = self.env["construction.budget"].create(
            {
                "job_id": self.job.id,
                "version": "1",
                "line_ids": [
                    Command.create(
                        {
                            "cost_code_id": self.code.id,
                            "cost_type_id": self.material.id,
                            "amount": amount,
                            "reserve": reserve,
                        }
                    )
                    for amount, reserve in ((1000, False), (200, "contingency"))
                ],
            }
        )
        budget.action_approve()
        self.order(self.line(500), confirm=True)
        main, reserve = budget.line_ids.sorted("id")
        self.assertEqual((main.available_amount, reserve.available_amount), (700, 0))
        self.assertEqual((main.committed_amount, reserve.committed_amount), (500, 0))
        budget.line_ids.invalidate_recordset()
        self.assertEqual(reserve.available_amount, 0, "also when it is read alone")


@tagged("post_install", "-at_install")
class TestAlerts(DomainCase, TransactionCase):
    def level(self):
        return self.job.budget_id.line_ids.alert_level

    def notes(self):
        return self.job.budget_id.message_ids.filtered(lambda m: "Budget used" in (m.body or ""))

    def test_levels(self):
        self.budget(1000)
        self.order(self.line(799.99), confirm=True)
        self.assertEqual(self.level(), "0")
        self.order(self.line(0.01), confirm=True)
        self.assertEqual(self.level(), "80")
        self.order(self.line(100), confirm=True)
        self.assertEqual(self.level(), "90")
        order = self.order(self.line(100), confirm=True)
        self.assertEqual(self.level(), "100")
        self.assertEqual(len(self.notes()), 3)
        self.assertIn("03-300 / Material ≥ 100 %", self.notes()[0].body)
        order._close_commitment("final", fields.Date.today())
        self.order(self.line(1), confirm=True)
        self.assertEqual(self.level(), "90", "it falls without a note")
        self.assertEqual(len(self.notes()), 3)

    def test_what_is_given_back_may_be_used_up_again(self):
        self.budget(1000)
        for give_back in (
            lambda order: order.button_cancel(),
            lambda order: order._close_commitment("final", fields.Date.today()),
        ):
            order = self.order(self.line(1000), confirm=True)
            self.assertEqual(self.level(), "100")
            give_back(order)
            self.assertEqual(self.level(), "0")
        self.assertEqual(len(self.notes()), 2)

    def test_direct_cost_raises_them_too(self):
        self.budget(1000)
        self.cost_entry(950)
        self.assertEqual(self.level(), "90")

    def test_bills_of_the_commitment_do_not_count_twice(self):
        self.budget(1000)
        order = self.order(self.line(700), confirm=True)
        self.bill(order, 700)
        self.assertEqual(self.level(), "0")

    def test_a_new_version_takes_the_level(self):
        self.budget(1000)
        self.order(self.line(850), confirm=True)
        self.budget(900)
        self.assertEqual(self.level(), "90")


@tagged("post_install", "-at_install")
class TestTwoComputations(DomainCase, TransactionCase):
    """Every total twice: by the report's SQL, and from the documents and the ledger."""

    def test_report_is_ledger_is_documents(self):
        self.company.write({"po_double_validation": "two_step", "po_double_validation_amount": 900})
        buyer = self.make_user("twice-buyer", "project_manager")
        lines = [
            (code, kind, amount)
            for code, amount in ((self.code, 5000.1), (self.other_code, 4000.05))
            for kind in (self.material, self.subcontract)
        ]
        self.budget(0, *lines)
        orders = self.env["purchase.order"]
        for number in range(1, 7):
            order = self.order(
                self.line(123.45 * number),
                self.line(-7.01 * number, code=self.other_code),
                self.line(99.99 * number, cost_type=self.subcontract),
                user=buyer,
                budget_reason="test",
            )
            order.button_confirm()
            orders |= order.with_user(self.env.user)
        self.assertEqual(set(orders.mapped("state")), {"purchase", "to approve"})
        for order in orders.filtered(lambda o: o.state == "purchase"):
            self.bill(order, 33.33, -1.11, 0, date=fields.Date.today() - timedelta(days=1))
        orders[0]._close_commitment("final", fields.Date.today())
        self.cost_entry(17.17)
        self.cost_entry(5.55, self.key(code=self.other_code, cost_type=self.subcontract))
        self.assertTotals(orders)

    def assertTotals(self, orders):
        totals = self.env["construction.job.cost"]._totals(self.job)[self.job.id]
        report = self.env["construction.job.cost"].search([("job_id", "=", self.job.id)])
        for name in ("budget", "committed", "billed", "open", "actual", "pending", "available"):
            self.assertAlmostEqual(sum(report.mapped(name)), float(totals[name]), 2, name)
        items = self.env["account.move.line"].search(
            [
                ("parent_state", "=", "posted"),
                ("account_id.account_type", "like", "expense"),
                ("analytic_distribution", "in", self.job.account_id.ids),
            ]
        )
        self.assertAlmostEqual(float(totals["actual"]), sum(items.mapped("balance")), 2)
        analytic = items.analytic_line_ids
        self.assertAlmostEqual(float(totals["actual"]), -sum(analytic.mapped("amount")), 2)
        approved = orders.filtered(lambda o: o.state == "purchase")
        waiting = orders.filtered(lambda o: o.state == "to approve")
        bills = orders.invoice_ids.invoice_line_ids
        self.assertAlmostEqual(float(totals["open"]), sum(approved.mapped("open_amount")), 2)
        self.assertAlmostEqual(float(totals["pending"]), sum(waiting.mapped("amount_untaxed")), 2)
        self.assertAlmostEqual(float(totals["billed"]), sum(bills.mapped("price_subtotal")), 2)
        self.assertAlmostEqual(
            float(totals["budget"]), sum(self.job.budget_id.line_ids.mapped("amount")), 2
        )
        lines = self.job.budget_id.line_ids
        self.assertAlmostEqual(sum(lines.mapped("available_amount")), float(totals["available"]), 2)
        self.assertAlmostEqual(self.job.job_available_amount, float(totals["available"]), 2)
        self.assertAlmostEqual(
            float(totals["available"]),
            float(totals["budget"] - totals["actual"] - totals["open"] - totals["pending"]),
            2,
        )
