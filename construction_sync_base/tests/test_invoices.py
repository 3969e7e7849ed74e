"""supplier_invoice.received and .voided: one draft bill with the document's own totals."""

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .common import SyncCase

PER_BILL = 13  # queries that a further bill of a batch may take: Odoo's own and the chatter's


class InvoiceCase(SyncCase):
    def setUp(self):
        super().setUp()
        self.job = self.setup_job(codes=("03-300", "05-120"))
        self.env["construction.release.policy"].sudo().search(
            [("document_type", "=", "supplier_invoice")]
        ).write({"automatic": False})
        lines = [
            self.commitment_line("1", "10000.00"),
            self.commitment_line(
                "2",
                "500.00",
                cost_code="05-120",
                pricing="unit",
                quantity="100",
                uom="ea",
                unit_cost="5.00",
            ),
        ]
        self.process(
            self.event("commitment.approved", data=self.commitment_data(lines=lines), sequence=1)
        )
        self.ordered = self.bound("commitment", "C1")
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        rows.write(
            {
                "retention_account_id": self.account("211900", "liability_payable").id,
                "advance_account_id": self.account("131900", "asset_current").id,
            }
        )

    def account(self, code, kind, **values):
        return self.env["account.account"].create(
            {
                "name": f"Account {code}",
                "code": code,
                "account_type": kind,
                "reconcile": kind == "liability_payable",
                "company_ids": [Command.set(self.company.ids)],
                **values,
            }
        )

    def tax(self, percent, **values):
        """A purchase tax, mapped to the code of its percentage."""
        tax = self.env["account.tax"].create(
            {
                "name": f"Tax {percent}",
                "amount": percent,
                "type_tax_use": "purchase",
                "company_id": self.company.id,
                **values,
            }
        )
        self.env["construction.crosswalk"].create(
            {
                "kind": "tax_code",
                "external_value": f"T{percent}",
                "res_model": "account.tax",
                "res_id": tax.id,
                "company_id": self.company.id,
            }
        )
        return tax

    def line_of(self, amount="1000.00", commitment_line_id="1", **over):
        return {
            "description": f"Line {commitment_line_id}",
            "amount": amount,
            "commitment_line_id": commitment_line_id,
            **over,
        }

    def direct(self, amount="70.00", **over):
        return {
            "description": "Permit",
            "amount": amount,
            "job": "J1",
            "cost_code": "03-300",
            "cost_type": "other",
            **over,
        }

    def invoice_data(self, external_id="I1", lines=None, **over):
        lines = [self.line_of()] if lines is None else lines
        untaxed = f"{sum(float(line['amount']) for line in lines):.2f}"
        tax = over.get("amount_tax", "0.00")
        return {
            "external_id": external_id,
            "kind": "invoice",
            "number": f"INV-{external_id}",
            "vendor": "V1",
            "commitment": "C1",
            "date": "2026-03-31",
            "currency": self.company.currency_id.name,
            "amount_untaxed": untaxed,
            "amount_tax": tax,
            "amount_total": f"{float(untaxed) + float(tax):.2f}",
            "lines": lines,
            **over,
        }

    def invoice(self, external_id="I1", sequence=None, **over):
        data = self.invoice_data(external_id, **over)
        data = {name: value for name, value in data.items() if value is not None}
        return self.event("supplier_invoice.received", data=data, sequence=sequence)

    def made(self, external_id="I1", sequence=None, **over):
        self.process(self.invoice(external_id, sequence, **over))
        return self.bound("supplier_invoice", external_id)

    def refused(self, category, **over):
        external_id = self.unique("X")
        event = self.invoice(external_id, **over)
        before = self.env["account.move"].search_count([])
        self.apply(event)
        issues = self.assertParked(event["id"], category)
        self.assertFalse(self.bound("supplier_invoice", external_id))
        self.assertEqual(self.env["account.move"].search_count([]), before)
        return issues


