"""Bills with deductions in Odoo's own hands: reset, cancelled, credited, copied, taken back and
drafted again. What was deducted is booked once, and is gone with its bill."""

from decimal import Decimal

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .bills import BillCase


@tagged("post_install", "-at_install")
class TestBillDeductions(BillCase, TransactionCase):
    def given(self):
        super().given()
        self.ordered = self.order(self.line(10000.0), confirm=True, budget_reason="x")
        self.deducted = self.bill(self.ordered, 10000, post=False)
        self.deducted.write({"ref": "D-1", "invoice_date": "2026-03-31", "date": "2026-03-31"})
        cost = self.deducted.invoice_line_ids
        self.env["construction.bill.deduction"].create(
            {
                "move_id": self.deducted.id,
                "kind": "back_charge",
                "name": "BC-7",
                "amount": 1000,
                "account_id": cost.account_id.id,
                "analytic_distribution": cost.analytic_distribution,
            }
        )
        self.deducted.action_post()
        self.entry1 = self.deducted.deduction_entry_id
        self.assertEqual((self.deducted.state, self.entry1.state), ("posted", "posted"))

    def propose(self, origin):
        return self.env["construction.correction"]._propose(origin, "void", "wrong", "2026-04-09")

    def paid_by_step(self, origin):
        correction = self.propose(origin)
        paid = {line._record(): line.paid for line in correction.line_ids}
        correction.action_drop()
        return paid

    def bookkeeper(self):
        """Invoicing of Odoo, none of our groups."""
        user = self.make_user(self.unique("keeper-"))
        user.group_ids |= self.env.ref("account.group_account_invoice")
        return user

    def test_reset_to_draft_and_released_again(self):
        """The vendor is owed 9,000 after it as before, and the cost is 9,000."""
        bill = self.deducted.with_user(self.bookkeeper())
        bill.button_draft()
        self.assertEqual((self.entry1.state, self.balance(self.payable())), ("cancel", 0))
        self.assertFigures(actual=0)
        bill.action_post()
        self.assertEqual(bill.state, "posted")
        self.assertNotEqual(bill.deduction_entry_id, self.entry1)
        self.assertEqual((bill.amount_residual, self.balance(self.payable())), (9000, -9000))
        self.assertFigures(actual=9000)

    def test_cancelled(self):
        self.deducted.with_user(self.bookkeeper()).button_cancel()
        self.assertEqual((self.deducted.state, self.entry1.state), ("cancel", "cancel"))
        self.assertEqual(self.balance(self.payable()), 0)
        self.assertFigures(actual=0)

    def test_what_was_reversed_stays(self):
        """The entry was taken back by hand: the reset leaves both halves of that alone."""
        self.entry1._reverse_moves([{"date": self.entry1.date}], cancel=True)
        self.deducted.button_draft()
        self.assertEqual(self.entry1.state, "posted")
        self.assertEqual(self.balance(self.payable()), 0)

    def test_never_booked_twice(self):
        with self.assertRaisesRegex(UserError, "already"):
            self.deducted._post_deductions()

    def test_what_a_reset_bill_released_of_earlier_retention(self):
        """It asked for 600 of 1,200, and asks for 600 again: 600 stay held."""
        self.held_bill(6000, 1200)
        asking = self.held_bill(5000, 0, retention_released_amount=600)
        asking.button_draft()
        self.assertEqual(self.balance(self.retention_account), -1200)
        asking.action_post()
        self.assertEqual((asking.state, asking.amount_currently_due), ("posted", 5600))
        self.assertEqual(self.balance(self.retention_account), -600)

    def test_credit_note_and_duplicate(self):
        """The buttons of Odoo: neither deducts anything."""
        bill = self.deducted.with_user(self.finance)
        wizard = (
            self.env["account.move.reversal"]
            .with_user(self.finance)
            .with_context(active_model="account.move", active_ids=bill.ids)
            .create({"journal_id": bill.journal_id.id, "reason": "wrong"})
        )
        wizard.refund_moves()
        credit = wizard.new_move_ids
        for move in (credit, bill.copy()):
            self.assertFalse(move.deduction_ids)
        before = self.env["account.move"].search_count([])
        credit.action_post()
        self.assertEqual((credit.state, credit.deduction_entry_id.id), ("posted", False))
        self.assertEqual(self.env["account.move"].search_count([]), before)

    def test_a_credit_note_books_none(self):
        """Rows that came to one another way are not booked with the sign of a bill."""
        credit = self.deducted._reverse_moves([{"invoice_date": "2026-03-31"}])
        self.deducted.deduction_ids.copy({"move_id": credit.id})
        credit.action_post()
        self.assertEqual((credit.state, credit.deduction_entry_id.id), ("posted", False))

    def test_drafted_again_with_what_it_deducts(self):
        correction = self.propose(self.ordered)
        correction.with_user(self.releaser).action_release()
        draft = self.env["account.move"].search([("set_back_by_id", "=", correction.id)])
        row = draft.deduction_ids
        self.assertEqual((row.kind, row.name, row.amount), ("back_charge", "BC-7", 1000))
        self.assertTrue(row.analytic_distribution)
        self.assertFigures(actual=0)
        self.assertEqual(self.balance(self.payable()), 0)

    def test_a_deduction_is_no_payment(self):
        self.assertEqual(self.paid_by_step(self.deducted), {self.entry1: 0, self.deducted: 0})
        self.pay(self.deducted, amount=500)
        self.assertEqual(self.paid_by_step(self.deducted), {self.entry1: 0, self.deducted: 500})

    def test_released_retention_that_was_paid(self):
        bill = self.held_bill(10000, 1000)
        entry = bill._release_retention(Decimal(400), self.today(), self.today())
        items = entry.line_ids.filtered(lambda line: line.account_id == self.payable())
        self.assertEqual(self.paid_by_step(bill), {entry: 0, bill: 0})
        self.pay(items)
        self.assertEqual(self.paid_by_step(bill), {entry: 400, bill: 0})
