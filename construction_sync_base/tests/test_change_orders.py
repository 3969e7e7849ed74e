"""Change orders typed in Odoo: tables, sides, gate."""

import psycopg2
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, freeze_time, tagged
from odoo.tools import mute_logger

from .change_orders import ChangeOrderCase


@tagged("post_install", "-at_install")
class TestTables(ChangeOrderCase, TransactionCase):
    def refusedByDatabase(self, query, *params, error=psycopg2.errors.CheckViolation):
        self.env.flush_all()
        with mute_logger("odoo.sql_db"), self.assertRaises(error), self.env.cr.savepoint():
            self.env.cr.execute(query, params)

    def test_sums_and_margin(self):
        change = self.change_order(
            self.change_line(
                1000.0,
                None,
                markup_ids=[
                    Command.create({"kind": "overhead", "percent": 10}),
                    Command.create({"kind": "bond", "amount": 12.5}),
                ],
            ),
            self.change_line(-200.0, -250.0),
        )
        self.assertEqual(
            (change.cost_amount, change.markup_amount, change.revenue_amount, change.margin),
            (800, 112.5, 862.5, 62.5),
        )
        self.assertEqual(change.line_ids[0].revenue_amount, 1112.5, "markup is on top of the cost")
        self.assertEqual(change.budget_amount, 800, "the budget moves by the cost")
        self.assertSums()

    def test_the_database_adds_up_itself(self):
        change = self.change_order()
        self.assertSums()
        for query in (
            "UPDATE construction_change_order SET cost_amount = 5, margin = revenue_amount - 5"
            " WHERE id = %s",
            "UPDATE construction_change_order_line SET revenue_amount = 5 WHERE change_id = %s",
            "DELETE FROM construction_change_order_line WHERE change_id = %s",
        ):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.CheckViolation),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(query, (change.id,))
                self.env.cr.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_the_database_knows_no_contradiction(self):
        change = self.approved()
        for values in (
            "state = 'bogus'",
            "cost_status = 'bogus'",
            "state = 'executed'",
            "state = 'void'",
            "state = 'submitted'",
            "margin = 1",
            f"package_id = {change.id}",
        ):
            self.refusedByDatabase(
                f"UPDATE construction_change_order SET {values} WHERE id = %s", change.id
            )

    def test_numbers_are_unique_in_the_job(self):
        first, second = self.change_order(), self.change_order()
        self.assertEqual((first.number, second.number), ("CO-001", "CO-002"))
        other = self.make_job("26-200")
        elsewhere = self.change_order(self.change_line(), job_id=other.id)
        self.assertEqual(elsewhere.number, "CO-001")
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation):
            self.change_order(number="CO-002").flush_recordset()

    def test_a_line_is_of_its_own_job_and_currency(self):
        other = self.make_job("26-200")
        order = self.order(project_id=other.id)
        with self.assertRaises(ValidationError):
            self.change_order(self.change_line(1.0, order=order))
        with self.assertRaises(ValidationError):
            self.change_order(
                self.change_line(1.0, order=order, target=self.order_one.order_line[0])
            )
        euro = self.env.ref("base.EUR")
        euro.active = True
        order = self.order(currency_id=euro.id)
        with self.assertRaisesRegex(ValidationError, "one change order per currency"):
            self.change_order(self.change_line(1.0, order=order))

    def test_line_ids_are_given_and_unique(self):
        change = self.change_order(self.change_line(1.0), self.change_line(2.0, line_ref="2"))
        self.assertEqual(change.line_ids.mapped("line_ref"), ["1", "2"])
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.errors.UniqueViolation):
            change.write({"line_ids": [Command.create(self.change_line(1.0, line_ref="1"))]})
            self.env.flush_all()

    def test_days_open_and_deadlines(self):
        with freeze_time("2026-03-10"):
            change = self.change_order(date="2026-03-01", notice_on="2026-03-09")
            self.assertEqual((change.days_open, change.overdue), (9, True))
            Change = self.env["construction.change.order"]
            self.assertIn(change, Change.search([("overdue", "=", True)]))
            self.assertNotIn(change, Change.search([("overdue", "=", False)]))
            change.notice_on = "2026-03-10"
            self.assertFalse(change.overdue)
            self.assertIn(change, Change.search([("overdue", "=", False)]))
            change.action_potential()
            change.action_void("mistake")
        with freeze_time("2026-04-10"):
            change.invalidate_recordset(["days_open"])
            self.assertEqual(change.days_open, 9, "it was closed that day")


