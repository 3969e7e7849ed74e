"""Bills of jobs: matched with their orders, held, released by Finance and posted."""

from datetime import timedelta

from lxml import etree
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged
from odoo.tools.safe_eval import safe_eval

from .bills import BillCase


@tagged("post_install", "-at_install")
class TestBillRelease(BillCase, TransactionCase):
    def given(self):
        super().given()
        self.by_hand()
        self.budget(100000)
        self.order1 = self.order(self.line(10000), confirm=True)

    def submitted(self, *quantities, user=None, **values):
        bill = self.bill(self.order1, *quantities, post=False)
        bill.write({"ref": self.unique("INV-"), **values})
        bill.with_user(user or self.finance).action_post()
        return bill

    def test_confirm_submits_and_finance_posts(self):
        bill = self.submitted(4000)
        self.assertEqual((bill.state, bill.release_state), ("draft", "to_release"))
        self.assertEqual((bill.match_verdict, bill.match_over), ("match", 0))
        self.assertFigures(billed=0, actual=0)
        with self.assertRaisesRegex(UserError, "submitted"):
            bill.with_user(self.finance).action_release()
        with self.assertRaisesRegex(UserError, "Finance releases|releases"):
            bill.with_user(self.manager).action_release()
        self.assertTrue(bill.with_user(self.releaser).may_decide)
        self.assertEqual(bill.next_step, "release by Finance")
        self.assertEqual((bill.bill_amount, bill.bill_due), (4000, 4000))
        bill.with_user(self.releaser).action_release()
        self.assertEqual((bill.state, bill.release_state), ("posted", "released"))
        self.assertEqual(bill.released_by_id, self.releaser)
        self.assertFigures(billed=4000, actual=4000)

    def create_buttons(self, user):
        """The buttons by which the form of the order offers its bill to this user now."""
        order = self.order1.with_user(user)
        values = order.read(["is_commitment", "state", "invoice_status", "billing_mode"])[0]
        arch = etree.fromstring(order.get_view(view_type="form")["arch"])
        found = arch.xpath("//header/button[@name='action_create_invoice']")
        return [b for b in found if not safe_eval(b.get("invisible", "False"), dict(values))]

    def test_the_form_of_an_order_offers_its_bill(self):
        buyer = self.make_user("bill-buyer", "project_manager")
        self.assertEqual(len(self.create_buttons(self.finance)), 1)
        self.assertFalse(self.create_buttons(buyer), "bookkeepers make bills")
        self.order1.billing_mode = "application"
        self.assertFalse(self.create_buttons(self.finance), "it waits for the certificate")
        self.order1.billing_mode = "invoice"
        self.order1.with_user(self.finance).action_create_invoice()
        bill = self.order1.invoice_ids
        self.assertEqual((bill.state, bill.amount_total), ("draft", 10000))
        self.assertEqual(bill.invoice_line_ids.purchase_line_id, self.order1.order_line)
        self.assertFalse(self.create_buttons(self.finance), "nothing is left to bill")

    def test_effect_before_the_decision(self):
        bill = self.submitted(4000, retention_amount=400)
        effect = bill.with_user(self.releaser).release_effect
        texts = ("4,000.00", "budget", "100,000.00", "Dr", "Cr", "Held as retention", "3,600.00")
        for text in texts:
            self.assertIn(text, effect)

    def test_who_may_not_confirm(self):
        bill = self.bill(self.order1, 10, post=False)
        with self.assertRaises(AccessError):
            bill.with_user(self.manager).action_post()
        self.assertFalse(bill.release_state)

    def test_other_bills_post_as_ever(self):
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.vendor.id,
                "invoice_date": self.today(),
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Paper", "price_unit": 5, "account_id": self.expense.id}
                    )
                ],
            }
        )
        bill.with_user(self.finance).action_post()
        self.assertEqual((bill.state, bill.release_state), ("posted", False))

    def test_what_waits_stays_as_it_was(self):
        bill = self.submitted(4000)
        for act in (
            lambda: bill.write({"ref": "other"}),
            lambda: bill.write({"retention_amount": 5}),
            lambda: bill.invoice_line_ids.write({"quantity": 5000}),
            lambda: bill.invoice_line_ids.unlink(),
            lambda: bill.write({"invoice_line_ids": [Command.create({"name": "x"})]}),
        ):
            with self.assertRaisesRegex(UserError, "take it back"), self.cr.savepoint():
                act()
        bill.date = self.today() - timedelta(days=1)
        bill.with_user(self.finance).action_take_back()
        bill.invoice_line_ids.quantity = 5000
        self.assertEqual(bill.amount_untaxed, 5000)

    def test_gate_fields_are_not_typed(self):
        bill = self.bill(self.order1, 10, post=False)
        for values in (
            {"release_state": "released"},
            {"match_verdict": "match"},
            {"from_platform": True},
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                bill.with_user(self.finance).write(values)

    def test_returned_with_a_reason(self):
        bill = self.submitted(4000)
        bill.with_user(self.releaser).action_return("Wrong month")
        self.assertEqual((bill.release_state, bill.release_reason), ("returned", "Wrong month"))
        bill.with_user(self.finance).action_post()
        self.assertEqual(bill.release_state, "to_release")

    def test_locked_date(self):
        """The date is not moved in silence: Finance is told and chooses another."""
        bill = self.submitted(4000, date=self.today() - timedelta(days=40))
        lock = self.today() - timedelta(days=30)
        self.company.fiscalyear_lock_date = lock
        with self.assertRaisesRegex(UserError, "lock date covers"):
            bill.with_user(self.releaser).action_release()
        self.assertEqual(bill.state, "draft")
        bill.date = self.today()
        bill.with_user(self.releaser).action_release()
        self.assertEqual((bill.state, bill.date), ("posted", self.today()))

    def test_back_to_draft_and_cancelled(self):
        bill = self.submitted(4000)
        bill.with_user(self.releaser).action_release()
        bill.button_draft()
        self.assertFalse(bill.release_state)
        bill.with_user(self.finance).action_post()
        self.assertEqual((bill.state, bill.release_state), ("draft", "to_release"))
        bill.button_cancel()
        self.assertFalse(bill.release_state)


@tagged("post_install", "-at_install")
class TestMatching(BillCase, TransactionCase):
    def given(self):
        super().given()
        self.budget(1000000)
        unit = {"sov_method": "unit", "product_qty": 100, "price_unit": 50}
        self.order1 = self.order(self.line(10000), self.line(**unit), confirm=True)
        self.lump, self.unit = self.order1.order_line

    def policy_row(self, kind, **values):
        return self.env["construction.match.policy"].create(
            {"company_id": self.company.id, "line_kind": kind, **values}
        )

    def draft(self, *quantities, price=None):
        bill = self.bill(self.order1, *quantities, post=False)
        bill.ref = self.unique("INV-")
        if price:
            bill.invoice_line_ids[1].price_unit = price
        return bill

    def result(self, bill, line):
        return bill.match_line_ids.filtered(lambda row: row.purchase_line_id == line)

    def test_v_m1_through_bills(self):
        """Line 10,000, billed 9,000, 2 % not to exceed 150: 1,150 passes, a cent more does not."""
        self.policy_row("amount", tolerance="percent_nte", value=2, limit=150, action="block")
        self.draft(9000, 0).action_post()
        over = self.draft(1150.01, 0)
        over.action_post()
        self.assertEqual((over.state, over.release_state), ("draft", "returned"))
        self.assertIn("150.01", over.release_reason)
        row = self.result(over, self.lump)
        self.assertEqual(
            (row.ordered, row.billed_before, row.this_bill, row.remaining, row.tolerance, row.over),
            (10000, 9000, 1150.01, 1000, 150, 150.01),
        )
        self.assertEqual((row.method, row.verdict), ("commitment", "block"))
        self.assertEqual(over.match_verdict, "block")
        over.invoice_line_ids[0].quantity = 1150
        over.action_post()
        self.assertEqual((over.state, over.match_verdict), ("posted", "match"))
        nothing_left = self.draft(0.01, 0)
        nothing_left.action_post()
        self.assertEqual(nothing_left.release_state, "returned")

    def test_flat_and_none(self):
        self.draft(9000, 0).action_post()
        row = self.policy_row("amount", tolerance="flat", value=100, action="block")
        bill = self.draft(1100, 0)
        bill._match_bills()
        self.assertEqual(bill.match_verdict, "match")
        row.tolerance = "none"
        bill.action_match()
        self.assertEqual((bill.match_verdict, bill.match_over), ("block", 100))

    def test_units(self):
        self.policy_row("unit", action="block")
        bill = self.draft(0, 60)
        bill.action_post()
        self.assertEqual(bill.state, "posted")
        self.assertEqual(self.result(bill, self.unit).method, "two_way")
        dear = self.draft(0, 10, price=51)
        dear._match_bills()
        row = self.result(dear, self.unit)
        self.assertEqual((row.over, row.billed_price, row.ordered_price), (10, 51, 50))
        self.assertIn("price", row.reason)
        many = self.draft(0, 41)
        many._match_bills()
        row = self.result(many, self.unit)
        self.assertEqual((row.billed_quantity, row.this_quantity, row.over), (60, 41, 50))

    def test_three_way(self):
        self.policy_row("unit", receipt_required=True, action="block")
        self.unit.qty_received = 30
        bill = self.draft(0, 40)
        bill.action_post()
        self.assertEqual(bill.release_state, "returned")
        self.assertIn("more than received", bill.release_reason)
        self.unit.qty_received = 40
        bill.action_post()
        self.assertEqual((bill.state, self.result(bill, self.unit).method), ("posted", "three_way"))

    def test_what_waits_counts(self):
        """Two bills that fit alone and not together: the second is told at once."""
        self.by_hand()
        self.policy_row("amount", action="block")
        first = self.draft(6000, 0)
        first.with_user(self.finance).action_post()
        second = self.draft(6000, 0)
        second.with_user(self.finance).action_post()
        self.assertEqual((first.release_state, second.release_state), ("to_release", "returned"))
        self.assertEqual(self.result(second, self.lump).billed_before, 6000)
        first.with_user(self.releaser).action_return("no")
        second.with_user(self.finance).action_post()
        self.assertEqual(second.match_verdict, "match")

    def test_matched_again_at_the_release(self):
        self.by_hand()
        row = self.policy_row("amount", tolerance="flat", value=100, action="block")
        bill = self.draft(10050, 0)
        bill.with_user(self.finance).action_post()
        self.assertEqual(bill.match_verdict, "match")
        row.tolerance = "none"
        with self.assertRaisesRegex(UserError, "over by"):
            bill.with_user(self.releaser).action_release()
        self.assertEqual(bill.state, "draft")

    def test_a_warning_needs_a_person(self):
        """The policy releases by itself, and not what differs."""
        self.policy_row("amount", action="warn")
        bill = self.draft(10001, 0)
        bill.with_user(self.finance).action_post()
        self.assertEqual((bill.match_verdict, bill.release_state), ("warn", "to_release"))
        bill.with_user(self.releaser).action_release()
        self.assertEqual(bill.state, "posted")

    def test_finance_accepts_with_a_reason(self):
        self.policy_row("amount", action="block")
        bill = self.draft(10001, 0)
        with self.assertRaises(UserError):
            bill.with_user(self.manager).write({"match_reason": "fine"})
        bill.with_user(self.finance).match_reason = "Agreed with the vendor by phone"
        bill.with_user(self.finance).action_post()
        self.assertEqual(bill.state, "posted")

    def test_credit(self):
        self.policy_row("amount", action="block")
        self.draft(4000, 0).action_post()
        credit = self.env["account.move"].create(
            {
                "move_type": "in_refund",
                "partner_id": self.vendor.id,
                "invoice_date": self.today(),
                "invoice_line_ids": [
                    Command.create(self.lump._prepare_account_move_line() | {"quantity": 4001})
                ],
            }
        )
        credit.action_post()
        self.assertEqual(credit.release_state, "returned")
        credit.invoice_line_ids.quantity = 4000
        credit.action_post()
        self.assertEqual((credit.state, self.order1.billed_amount), ("posted", 0))

    def test_without_an_order(self):
        self.policy_row("direct", action="block")
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.vendor.id,
                "invoice_date": self.today(),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Permit",
                            "price_unit": 80,
                            "account_id": self.expense.id,
                            "analytic_distribution": self.key(),
                            "tax_ids": [],
                        }
                    )
                ],
            }
        )
        bill.action_post()
        self.assertEqual((bill.match_verdict, bill.match_line_ids.method), ("block", "direct"))
        self.assertIn("no order", bill.release_reason)

    def test_queries_do_not_grow_with_bills_or_lines(self):
        """Matching four bills of five lines asks as often as matching one of one."""
        self.by_hand()

        def count(bills, lines):
            order = self.order(*[self.line(1000)] * lines, confirm=True)
            drafts = self.env["account.move"]
            for _number in range(bills):
                drafts |= self.bill(order, *[10] * lines, post=False)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            drafts._match_bills()
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        one, lines, bills = count(1, 1), count(1, 12), count(4, 5)
        self.assertLessEqual(lines, one + 3, f"{one} queries for one line, {lines} for 12")
        self.assertLessEqual(bills, one + 8, f"{one} queries for one line, {bills} for 20")
