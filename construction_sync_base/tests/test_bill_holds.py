"""Holds: no native path pays a document while one stands."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from .bills import BillCase


@tagged("post_install", "-at_install")
class TestHolds(BillCase, TransactionCase):
    def given(self):
        super().given()
        self.held, self.free = self.held_bill(1000, 0), self.held_bill(700, 0)
        self.held.with_user(self.manager).action_hold("Work is faulty")
        self.hold = self.held.hold_ids

    def test_who_and_why(self):
        self.assertEqual(
            (self.hold.reason, self.hold.note, self.hold.placed_by_id, self.hold.amount),
            ("manual", "Work is faulty", self.manager, 1000),
        )
        self.assertTrue(self.held.on_hold)
        self.assertFalse(self.free.on_hold)
        self.assertEqual(
            self.env["account.move"].search(
                [("on_hold", "=", True), ("id", "in", (self.held | self.free).ids)]
            ),
            self.held,
        )

    def test_the_wizard_leaves_it_out(self):
        self.assertEqual(self.pay(self.held | self.free, group_payment=True), (700, 700))
        self.assertEqual(self.held.amount_residual, 1000)
        with self.assertRaisesRegex(UserError, "Work is faulty"):
            self.wizard(self.held)

    def test_a_hold_after_the_wizard_was_opened(self):
        wizard = self.wizard(self.free)
        self.free.action_hold("Wait")
        with self.assertRaisesRegex(UserError, "Wait"):
            wizard.action_create_payments()

    def test_matching(self):
        payment = self.env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "supplier",
                "partner_id": self.vendor.id,
                "amount": 1000,
                "journal_id": self.bank.id,
            }
        )
        payment.action_post()
        item = payment.move_id.line_ids.filtered(lambda line: line.account_id == self.payable())
        with self.assertRaisesRegex(UserError, "on hold"), self.cr.savepoint():
            self.held.js_assign_outstanding_line(item.id)
        self.assertEqual(self.held.amount_residual, 1000)
        self.free.js_assign_outstanding_line(item.id)
        self.assertEqual(self.free.amount_residual, 0)

    def test_release(self):
        with self.assertRaises(AccessError):
            self.hold.with_user(self.manager).action_release_hold("Repaired")
        with self.assertRaisesRegex(UserError, "why"):
            self.hold.with_user(self.finance).action_release_hold(" ")
        self.hold.with_user(self.finance).action_release_hold("Repaired")
        self.assertEqual(
            (self.hold.state, self.hold.released_by_id, self.hold.release_note),
            ("released", self.finance, "Repaired"),
        )
        self.assertEqual(self.pay(self.held), (1000, 1000))

    def test_two_holds(self):
        """Both have to end; the same reason is not doubled."""
        Hold = self.env["construction.hold"]
        Hold._place(self.held, "dispute", "Disputed")
        Hold._place(self.held, "dispute", "Disputed again")
        self.assertEqual(len(self.held.hold_ids), 2)
        self.hold.with_user(self.finance).action_release_hold("Repaired")
        with self.assertRaisesRegex(UserError, "Disputed"):
            self.wizard(self.held)

    def test_evidence(self):
        for act in (
            lambda hold: hold.write({"note": "x"}),
            lambda hold: hold.write({"released_at": "2026-01-01"}),
            lambda hold: hold.unlink(),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act(self.hold.with_user(self.finance))
        with self.assertRaises(UserError), self.cr.savepoint():
            self.hold.unlink()
        with self.assertRaises(AccessError):
            self.held.with_user(self.make_user("hold-user", "project_user")).action_hold("x")
        with self.assertRaises(UserError):
            self.held.action_hold("")

    def test_a_draft_of_a_job_is_not_paid(self):
        draft = self.held_bill(100, 0, post=False)
        with self.assertRaisesRegex(UserError, "has not released"):
            self.wizard(draft)

    def test_reversal_of_a_held_bill(self):
        """A bill on hold can still be taken back."""
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=self.held.ids)
            .create({"journal_id": self.held.journal_id.id, "reason": "wrong"})
        )
        reversal.refund_moves()
        credit = reversal.new_move_ids
        credit.action_post()
        self.assertEqual(credit.state, "posted")
        self.assertEqual(self.held.amount_residual, 0)
