"""Held retention is neither payable nor matched on any native path: facts X1 to X4, X8, X9."""

from datetime import timedelta
from decimal import Decimal

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .bills import BillCase


@tagged("post_install", "-at_install")
class TestHeldRetention(BillCase, TransactionCase):
    def test_where_it_stands(self):
        """Cost is gross; the vendor is owed two items, one of them held."""
        bill = self.held_bill(50000, 10000)
        self.assertEqual(self.terms(bill), {self.payable(): 40000, self.retention_account: 10000})
        self.assertFigures(billed=50000, actual=50000)
        self.assertEqual((bill.retention_held, bill.amount_currently_due), (10000, 40000))
        self.assertEqual(bill.amount_residual, 50000)

    def test_x1_one_bill(self):
        bill = self.held_bill(50000, 10000)
        self.assertEqual(self.pay(bill), (40000, 40000))
        self.assertEqual((bill.payment_state, bill.amount_residual), ("partial", 10000))
        self.assertEqual((bill.retention_held, bill.amount_currently_due), (10000, 0))
        with self.assertRaisesRegex(UserError, "release"):
            self.wizard(bill)

    def test_x2_grouped(self):
        """Two bills of one vendor with 12,000 held in all: 58,000 is shown and 58,000 paid."""
        bills = self.held_bill(50000, 10000) | self.held_bill(20000, 2000)
        self.assertEqual(self.pay(bills, group_payment=True), (58000, 58000))
        self.assertEqual(bills.mapped("payment_state"), ["partial", "partial"])
        self.assertEqual(self.balance(self.retention_account), -12000)
        self.assertEqual(sum(bills.mapped("retention_held")), 12000)

    def test_x2_one_payment_for_each(self):
        bills = self.held_bill(50000, 10000) | self.held_bill(20000, 2000)
        _shown, paid = self.pay(bills, group_payment=False)
        self.assertEqual(paid, 58000)
        self.assertEqual(self.balance(self.retention_account), -12000)

    def test_x3_in_full(self):
        bill = self.held_bill(10000, 1000)
        wizard = self.wizard(bill, installments_mode="full")
        self.assertEqual(wizard.amount, 9000)
        wizard.action_create_payments()
        self.assertEqual(bill.retention_held, 1000)

    def test_x4_a_date_is_no_release(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "30 days",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )
        bill = self.held_bill(50000, 10000, invoice_payment_term_id=term.id)
        later = bill.invoice_date_due + timedelta(days=400)
        self.assertEqual(self.pay(bill, payment_date=later), (40000, 40000))
        self.assertEqual(self.balance(self.retention_account), -10000)

    def test_instalments(self):
        """What is held comes out of the last instalment first."""
        term = self.env["account.payment.term"].create(
            {
                "name": "Halves",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 10}),
                    Command.create({"value": "percent", "value_amount": 50, "nb_days": 40}),
                ],
            }
        )
        bill = self.held_bill(1000, 600, invoice_payment_term_id=term.id)
        lines = bill.line_ids.filtered(lambda line: line.display_type == "payment_term")
        found = [(line.account_id, -line.amount_currency) for line in lines.sorted("date_maturity")]
        self.assertEqual(found[0], (self.payable(), 400))
        self.assertEqual(len(found), 2)
        self.assertIn((self.retention_account, 600), found)

    def test_x8_release_with_a_bill(self):
        """Work of 5,000 with 600 released in it: 5,600 payable and paid, nothing left."""
        first = self.held_bill(6000, 600)
        self.pay(first)
        second = self.held_bill(5000, 0, retention_released_amount=600)
        self.assertEqual(self.pay(second), (5600, 5600))
        for bill in (first, second):
            self.assertEqual((bill.amount_residual, bill.payment_state), (0, "paid"))
        self.assertEqual(self.balance(self.retention_account), 0)
        self.assertEqual(self.balance(self.payable()), 0)

    def test_a_release_that_does_not_stand_is_not_owed(self):
        """Its entry is reset and cancelled after all was paid: nothing of the bill is open. One
        that stands again is owed by its payable item, whatever lies on the retention account."""
        self.pay(self.held_bill(6000, 1200))
        second, third = (
            self.held_bill(5000, 0, retention_released_amount=600) for _number in range(2)
        )
        for bill in (second, third):
            self.pay(bill)
            bill.retention_release_ids.button_draft()
        second.retention_release_ids.button_cancel()
        self.assertEqual((second.amount_currently_due, second.payment_state), (0, "paid"))
        entry = third.retention_release_ids
        entry.line_ids.remove_move_reconcile()
        self.assertEqual((third.amount_currently_due, third.payment_state), (0, "paid"))
        entry.action_post()
        self.assertEqual((third.amount_currently_due, third.payment_state), (600, "partial"))

    def test_no_more_is_released_than_held(self):
        self.held_bill(6000, 600)
        bill = self.held_bill(5000, 0, retention_released_amount=601, post=False)
        with self.assertRaisesRegex(UserError, "600.* is held"):
            bill.action_post()

    def test_x9_what_is_owed_now(self):
        """The vendor's total is what is due; the retention is not."""
        before = self.vendor.debit
        self.held_bill(50000, 10000)
        self.vendor.invalidate_recordset()
        self.assertEqual(self.vendor.debit - before, 40000)

    def test_payment_matching(self):
        """A payment on account is matched with what is payable; the held item stays."""
        bill = self.held_bill(10000, 1000)
        payment = self.env["account.payment"].create(
            {
                "payment_type": "outbound",
                "partner_type": "supplier",
                "partner_id": self.vendor.id,
                "amount": 10000,
                "journal_id": self.bank.id,
            }
        )
        payment.action_post()
        item = payment.move_id.line_ids.filtered(lambda line: line.account_id == self.payable())
        bill.js_assign_outstanding_line(item.id)
        self.assertEqual((bill.amount_residual, bill.retention_held), (1000, 1000))
        self.assertEqual(item.amount_residual, 1000)

    def test_no_entry_on_the_account_pays_it(self):
        """Neither a manual entry nor a bank line takes a held item without a release."""
        bill = self.held_bill(10000, 1000)
        held = bill.line_ids.filtered("is_retention")
        entry = self.env["account.move"].create(
            {
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": self.vendor.id,
                            "balance": amount,
                        }
                    )
                    for account, amount in ((self.retention_account, 1000), (self.asset, -1000))
                ]
            }
        )
        entry.action_post()
        counterpart = entry.line_ids.filtered(lambda i: i.account_id == self.retention_account)
        for context in ({}, {"construction_retention": True}):
            with self.assertRaisesRegex(UserError, "by a release"), self.cr.savepoint():
                (held | counterpart).with_context(**context).reconcile()
        self.assertFalse(held.reconciled)

    def test_lines_given_to_the_wizard(self):
        """By RPC the wizard can be made with any items."""
        bill = self.held_bill(10000, 1000)
        wizard = self.env["account.payment.register"].create(
            {"line_ids": [Command.set(bill.line_ids.filtered("is_retention").ids)]}
        )
        with self.assertRaisesRegex(UserError, "by a release"):
            wizard.action_create_payments()

    def test_partial_release(self):
        bill = self.held_bill(10000, 1000)
        entry = bill._release_retention(Decimal(400), self.today(), self.today())
        self.assertEqual((bill.retention_held, bill.amount_currently_due), (600, 9000))
        items = entry.line_ids.filtered(lambda line: line.account_id == self.payable())
        self.assertEqual(self.pay(items), (400, 400))

    def test_credit_note(self):
        """A credit note of 30,000 with 3,000 held is 27,000 and 3,000, the other way round."""
        order = self.order(self.line(50000), confirm=True, budget_reason="x")
        self.bill(order, 50000)
        credit = self.env["account.move"].create(
            {
                "move_type": "in_refund",
                "partner_id": self.vendor.id,
                "ref": self.unique("CR-"),
                "invoice_date": self.today(),
                "retention_amount": 3000,
                "invoice_line_ids": [
                    Command.create(
                        order.order_line._prepare_account_move_line()
                        | {"quantity": 30000, "price_unit": 1}
                    )
                ],
            }
        )
        credit.action_post()
        self.assertEqual(
            self.terms(credit), {self.payable(): -27000, self.retention_account: -3000}
        )
        self.assertEqual(order.billed_amount, 20000)

    def test_reversal_gives_back_both(self):
        bill = self.held_bill(10000, 1000)
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=bill.ids)
            .create({"journal_id": bill.journal_id.id, "reason": "wrong"})
        )
        reversal.refund_moves()
        credit = reversal.new_move_ids
        credit.ref = "CR-1"
        credit.action_post()
        self.assertEqual(self.balance(self.retention_account), 0)
        self.assertEqual(bill.retention_held, 0)

    def test_changes_of_a_draft(self):
        """Amount, retention and due date of a draft: no item ends on the wrong account."""
        bill = self.held_bill(1000, 100, post=False)
        bill.retention_amount = 200
        self.assertEqual(self.terms(bill), {self.payable(): 800, self.retention_account: 200})
        bill.invoice_line_ids.quantity = 900
        self.assertEqual(self.terms(bill), {self.payable(): 700, self.retention_account: 200})
        bill.invoice_date = self.today() - timedelta(days=20)
        bill.invoice_date_due = self.today() + timedelta(days=20)
        self.assertEqual(self.terms(bill), {self.payable(): 700, self.retention_account: 200})
        bill.retention_amount = 0
        self.assertEqual(self.terms(bill), {self.payable(): 900})
        bill.retention_amount = 50
        self.assertEqual(self.terms(bill), {self.payable(): 850, self.retention_account: 50})

    def test_foreign_currency(self):
        euro = self.foreign()
        order = self.order(self.line(1000), currency_id=euro.id, confirm=True, budget_reason="x")
        bill = self.bill(order, 1000, post=False)
        bill.write({"retention_amount": 333.33, "ref": "E-1"})
        bill.action_post()
        held = bill.line_ids.filtered("is_retention")
        self.assertEqual((held.amount_currency, held.balance), (-333.33, -666.66))
        self.assertEqual(self.terms(bill)[self.payable()], 666.67)

    def test_guards(self):
        with self.assertRaisesRegex(UserError, "higher than the total"):
            self.held_bill(100, 101)
        with self.assertRaisesRegex(ValidationError, "payable account of vendors"):
            self.env["construction.account.map"].search(
                [], limit=1
            ).retention_account_id = self.payable()

    def test_without_an_account(self):
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        rows.retention_account_id = False
        with self.assertRaisesRegex(UserError, "no account for retention"):
            self.held_bill(100, 10, post=False)
