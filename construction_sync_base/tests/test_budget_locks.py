"""The budget lock of a job: who sets it, what it stops, how it opens."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from .budgets import BudgetCase
from .common import SyncCase


@tagged("post_install", "-at_install")
class TestBudgetLocks(BudgetCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.finance = cls.make_user("lock-finance", "finance")

    def test_revisions_and_versions_stop_and_transfers_go_on(self):
        self.first.with_user(self.finance).action_lock()
        for act in (
            self.change().action_approve,
            self.version((self.code, self.material, 1.0)).action_approve,
        ):
            with self.assertRaisesRegex(UserError, "locked"):
                act()
        self.transfer(50)
        self.assertEqual(self.revised(), (1000, -50, 950))

    def test_nothing_at_all(self):
        self.first.with_user(self.finance).action_lock_all()
        for act in (self.change().action_approve, lambda: self.transfer(50)):
            with self.assertRaisesRegex(UserError, "locked"), self.cr.savepoint():
                act()

    def test_it_opens_with_a_reason(self):
        self.job.with_user(self.finance).action_lock_budget_all()
        with self.assertRaisesRegex(UserError, "Say why"):
            self.job.with_user(self.finance).action_unlock_budget(" ")
        dialog = self.first.with_user(self.finance).action_unlock_dialog()
        self.env["construction.reason"].with_user(self.finance).with_context(
            **dialog["context"]
        ).create({"reason": "Owner added a floor"}).action_confirm()
        self.assertFalse(self.job.budget_lock)
        self.assertIn("Owner added a floor", self.job.message_ids[0].body)
        self.change(approve=True)
        actions = self.env["construction.audit"].search([("res_id", "=", self.job.id)])
        self.assertLessEqual({"budget_locked", "budget_unlocked"}, set(actions.mapped("action")))

    def test_only_finance(self):
        for group in ("project_manager", "project_user", "integration_manager"):
            user = self.make_user(f"lock-{group}", group)
            with self.assertRaises(AccessError, msg=group), self.cr.savepoint():
                self.job.with_user(user).action_lock_budget()
        self.job.with_user(self.finance).action_lock_budget()
        with self.assertRaises(AccessError):
            self.job.with_user(self.make_user("lock-pm", "project_manager")).action_unlock_budget(
                "please"
            )

    def test_not_by_a_bare_write(self):
        for act in (
            lambda: self.job.write({"budget_lock": "all"}),
            lambda: self.make_job("26-105", budget_lock="all"),
            lambda: self.job.with_context(construction_budget_lock=True).write(
                {"budget_lock": "all"}
            ),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()

    def test_a_job_without_a_budget_has_nothing_to_lock(self):
        with self.assertRaises(UserError):
            self.make_job("26-106").with_user(self.finance).action_lock_budget()

    def test_what_waited_when_it_was_locked_stops_as_well(self):
        self.env["construction.approval.rule"].create(
            {"name": "Director", "document_type": "budget_change", "user_id": self.finance.id}
        )
        change = self.change()
        change.with_user(self.make_user("lock-sender", "project_manager")).action_approve()
        self.job.with_user(self.finance).action_lock_budget()
        with self.assertRaisesRegex(UserError, "locked"):
            change.with_user(self.finance).action_release()


@tagged("post_install", "-at_install")
class TestLockedEvents(SyncCase, TransactionCase):
    def test_events_wait_until_it_is_opened(self):
        job = self.setup_job()
        version = self.budget_data("B2", version="2")
        version["lines"][0]["amount"] = "7.00"
        change = {
            "external_id": "BC1", "job": "J1", "number": "1", "kind": "revision",
            "date": "2026-03-10", "currency": self.company.currency_id.name, "reason": "Soil",
            "lines": [self.budget_line("1.00")],
        }  # fmt: skip
        void = {"external_id": "BC0", "date": "2026-04-01", "reason": "x", "by": {"name": "Pat"}}
        before = self.event("budget_change.approved", data={**change, "external_id": "BC0"})
        self.process(before)
        job.action_lock_budget_all()
        events = [
            self.event("budget.approved", data=version, sequence=2),
            self.event("budget_change.approved", data=change),
            self.event("budget_change.voided", data=void),
        ]
        self.apply(*events)
        for event in events:
            self.assertParked(event["id"], "budget")
        self.stored(before["id"]).write({"state": "pending"})
        self.drain()
        self.assertEqual(self.state(before["id"]), "processed", "a replay moves nothing")
        job.action_unlock_budget("Owner agreed")
        self.drain()
        for event in events:
            self.assertEqual(self.state(event["id"]), "processed")
        job.invalidate_recordset()
        self.assertEqual((job.job_budget_amount, job.job_changes_amount), (8, 1))
