"""Contingency and allowance: held until a transfer with a reason moves them to the work."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, TransactionCase, tagged

from .budgets import BudgetCase
from .common import SyncCase


@tagged("post_install", "-at_install")
class TestReserves(BudgetCase, TransactionCase):
    def given(self):
        super().given()
        self.reserve_line = self.first.line_ids.filtered("reserve")

    def use(self, amount=80.0, user=None, **values):
        dialog = self.env["construction.budget.reserve.use"].with_user(user or self.env.user)
        return dialog.create(
            {
                "line_id": self.reserve_line.id,
                "cost_code_id": self.code.id,
                "cost_type_id": self.material.id,
                "amount": amount,
                "reason": "Rock in the trench",
                **values,
            }
        ).action_confirm()

    def test_the_dialog_makes_and_submits_a_transfer(self):
        action = self.first.action_use_reserve()
        self.assertEqual(action["context"]["default_line_id"], self.reserve_line.id)
        form = Form(self.env["construction.budget.reserve.use"].with_context(**action["context"]))
        self.assertEqual((form.left_amount, form.job_id), (200, self.job))
        form.cost_code_id, form.cost_type_id = self.code, self.material
        form.amount, form.reason = 80, "Rock in the trench"
        form.save().action_confirm()
        change = self.job.budget_change_ids
        self.assertEqual(
            (change.kind, change.state, change.reason, change.amount_total),
            ("transfer", "approved", "Rock in the trench", 0),
        )
        self.assertEqual(self.revised(), (1000, 80, 1080))
        self.assertEqual(
            (self.first.contingency_amount, self.job.job_contingency_amount), (120, 120)
        )
        self.assertEqual(self.reserve_line.revised_amount, 120)

    def test_no_more_than_is_left(self):
        self.use(200.0)
        with self.assertRaisesRegex(UserError, "0.00 is left"):
            self.use(0.01)
        with self.assertRaisesRegex(UserError, "above zero"):
            self.use(0.0)
        self.assertEqual(self.job.job_contingency_amount, 0)

    def test_two_that_wait_cannot_both_take_the_last(self):
        self.env["construction.approval.rule"].create(
            {
                "name": "Director",
                "document_type": "budget_change",
                "user_id": self.make_user("director", "finance").id,
            }
        )
        director = self.env["res.users"].search([("login", "=", "director")])
        self.use(150.0)
        self.use(150.0)
        first, second = self.job.budget_change_ids
        first.with_user(director).action_release()
        with self.assertRaisesRegex(UserError, "50.00 is left"):
            second.with_user(director).action_release()

    def test_not_to_itself(self):
        with self.assertRaisesRegex(UserError, "of the work"):
            self.use(cost_code_id=self.reserve_code.id, cost_type_id=self.other.id)

    def test_only_a_reserve_of_an_approved_budget(self):
        with self.assertRaises(UserError):
            self.main_line.action_use_reserve()
        with self.assertRaises(UserError):
            self.first.copy().action_use_reserve()

    def test_who_uses_it(self):
        for group in ("project_user", "auditor"):
            with self.assertRaises(AccessError, msg=group), self.cr.savepoint():
                self.use(user=self.make_user(f"reserve-{group}", group))
        for group in ("project_manager", "finance"):
            self.use(user=self.make_user(f"reserve-{group}", group))
        self.assertEqual(self.job.job_contingency_amount, 40)

    def test_nothing_is_ordered_on_it(self):
        for check in ("off", "inform", "warn", "block", "route"):
            self.policy(budget_check=check)
            order = self.order(
                self.line(10, code=self.reserve_code, cost_type=self.other), budget_reason="x"
            )
            with self.assertRaisesRegex(UserError, "Use contingency", msg=check):
                order.button_confirm()
            self.assertEqual(order.state, "draft")

    def test_a_reserve_beside_work_is_not_available_for_it(self):
        self.policy(budget_check="block")
        mixed = self.version(
            (self.code, self.material, 1000.0), (self.code, self.material, 200.0, "allowance")
        )
        mixed.action_approve()
        self.assertFigures(budget=1200, available=1200)
        order = self.order(self.line(1000.01))
        with self.assertRaisesRegex(UserError, "over by"):
            order.button_confirm()
        self.order(self.line(1000), confirm=True)

    def test_once_moved_it_is_ordered_on(self):
        self.policy(budget_check="block")
        order = self.order(self.line(1050))
        with self.assertRaises(UserError):
            order.button_confirm()
        self.use(50.0)
        order.button_confirm()
        self.assertEqual(order.state, "purchase")

    def test_undoing_a_use_gives_it_back(self):
        self.use(200.0)
        self.job.budget_change_ids.action_void("No rock")
        self.assertEqual(self.job.job_contingency_amount, 200)


@tagged("post_install", "-at_install")
class TestReserveEvents(SyncCase, TransactionCase):
    def given(self):
        super().given()
        self.job = self.setup_job(codes=("03-300", "01-900"), budget=None)
        lines = [
            self.budget_line("1000.00"),
            self.budget_line("200.00", cost_code="01-900", reserve="contingency"),
        ]
        self.process(self.event("budget.approved", data=self.budget_data(lines=lines), sequence=1))

    def commitment(self, **over):
        line = self.commitment_line(amount="10.00", **over)
        data = self.commitment_data(lines=[line])
        return self.event("commitment.approved", data=data, sequence=1)

    def change(self, external_id, *lines):
        data = {
            "external_id": external_id, "job": "J1", "number": external_id, "kind": "transfer",
            "date": "2026-03-10", "currency": self.company.currency_id.name, "reason": "Rock",
            "lines": list(lines),
        }  # fmt: skip
        return self.event("budget_change.approved", data=data, sequence=1)

    def test_a_commitment_coded_to_it_waits_for_budget(self):
        event = self.commitment(cost_code="01-900")
        self.apply(event)
        issue = self.assertParked(event["id"], "budget")
        self.assertIn("Use contingency", issue.message)
        self.assertFalse(self.bound("commitment", "C1"))
        lines = [
            self.budget_line("-50.00", cost_code="01-900", reserve="contingency"),
            self.budget_line("50.00", cost_code="01-900"),
        ]
        self.process(self.change("BC1", *lines))
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_what_the_platform_overdraws_counts_and_is_told(self):
        lines = [
            self.budget_line("-250.00", cost_code="01-900", reserve="contingency"),
            self.budget_line("250.00"),
        ]
        event = self.change("BC1", *lines)
        self.process(event)
        self.assertEqual(self.job.job_contingency_amount, -50)
        (issue,) = self.issues(event["id"])
        self.assertEqual((issue.category, issue.blocking), ("budget", False))
        self.assertIn("200.00", issue.message)


@tagged("post_install", "-at_install")
class TestReserveTour(BudgetCase, HttpCase):
    def test_contingency_used(self):
        """A project manager moves contingency to a code; the form shows what is left."""
        self.code.name = "Tour concrete"
        self.start_tour("/odoo", "construction_contingency_used", login="admin")
        change = self.job.budget_change_ids
        self.assertEqual((change.state, change.reason), ("approved", "Rock in the trench"))
        self.assertEqual(self.job.job_contingency_amount, 150)
        self.assertEqual(self.revised(), (1000, 50, 1050))
