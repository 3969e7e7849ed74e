"""Supplier invoices: what they refer to, and those that are there already."""

from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .invoices import InvoiceCase


@tagged("post_install", "-at_install")
class TestInvoiceReferences(InvoiceCase, TransactionCase):
    def test_it_waits_for_its_commitment(self):
        event = self.invoice(commitment="C9")
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        data = self.commitment_data("C9", lines=[self.commitment_line(amount="5000.00")])
        self.process(self.event("commitment.approved", data=data, sequence=1))
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        bill = self.bound("supplier_invoice", "I1")
        self.assertEqual(bill.invoice_line_ids.purchase_line_id.order_id.commitment_number, "PO-C9")

    def test_unknown_line(self):
        issues = self.refused("unmapped_reference", lines=[self.line_of("10.00", "99")])
        self.assertIn("99", issues.message)
        self.refused("unmapped_reference", lines=[{"description": "x", "amount": "10.00"}])

    def test_incomplete_coding(self):
        issues = self.refused(
            "unmapped_reference", commitment=None, lines=[self.direct(cost_code=None)]
        )
        self.assertIn("cost code", issues.message)

    def test_other_vendor(self):
        self.process(self.event("vendor.upserted", data=self.vendor_data("V2"), sequence=1))
        self.refused("ownership_conflict", vendor="V2")

    def test_other_currency(self):
        self.env.ref("base.EUR").active = True
        self.refused("amount", currency="EUR")

    def test_billed_by_application(self):
        """No second bill beside the certificate's: it waits and says for what."""
        self.ordered._editable().billing_mode = "application"
        event = self.invoice()
        self.apply(event)
        issues = self.assertParked(event["id"], "approval")
        self.assertIn("waits for the certificate", issues.message)
        self.assertFalse(self.bound("supplier_invoice", "I1"))
        self.ordered._editable().billing_mode = "invoice"
        self.env["construction.resolver"]._available([("certificate", str(self.ordered.id))])
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_of_an_application(self):
        issues = self.refused("approval", application="APP-7")
        self.assertIn("APP-7", issues.message)

    def test_closed_order(self):
        self.ordered._close_commitment("final", "2026-03-01")
        self.refused("inactive_target")

    def test_two_companies(self):
        """X21: what one company buys for the job of another is no bill of either."""
        second = self.make_company("Second")
        self.platform.company_ids |= second
        self.map_entity(second)
        data = self.job_data("J2", legal_entity="second")
        self.process(self.event("job.upserted", data=data, sequence=1))
        self.refused("ownership_conflict", lines=[self.line_of("10.00"), self.direct(job="J2")])

    def map_entity(self, company):
        return self.env["construction.crosswalk"].create(
            {
                "kind": "legal_entity",
                "external_value": "second",
                "res_model": "res.company",
                "res_id": company.id,
                "company_id": self.company.id,
            }
        )

    def test_no_retention_account(self):
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        account = rows[0].retention_account_id
        rows.retention_account_id = False
        event = self.invoice(retention_amount="10.00")
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        rows.retention_account_id = account
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_schema(self):
        self.refused("schema", lines=[])
        self.refused("schema", kind="reminder")
        self.refused("schema", vendor=None)


@tagged("post_install", "-at_install")
class TestInvoiceDuplicates(InvoiceCase, TransactionCase):
    def test_the_same_number_written_otherwise(self):
        """By another channel, with blanks and zeros: a question, and no second bill."""
        bill = self.made(number="INV-0042")
        issues = self.refused("duplicate", number="inv 42")
        self.assertEqual([row["id"] for row in issues.candidates], bill.ids)

    def test_odoos_own_check(self):
        """Another number, but vendor, day and amount are the same."""
        self.made(number="A-1")
        self.refused("duplicate", number="B-2")

    def test_another_invoice_after_all(self):
        self.made(number="A-1")
        event = self.invoice("I2", number="B-2")
        self.apply(event)
        issues = self.assertParked(event["id"], "duplicate")
        wizard = self.env["construction.issue.choose"]._for_issue(issues)
        wizard.action_make_new()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.bound("supplier_invoice", "I2").ref, "B-2")

    def test_a_dry_run_sees_the_bill(self):
        """What a change of mapping would do to a draft bill is shown as for any document."""
        self.made(number="A-1")
        read = self.env["construction.reapply"]._readings(
            [("account.move", self.bound("supplier_invoice", "I1").id)]
        )
        (values,) = read.values()
        self.assertIn("A-1", str(values))

    def test_two_alike_in_one_batch(self):
        events = [self.invoice("I1", number="S-1"), self.invoice("I2", number="S 1")]
        self.apply(*events)
        self.assertEqual([self.state(e["id"]) for e in events], ["processed", "parked"])

    def test_a_bill_typed_by_hand(self):
        typed = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.bound("vendor", "V1").id,
                "invoice_date": "2026-03-31",
                "ref": "INV I1",
                "invoice_line_ids": [
                    Command.create(
                        self.ordered.order_line[0]._prepare_account_move_line()
                        | {"quantity": 1000, "price_unit": 1}
                    )
                ],
            }
        )
        issues = self.refused("duplicate", number="INV-I1")
        self.assertEqual([row["id"] for row in issues.candidates], typed.ids)

    def test_people_are_warned(self):
        bill = self.made(number="W-7")
        typed = bill.copy({"ref": "w 007", "invoice_date": "2026-03-31"})
        self.assertIn(bill, typed.duplicated_ref_ids)

    def test_other_days_and_amounts_are_no_duplicates(self):
        self.made("I1", number="A-1")
        self.made("I2", number="A-2", lines=[self.line_of("999.00")])
        self.made("I3", number="A-3", date="2026-04-01")