@tagged("post_install", "-at_install")
class TestSides(ChangeOrderCase, TransactionCase):
    def test_the_three_sides_move_in_turn(self):
        """One approval starts all three; each is executed by its own party alone."""
        change, line = self.change_order(), self.order_one.order_line[0]
        self.assertEqual(self.standing(change), ("draft", "unpriced", "unpriced", "unpriced"))
        self.assertFigures(budget=100000, committed=15000, pending=0)
        change.action_submit()
        self.assertEqual(self.standing(change), ("submitted", "submitted", "submitted", "unpriced"))
        self.assertFigures(budget=100000, committed=15000, pending=1000)
        change.with_user(self.second).action_release()
        self.assertEqual(self.standing(change), ("approved", "executed", "approved", "submitted"))
        self.assertFigures(budget=101000, committed=15000, pending=1000)
        self.assertEqual((line.product_qty, self.order_one.pending_change_amount), (10000, 1000))
        self.assertEqual((change.exposure_amount, change.at_risk_amount), (1300, 1000))
        change.action_cost_executed()
        self.assertEqual(self.standing(change), ("approved", "executed", "executed", "submitted"))
        self.assertFigures(budget=101000, committed=16000, pending=0)
        self.assertEqual((line.product_qty, line.price_unit), (11000, 1))
        order = self.order_one
        self.assertEqual(
            (order.original_amount, order.approved_change_amount, order.pending_change_amount),
            (15000, 1000, 0),
        )
        change.action_revenue_approved()
        self.assertEqual(change.exposure_amount, 1300, "agreed is not executed")
        change.action_revenue_executed()
        self.assertEqual(self.standing(change), ("executed", *["executed"] * 3))
        self.assertEqual((change.exposure_amount, change.at_risk_amount), (0, 0))
        self.assertTrue(change.decided_on)
        self.assertSums()

    def test_the_ball(self):
        change = self.approved()
        self.assertEqual(change.ball_in_court, "subcontractor")
        change.action_cost_executed()
        self.assertEqual(change.ball_in_court, "owner")

    def test_nothing_moves_before_the_approval(self):
        change = self.change_order()
        change.action_submit()
        for act in (
            change.action_cost_executed,
            change.action_revenue_executed,
            change.action_cost_refused,
        ):
            with self.assertRaises(UserError):
                act()
        self.assertEqual(self.order_one.order_line[0].product_qty, 10000)

    def test_a_side_may_end_alone(self):
        change = self.approved()
        change.action_cost_refused()
        change.action_revenue_executed()
        self.assertEqual(self.standing(change), ("executed", "executed", "rejected", "executed"))
        change.action_cost_offered()
        self.assertEqual(change.state, "approved")
        change.action_cost_executed()
        self.assertEqual(change.state, "executed")
        self.assertFigures(budget=101000, committed=16000)

    def test_the_owner_rejects_what_is_committed(self):
        change = self.approved()
        change.action_cost_executed()
        change.action_revenue_refused()
        self.assertEqual(change.state, "executed")
        self.assertEqual((change.exposure_amount, change.at_risk_amount), (1000, 1000))

    def test_rejection_undoes_what_a_side_did(self):
        change = self.approved()
        change.with_user(self.second).action_reject("Owner changed the design")
        self.assertEqual(self.standing(change), ("rejected", *["rejected"] * 3))
        self.assertFigures(budget=100000, committed=15000, pending=0)
        self.assertFalse(change.exposure_amount)
        change.action_submit()
        change.with_user(self.second).action_release()
        self.assertEqual(self.standing(change), ("approved", "executed", "approved", "submitted"))
        self.assertFigures(budget=101000, pending=1000)

    def test_void_takes_it_out_of_the_commitment(self):
        change = self.approved()
        change.action_cost_executed()
        change.action_void("never happened")
        self.assertEqual(self.standing(change), ("void", *["void"] * 3))
        self.assertFigures(budget=100000, committed=15000, pending=0)
        self.assertEqual(self.order_one.order_line[0].product_qty, 10000)
        self.assertEqual(self.order_one.approved_change_amount, 0)

    def test_void_below_what_was_billed(self):
        """The commitment side stays, with the arithmetic; budget and owner are undone."""
        change = self.approved()
        change.action_cost_executed()
        self.bill(self.order_one, 10500, 0)
        told = change.action_void("never happened")
        self.assertEqual(self.standing(change), ("executed", "void", "executed", "void"))
        self.assertRegex(
            change.cost_problem, r"11000.*billed 10500.*10000.*least possible is 10500"
        )
        self.assertIn("10500", told["params"]["message"])
        self.assertFigures(budget=100000, committed=16000)

    def test_one_side_undone(self):
        change = self.approved()
        change.action_cost_executed()
        change.action_cost_void()
        self.assertEqual(self.standing(change), ("approved", "executed", "void", "submitted"))
        self.assertFigures(budget=101000, committed=15000, pending=0)

    def test_a_side_that_cannot_be_applied_leaves_the_others(self):
        """Job without an approved budget: the approval holds, the budget waits and says why."""
        job = self.make_job("26-300")
        order = self.order(project_id=job.id, confirm=True)
        change = self.approved(
            self.change_line(1000.0, 1300.0, order, order.order_line), job_id=job.id
        )
        self.assertEqual(self.standing(change), ("approved", "approved", "approved", "submitted"))
        self.assertIn("no approved budget", change.budget_problem)
        change.action_cost_executed()
        self.assertEqual(order.revised_amount, 2000)
        self.budget(5000.0, job=job)
        change.action_try_again()
        self.assertEqual(self.standing(change), ("approved", "executed", "executed", "submitted"))
        self.assertFalse(change.budget_problem)
        self.assertFigures(job=job, budget=6000, committed=2000)
        with self.assertRaises(UserError):
            change.action_try_again()

    def test_a_commitment_that_is_not_confirmed(self):
        draft = self.order(self.line(500.0))
        change = self.approved(self.change_line(100.0, order=draft))
        change.action_cost_executed()
        self.assertEqual(change.cost_status, "approved")
        self.assertIn("not confirmed", change.cost_problem)
        draft.button_confirm()
        change.action_try_again()
        self.assertEqual((change.cost_status, draft.revised_amount), ("executed", 600))
        self.assertEqual(draft.original_amount, 500)

    def test_nothing_to_submit(self):
        change = self.change_order(self.change_line(0.0))
        with self.assertRaisesRegex(UserError, "no amount on any side"):
            change.action_submit()