@tagged("post_install", "-at_install")
class TestInvoices(InvoiceCase, TransactionCase):
    def test_one_draft_bill(self):
        bill = self.made(
            lines=[
                self.line_of("2500.00"),
                self.line_of("50.00", "2", quantity="10", uom="ea", unit_price="5.00"),
            ],
            due_date="2026-05-15",
            received_on="2026-04-02",
        )
        self.assertEqual((bill.move_type, bill.state), ("in_invoice", "draft"))
        self.assertEqual((bill.ref, str(bill.invoice_date)), ("INV-I1", "2026-03-31"))
        self.assertEqual(str(bill.invoice_date_due), "2026-05-15")
        self.assertEqual(str(bill.received_on), "2026-04-02")
        self.assertEqual(bill.partner_id, self.bound("vendor", "V1"))
        self.assertEqual(bill.construction_job_id, self.job)
        self.assertEqual((bill.amount_untaxed, bill.amount_total), (2550, 2550))
        lump, unit = bill.invoice_line_ids
        self.assertEqual((lump.quantity, lump.price_unit), (2500, 1))
        self.assertEqual((unit.quantity, unit.price_unit), (10, 5))
        self.assertEqual((lump | unit).purchase_line_id, self.ordered.order_line)
        for line in lump | unit:
            self.assertEqual(
                line.analytic_distribution, line.purchase_line_id.analytic_distribution
            )
            self.assertEqual(line.account_id.id, line.purchase_line_id._mapped_cost_account_id())
        self.assertEqual((bill.release_state, bill.match_verdict), ("to_release", "match"))
        self.assertEqual(bill.create_uid, self.platform.service_user_id)
        self.assertEqual(len(bill.match_line_ids), 2)

    def test_released_and_posted(self):
        bill = self.made()
        finance = self.make_user("invoice-finance", "finance")
        bill.with_user(finance).action_release()
        self.assertEqual((bill.state, self.ordered.billed_amount), ("posted", 1000))

    def test_credit_note(self):
        self.made().with_user(self.make_user("cn", "finance")).action_release()
        credit = self.made("I2", kind="credit_note", reverses="I1", lines=[self.line_of("400.00")])
        self.assertEqual((credit.move_type, credit.amount_total), ("in_refund", 400))
        self.assertEqual(credit.reversed_entry_id, self.bound("supplier_invoice", "I1"))
        credit.with_user(self.make_user("cn2", "finance")).action_release()
        self.assertEqual(self.ordered.billed_amount, 600)

    def test_prepayment(self):
        """An advance is an asset: neither cost nor billed of the order."""
        bill = self.made(kind="prepayment", lines=[{"description": "Advance", "amount": "3000.00"}])
        self.assertEqual(bill.invoice_line_ids.account_id.code, "131900")
        self.assertFalse(bill.invoice_line_ids.analytic_distribution)
        bill.with_user(self.make_user("pre", "finance")).action_release()
        self.assertEqual((bill.state, self.ordered.billed_amount), ("posted", 0))

    def test_retention(self):
        bill = self.made(retention_amount="100.00", amount_payable="900.00")
        self.assertEqual((bill.retention_held, bill.amount_currently_due), (100, 900))
        by_line = self.made("I2", lines=[self.line_of("500.00", retention_amount="50.00")])
        self.assertEqual(by_line.retention_amount, 50)

    def test_cost_without_an_order(self):
        bill = self.made(commitment=None, lines=[self.direct()])
        line = bill.invoice_line_ids
        self.assertFalse(line.purchase_line_id)
        key = self.env["construction.coding"]._read_distribution([line.analytic_distribution])[0]
        self.assertEqual((key["job"], key["cost_code"].code), (self.job, "03-300"))
        self.assertEqual(
            (bill.construction_job_id, bill.match_line_ids.method), (self.job, "direct")
        )

    def test_a_unit_line_without_quantity(self):
        bill = self.made(lines=[self.line_of("50.00", "2")])
        self.assertEqual(bill.invoice_line_ids.quantity, 10)

    def test_a_price_that_needs_more_digits(self):
        """3 pieces for 10.00: the amount leads and stays."""
        bill = self.made(lines=[self.line_of("10.00", "2", quantity="3", unit_price="3.33")])
        self.assertEqual((bill.amount_untaxed, bill.invoice_line_ids.quantity), (10, 3))

    def test_negative_line(self):
        bill = self.made(lines=[self.line_of("1000.00"), self.direct("-50.00")])
        self.assertEqual(bill.amount_total, 950)


