"""Budget changes that are taken back: by a counter movement, whoever does it, in any order of
arrival."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from .budgets import BudgetCase
from .test_budget_change_events import ChangeEventCase


@tagged("post_install", "-at_install")
class TestVoid(BudgetCase, TransactionCase):
    def test_a_counter_movement(self):
        change = self.transfer(50)
        change.action_void("Wrong trade")
        counter = change.voided_by_ids
        self.assertEqual((change.state, counter.state), ("void", "approved"))
        self.assertEqual((counter.number, counter.reason), (f"{change.number}/V", "Wrong trade"))
        self.assertEqual(counter.kind, "transfer")
        self.assertEqual(self.revised(), (1000, 0, 1000))
        self.assertEqual(self.revised(cost_type=self.subcontract), (500, 0, 500))

    def test_only_once_and_not_the_counter(self):
        change = self.change(approve=True)
        change.action_void("x")
        for act in (
            lambda: change.action_void("again"),
            lambda: change.voided_by_ids.action_void("back"),
            lambda: self.change().action_void("a draft"),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()
        with self.assertRaisesRegex(UserError, "Say why"):
            self.change(approve=True).action_void(" ")

    def test_who_voids(self):
        change = self.change(approve=True)
        with self.assertRaises(AccessError):
            change.with_user(self.make_user("v-user", "project_user")).action_void("x")
        change.with_user(self.make_user("v-manager", "project_manager")).action_void("x")
        self.assertEqual(change.state, "void")


@tagged("post_install", "-at_install")
class TestBudgetChangeVoided(ChangeEventCase, TransactionCase):
    def test_a_counter_movement_of_its_day(self):
        self.process(self.transfer(sequence=1))
        self.process(self.voided(sequence=2))
        change = self.change()
        counter = change.voided_by_ids
        self.assertEqual((change.state, counter.state), ("void", "approved"))
        self.assertEqual((str(counter.date), counter.reason), ("2026-04-01", "Mistake"))
        self.assertEqual(self.moved(), (0, 0))

    def test_out_of_order_with_sequences(self):
        for first, second in (
            (self.voided(sequence=2), self.approved(sequence=1)),
            (self.voided("BC2", sequence=2), self.approved("BC2", sequence=1)),
        ):
            self.process(first)
            self.process(second)
        self.assertEqual(self.moved(), (0, 0))
        change = self.change()
        self.assertEqual((change.state, bool(change.approved_on)), ("void", False))

    def test_out_of_order_by_time_inside_one_second(self):
        approved = self.approved(time="2026-03-10T10:00:00.200Z")
        void = self.voided(time="2026-03-10T10:00:00.900Z")
        self.process(void)
        self.process(approved)
        self.assertEqual((self.change().state, self.moved()), ("void", (0, 0)))
        again = self.approved(time="2026-03-10T10:00:00.950Z")
        self.process(again)
        self.assertEqual((self.change().state, self.moved()), ("approved", (250, 0)))
        self.stored(approved["id"]).write({"state": "pending"})
        self.drain()
        self.assertEqual(self.state(approved["id"]), "processed")
        self.assertEqual(self.moved(), (250, 0), "a replay moves nothing")

    def test_both_in_one_batch_in_the_wrong_order(self):
        self.process(self.voided(sequence=2), self.approved(sequence=1))
        self.assertEqual(self.moved(), (0, 0))
        self.assertEqual(self.change().state, "void")
        self.assertTrue(self.change().voided_by_ids, "by its sequence it was the second")

    def test_it_waits_behind_its_parked_change(self):
        approved = self.approved("BC1", self.budget_line("5.00", cost_code="09-900"), sequence=1)
        self.apply(approved)
        void = self.voided(sequence=2)
        self.apply(void)
        self.assertEqual(self.state(void["id"]), "pending")
        self.process(self.event("cost_code.upserted", data=self.cost_code_data("09-900")))
        self.drain()
        self.assertEqual(self.state(approved["id"]), "processed")
        self.assertEqual(self.state(void["id"]), "processed")
        self.assertEqual(self.change().state, "void")

    def test_approved_again_after_the_void(self):
        self.process(self.approved(sequence=1))
        first = self.change()
        self.process(self.voided(sequence=2))
        self.process(self.approved(sequence=3))
        self.assertEqual((self.change().state, self.change().number), ("approved", "BC1.2"))
        self.assertNotEqual(self.change(), first)
        self.assertEqual(self.moved(), (250, 0))
        self.process(self.voided(sequence=4))
        self.assertEqual(self.moved(), (0, 0))

    def test_voided_by_a_person_before(self):
        self.process(self.approved(sequence=1))
        self.change().action_void("Owner called")
        self.process(self.voided(sequence=2))
        self.assertEqual(self.moved(), (0, 0))
        self.assertEqual(len(self.job.budget_change_ids), 2)

    def test_a_closed_job_until_it_is_reopened(self):
        self.process(self.approved(sequence=1))
        self.job.job_status = "closed"
        void = self.voided(sequence=2)
        self.apply(void)
        self.assertParked(void["id"], "inactive_target")
        self.job.job_status = "active"
        self.drain()
        self.assertEqual(self.moved(), (0, 0))
