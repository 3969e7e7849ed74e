"""Supplier invoices: newer versions, voids, and how they go through match and release."""

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .invoices import InvoiceCase


@tagged("post_install", "-at_install")
class TestInvoiceVersions(InvoiceCase, TransactionCase):
    def given(self):
        super().given()
        self.people = [self.make_user(f"versions-{n}", "finance") for n in (1, 2)]

    def test_a_new_version_replaces_the_draft(self):
        bill = self.made(sequence=1)
        self.made(
            sequence=2,
            lines=[self.line_of("1500.00"), self.line_of("10.00", "2", quantity="2")],
            retention_amount="151.00",
        )
        self.assertEqual(self.bound("supplier_invoice", "I1"), bill)
        self.assertEqual((bill.amount_total, len(bill.invoice_line_ids)), (1510, 2))
        self.assertEqual((bill.retention_held, bill.amount_currently_due), (151, 1359))
        self.assertEqual((bill.release_state, len(bill.match_line_ids)), ("to_release", 2))

    def test_a_newer_version_after_posting(self):
        """The posted bill is taken back by Finance's release; then the new version is a bill."""
        bill = self.made(sequence=1)
        bill.with_user(self.people[0]).action_release()
        event = self.invoice(sequence=2, lines=[self.line_of("1500.00")])
        self.apply(event)
        correction = self.assertParked(event["id"], "matching").correction_id
        self.assertEqual(correction.release_state, "to_release")
        self.assertFalse(bill._is_undone())
        correction.with_user(self.people[0]).action_release()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertTrue(bill._is_undone())
        self.assertEqual((bill.state, bill.amount_total), ("posted", 1000))
        new = self.bound("supplier_invoice", "I1")
        self.assertEqual((new.state, new.amount_total), ("draft", 1500))

    def test_told_again(self):
        bill = self.made(sequence=1)
        bill.with_user(self.people[0]).action_release()
        self.made(sequence=2)
        self.assertEqual(self.bound("supplier_invoice", "I1"), bill)

    def test_another_kind_replaces_the_draft(self):
        """What Finance releases is the credit, never the debt that the first version was."""
        bill = self.made(sequence=1)
        credit = self.made(sequence=2, kind="credit_note")
        self.assertEqual((credit.move_type, credit.release_state), ("in_refund", "to_release"))
        self.assertEqual((bill.state, bill.release_state), ("cancel", False))
        self.assertIn(credit.ref, bill.message_ids[0].body)
        again = self.made(sequence=3)
        self.assertEqual((again.move_type, again.state), ("in_invoice", "draft"))
        self.assertEqual(credit.state, "cancel")

    def test_another_kind_that_cannot_be_booked_leaves_the_draft(self):
        bill = self.made(sequence=1)
        event = self.invoice(sequence=2, kind="credit_note", lines=[self.line_of("5.00", "99")])
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.made("I2", number="OTHER", kind="credit_note", date="2026-03-30")
        event = self.invoice(sequence=3, number="OTHER", kind="credit_note", date="2026-03-30")
        self.apply(event)
        self.assertParked(event["id"], "duplicate")
        self.assertEqual((bill.state, bill.release_state), ("draft", "to_release"))
        self.assertEqual(self.bound("supplier_invoice", "I1"), bill)

    def test_another_kind_after_posting(self):
        """The same numbers with the other sign are not the same."""
        bill = self.made(sequence=1)
        bill.with_user(self.people[0]).action_release()
        event = self.invoice(sequence=2, kind="credit_note")
        self.apply(event)
        self.assertParked(event["id"], "matching").correction_id.with_user(
            self.people[0]
        ).action_release()
        self.drain()
        self.assertTrue(bill._is_undone())
        self.assertEqual(self.bound("supplier_invoice", "I1").move_type, "in_refund")

    def test_another_release_of_retention_after_posting(self):
        self.made("I0", retention_amount="100.00", date="2026-03-01").with_user(
            self.people[0]
        ).action_release()
        bill = self.made(sequence=1, retention_released="40.00")
        bill.with_user(self.people[0]).action_release()
        self.made(sequence=2, retention_released="40.00")
        self.assertEqual(self.bound("supplier_invoice", "I1"), bill)
        event = self.invoice(sequence=3, retention_released="60.00")
        self.apply(event)
        self.assertTrue(self.assertParked(event["id"], "matching").correction_id)

    def test_voided(self):
        bill = self.made(sequence=1)
        data = {"external_id": "I1", "date": "2026-04-01", "reason": "Wrong job", "by": "Pat"}
        self.process(self.event("supplier_invoice.voided", data=data, sequence=2))
        self.assertEqual((bill.state, bill.release_state), ("cancel", False))
        again = self.made(sequence=3)
        self.assertNotEqual(again, bill)
        self.assertEqual((again.state, bill.state), ("draft", "cancel"))

    def test_voided_first(self):
        data = {"external_id": "I1", "date": "2026-04-01", "reason": "Wrong job", "by": "Pat"}
        self.process(self.event("supplier_invoice.voided", data=data, sequence=2))
        event = self.invoice(sequence=1)
        self.apply(event)
        self.assertFalse(self.bound("supplier_invoice", "I1"))

    def test_voided_after_posting(self):
        bill = self.made(sequence=1)
        bill.with_user(self.people[0]).action_release()
        data = {"external_id": "I1", "date": "2026-04-01", "reason": "Wrong job", "by": "Pat"}
        event = self.event("supplier_invoice.voided", data=data, sequence=2)
        self.apply(event)
        issue = self.assertParked(event["id"], "matching")
        self.assertIn("Reverse", issue.correction_effect)
        issue.correction_id.with_user(self.people[0]).action_release()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual((bill.state, bill.payment_state), ("posted", "reversed"))
        self.assertEqual(bill.reversal_move_ids.date, bill.date)

    def test_who_submitted_it_there_does_not_release_it_here(self):
        """A person of Finance who entered it at the platform needs somebody else."""
        person = self.people[0]
        bill = self.made(created_by={"external_id": "P1", "name": "Kim", "email": "kim@x.example"})
        self.env["construction.person"].sudo().search([]).user_id = person
        self.assertTrue(bill._duty_refusal(person))
        self.assertFalse(bill._duty_refusal(self.people[1]))