@tagged("post_install", "-at_install")
class TestInvoiceTotals(InvoiceCase, TransactionCase):
    def test_tax_as_on_the_document(self):
        """A cent beside what Odoo computes stays as it is on the document."""
        self.tax(8)
        bill = self.made(lines=[self.line_of("100.00", tax_code="T8")], amount_tax="8.01")
        self.assertEqual((bill.amount_tax, bill.amount_total), (8.01, 108.01))
        finance = self.make_user("tax-finance", "finance")
        bill.with_user(finance).action_release()
        self.assertEqual((bill.state, bill.amount_tax), ("posted", 8.01))

    def test_a_tax_that_is_off(self):
        self.tax(8)
        self.refused("amount", lines=[self.line_of("100.00", tax_code="T8")], amount_tax="8.02")

    def test_tax_of_the_header(self):
        tax = self.tax(8)
        taxes = [{"tax_code": "T8", "base": "100.00", "amount": "8.00"}]
        bill = self.made(lines=[self.line_of("100.00")], amount_tax="8.00", taxes=taxes)
        self.assertEqual((bill.invoice_line_ids.tax_ids, bill.amount_total), (tax, 108))

    def test_tax_that_is_cost(self):
        """Without a record in Odoo it is a cost line of its own and no part of the order."""
        bill = self.made(
            lines=[self.line_of("1000.00", tax_amount="80.00", tax_recoverable=False)],
            amount_tax="80.00",
        )
        self.assertEqual((bill.amount_total, len(bill.match_line_ids)), (1080, 1))
        tax = bill.invoice_line_ids.filtered("is_tax_cost")
        self.assertEqual((tax.price_subtotal, tax.purchase_line_id.id), (80, False))
        self.assertEqual(
            tax.analytic_distribution, self.ordered.order_line[0].analytic_distribution
        )

    def test_tax_that_nothing_explains(self):
        self.refused("unmapped_reference", amount_tax="80.00")

    def test_use_tax(self):
        """Where the vendor charged none, the job's use tax is owed and is cost."""
        owed = self.account("221900", "liability_current")
        tax = self.env["account.tax"].create(
            {
                "name": "Use tax",
                "amount": 5,
                "type_tax_use": "purchase",
                "company_id": self.company.id,
                "invoice_repartition_line_ids": [
                    Command.create({"repartition_type": "base"}),
                    Command.create({"repartition_type": "tax", "factor_percent": 100}),
                    Command.create(
                        {
                            "repartition_type": "tax",
                            "factor_percent": -100,
                            "account_id": owed.id,
                        }
                    ),
                ],
                "refund_repartition_line_ids": [
                    Command.create({"repartition_type": "base"}),
                    Command.create({"repartition_type": "tax", "factor_percent": 100}),
                    Command.create(
                        {
                            "repartition_type": "tax",
                            "factor_percent": -100,
                            "account_id": owed.id,
                        }
                    ),
                ],
            }
        )
        self.job.use_tax_id = tax
        bill = self.made()
        bill.with_user(self.make_user("use-tax", "finance")).action_release()
        self.assertEqual((bill.amount_total, bill.state), (1000, "posted"))
        lines = bill.line_ids.filtered(lambda line: line.account_id == owed)
        self.assertEqual(lines.balance, -50)
        figures = self.env["construction.job.cost"]._totals(self.job)[self.job.id]
        self.assertEqual(figures["actual"], 1050)

    def test_a_cent_goes_to_the_rounding_line(self):
        over = {"amount_total": "1000.01"}
        issues = self.refused("unmapped_reference", **over)
        self.assertIn("rounding", issues.message)
        account = self.account("651900", "expense")
        self.company.bill_rounding_account_id = account
        self.drain()
        bill = self.bound("supplier_invoice", "X" + issues.subject.rpartition("X")[2])
        self.assertEqual(bill.amount_total, 1000.01)
        line = bill.invoice_line_ids.filtered(lambda one: one.account_id == account)
        self.assertEqual((line.price_subtotal, line.analytic_distribution), (0.01, False))

    def test_more_than_a_cent(self):
        self.company.bill_rounding_account_id = self.account("651900", "expense")
        self.refused("amount", amount_total="1000.02")
        self.refused("amount", amount_untaxed="999.00", amount_total="999.00")
        self.company.bill_rounding_tolerance = 0.05
        self.made("ok", amount_total="1000.05")

    def test_payable(self):
        self.refused("amount", retention_amount="100.00", amount_payable="901.00")
        self.refused("amount", amount_total="1000.005")
        self.refused("amount", retention_amount="-1.00")

    def test_deductions_are_a_question(self):
        deductions = [{"kind": "back_charge", "amount": "10.00"}]
        self.refused("matching", deductions=deductions)


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
class TestInvoiceVersions(InvoiceCase, TransactionCase):
    def setUp(self):
        super().setUp()
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

    def test_after_posting_it_is_a_question(self):
        bill = self.made(sequence=1)
        bill.with_user(self.people[0]).action_release()
        event = self.invoice(sequence=2, lines=[self.line_of("1500.00")])
        self.apply(event)
        issues = self.assertParked(event["id"], "matching")
        self.assertIn("Reverse the bill", issues.suggestion)
        self.assertEqual(bill.amount_total, 1000)

    def test_told_again(self):
        bill = self.made(sequence=1)
        bill.with_user(self.people[0]).action_release()
        self.made(sequence=2)
        self.assertEqual(self.bound("supplier_invoice", "I1"), bill)

    def test_voided(self):
        bill = self.made(sequence=1)
        data = {"external_id": "I1", "date": "2026-04-01", "reason": "Wrong job", "by": "Pat"}
        self.process(self.event("supplier_invoice.voided", data=data, sequence=2))
        self.assertEqual((bill.state, bill.release_state), ("cancel", False))
        event = self.invoice(sequence=3)
        self.apply(event)
        self.assertParked(event["id"], "inactive_target")

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
        self.assertParked(event["id"], "matching")
        self.assertEqual(bill.state, "posted")

    def test_who_submitted_it_there_does_not_release_it_here(self):
        """A person of Finance who entered it at the platform needs somebody else."""
        person = self.people[0]
        bill = self.made(created_by={"external_id": "P1", "name": "Kim", "email": "kim@x.example"})
        self.env["construction.person"].sudo().search([]).user_id = person
        self.assertTrue(bill._duty_refusal(person))
        self.assertFalse(bill._duty_refusal(self.people[1]))


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