@tagged("post_install", "-at_install")
class TestCommitmentSide(ChangeOrderCase, TransactionCase):
    def executed(self, *lines):
        change = self.approved(*lines)
        change.action_cost_executed()
        return change

    def test_several_commitments_and_a_line_of_its_own(self):
        two = self.order(self.line(2000.0, code=self.other_code), confirm=True)
        change = self.executed(
            self.change_line(1000.0, 0.0, self.order_one, self.order_one.order_line[0]),
            self.change_line(500.0, 0.0, self.order_one),
            self.change_line(
                None, 0.0, two, unit_cost=30, quantity_delta=10, cost_code_id=self.other_code.id
            ),
            self.change_line(77.0),
        )
        self.assertEqual(change.cost_status, "executed", change.cost_problem)
        self.assertEqual(self.order_one.revised_amount, 16500)
        fresh = self.order_one.order_line[-1]
        self.assertEqual(
            (fresh.sov_method, fresh.product_qty, fresh.line_ref), ("amount", 500, "CO-001-2")
        )
        unit = two.order_line[-1]
        self.assertEqual((unit.sov_method, unit.product_qty, unit.price_unit), ("unit", 10, 30))
        self.assertEqual(unit.cost_code_id, self.other_code)
        self.assertFigures(budget=101577, committed=16500)
        self.assertFigures(code=self.other_code, budget=50300, committed=2300)
        self.assertEqual(change.commitment_count, 2)
        change.action_void("no")
        self.assertEqual((self.order_one.revised_amount, two.revised_amount), (15000, 2000))
        self.assertFigures(budget=100000, committed=15000)

    def test_all_commitments_or_none(self):
        closed = self.order(self.line(2000.0), confirm=True)
        closed._close_commitment("soft", "2026-03-31")
        change = self.executed(
            self.change_line(1000.0, 0.0, self.order_one, self.order_one.order_line[0]),
            self.change_line(10.0, 0.0, closed),
        )
        self.assertEqual(change.cost_status, "approved")
        self.assertIn("closed", change.cost_problem)
        self.assertEqual(self.order_one.revised_amount, 15000)

    def test_deductive(self):
        line = self.order_one.order_line[0]
        change = self.executed(self.change_line(-4000.0, -4500.0, self.order_one, line))
        self.assertEqual((line.product_qty, self.order_one.approved_change_amount), (6000, -4000))
        self.assertFigures(budget=96000, committed=11000)
        self.assertEqual(change.margin, -500)

    def test_deductive_below_billed(self):
        self.bill(self.order_one, 9000, 0)
        change = self.executed(
            self.change_line(-4000.0, 0.0, self.order_one, self.order_one.order_line[0])
        )
        self.assertEqual(change.cost_status, "approved")
        self.assertRegex(
            change.cost_problem, r"ordered 10000.*billed 9000.*cannot go to 6000.*possible is 9000"
        )
        self.assertEqual(change.budget_status, "executed", "the others moved")
        self.assertFigures(committed=15000)

    def test_deductive_line_of_its_own_below_billed(self):
        """A negative line undercuts no line, but the whole."""
        self.bill(self.order_one, 10000, 4000)
        change = self.executed(self.change_line(-2000.0, 0.0, self.order_one))
        self.assertRegex(change.cost_problem, r"15,000.*-.*2,000.*billed.*14,000.*13,000")
        self.assertEqual(len(self.order_one.order_line), 2)
        again = self.executed(self.change_line(-1000.0, 0.0, self.order_one))
        self.assertEqual((again.cost_status, self.order_one.revised_amount), ("executed", 14000))

    def test_by_quantity_at_the_price_of_the_line(self):
        unit = self.line(product_qty=100.0, price_unit=12.5, sov_method="unit")
        order = self.order(unit, confirm=True)
        change = self.executed(
            self.change_line(None, 0.0, order, order.order_line, quantity_delta=8, unit_cost=12.5)
        )
        self.assertEqual(change.cost_amount, 100)
        self.assertEqual((order.order_line.product_qty, order.revised_amount), (108, 1350))
        other = self.executed(
            self.change_line(None, 0.0, order, order.order_line, quantity_delta=8, unit_cost=13)
        )
        self.assertIn("by unit at 12.5", other.cost_problem)
        wrong = self.executed(
            self.change_line(99.0, 0.0, order, order.order_line, quantity_delta=8)
        )
        self.assertIn("do not give the amount", wrong.cost_problem)
        self.assertEqual(order.revised_amount, 1350)

    def test_two_lines_on_one_line(self):
        line = self.order_one.order_line[0]
        self.executed(
            self.change_line(1000.0, 0.0, self.order_one, line),
            self.change_line(-300.0, 0.0, self.order_one, line),
        )
        self.assertEqual(line.product_qty, 10700)

    def test_a_cancelled_commitment_is_undone_already(self):
        change = self.executed()
        self.order_one.button_cancel()
        change.action_void("no")
        self.assertEqual(change.state, "void")

    def test_a_closed_job_takes_no_change(self):
        change = self.approved()
        self.job.job_status = "closed"
        change.action_cost_executed()
        self.assertIn("closed", change.cost_problem)

    def test_in_another_currency(self):
        euro = self.foreign()
        order = self.order(self.line(1000.0), currency_id=euro.id, confirm=True)
        change = self.approved(
            self.change_line(100.0, 150.0, order, order.order_line),
            currency_id=euro.id, date="2026-03-01",
        )  # fmt: skip
        self.assertFigures(budget=100200, pending=200)
        self.assertEqual(change._correction_amount(), 200, "in the company's currency")
        change.action_cost_executed()
        self.assertFigures(budget=100200, committed=17200, pending=0)