@tagged("post_install", "-at_install")
class TestInvoiceMatching(InvoiceCase, TransactionCase):
    def given(self):
        super().given()
        self.row = self.env["construction.match.policy"].create(
            {"company_id": self.company.id, "line_kind": "amount", "action": "block"}
        )

    def test_beyond_the_tolerance(self):
        event = self.invoice(lines=[self.line_of("10000.01")])
        self.process(event)
        bill = self.bound("supplier_invoice", "I1")
        self.assertEqual((bill.state, bill.release_state), ("draft", "returned"))
        issue = self.issues(event["id"])
        self.assertEqual((issue.category, issue.blocking), ("matching", False))
        self.assertIn("10,000.01", issue.message)
        self.assertEqual(bill.hold_ids.filtered(lambda h: h.state == "held").reason, "matching")
        self.row.write({"tolerance": "flat", "value": 1})
        bill.with_user(self.make_user("accept", "finance")).action_post()
        self.assertEqual((bill.release_state, bill.match_verdict), ("to_release", "match"))
        self.assertFalse(bill.on_hold)

    def test_missing_receipt(self):
        self.row.receipt_required = True
        self.process(self.invoice())
        bill = self.bound("supplier_invoice", "I1")
        self.assertEqual(bill.hold_ids.reason, "missing_receipt")

    def test_a_locked_month(self):
        """Nothing is moved in silence: Finance is told, whatever the policy says."""
        self.env["construction.release.policy"].sudo().search([]).write({"automatic": True})
        self.company.fiscalyear_lock_date = "2026-03-31"
        event = self.invoice()
        self.process(event)
        bill = self.bound("supplier_invoice", "I1")
        self.assertEqual((str(bill.date), bill.release_state), ("2026-04-30", "to_release"))
        issue = self.issues(event["id"]).filtered(lambda one: one.category == "period_locked")
        self.assertIn("2026-04-30", issue.message)
        finance = self.make_user("lock-finance", "finance")
        bill.date = "2026-03-15"
        with self.assertRaisesRegex(UserError, "lock date covers"):
            bill.with_user(finance).action_release()
        bill.date = "2026-04-02"
        bill.with_user(finance).action_release()
        self.assertEqual((bill.state, str(bill.date)), ("posted", "2026-04-02"))

    def test_automatic_release(self):
        self.env["construction.release.policy"].sudo().search(
            [("document_type", "=", "supplier_invoice")]
        ).write({"automatic": True, "amount_limit": 1500})
        self.assertEqual(self.made("I1").state, "posted")
        self.assertEqual(self.made("I2", lines=[self.line_of("1600.00")]).state, "draft")