@tagged("post_install", "-at_install")
class TestInvoiceMatching(InvoiceCase, TransactionCase):
    def setUp(self):
        super().setUp()
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


@tagged("post_install", "-at_install")
class TestInvoiceQueries(InvoiceCase, TransactionCase):
    def test_a_hundred_lines_of_ten_bills(self):
        """Ten bills of ten lines: what is asked grows with the bills, and by a bounded number."""
        lines = [self.line_of("1.00") for _number in range(10)]

        def bills(count):
            return [
                self.invoice(self.unique("B"), lines=lines, date=f"2026-02-{day + 1:02d}")
                for day in range(count)
            ]

        self.queries_of(*bills(1))
        one = self.queries_of(*[self.invoice(self.unique("B"), lines=lines, date="2026-01-05")])
        ten = self.queries_of(*bills(10)[1:], self.invoice(self.unique("B"), date="2026-01-06"))
        self.assertLessEqual(ten, one + 9 * PER_BILL, f"{one} queries for one bill, {ten} for ten")

    def test_no_query_for_a_line(self):
        def events(lines):
            rows = [self.line_of("1.00", tax_code=None) for _number in range(lines)]
            rows = [{k: v for k, v in row.items() if v is not None} for row in rows]
            return [self.invoice(self.unique("Q"), lines=rows, date="2026-03-01")]

        self.queries_of(*events(1))
        few, many = self.queries_of(*events(2)), self.queries_of(*events(40))
        self.assertLessEqual(many, few + 6, f"{few} queries for 2 lines, {many} for 40")
