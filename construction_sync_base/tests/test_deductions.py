"""What a vendor's invoice deducts from itself: the bill keeps its totals, the payable and the
code that bore the work get the deduction."""

from collections import Counter
from unittest.mock import patch

import psycopg2
from odoo import SUPERUSER_ID, api
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .invoices import InvoiceCase


class DeductionCase(InvoiceCase):
    def given(self):
        super().given()
        self.finance = self.make_user("deduct-finance", "finance")
        rows = self.env["construction.account.map"].search([("company_id", "=", self.company.id)])
        self.withheld = self.account("231901", "liability_current")
        rows.withholding_account_id = self.withheld

    def posted(self, external_id="I1", **over):
        bill = self.made(external_id, **over)
        bill.with_user(self.finance).action_release()
        self.assertEqual(bill.state, "posted")
        return bill

    def deduct(self, kind, amount, **more):
        return [{"kind": kind, "amount": amount, **more}]

    def actual(self, job=None):
        found = self.env["construction.job.cost"]._positions(job or self.job)
        codes, sums = self.env["construction.cost.code"], Counter()
        for (_job, code, *_rest), cell in found.items():
            sums[codes.browse(code).code] += float(cell.get("actual") or 0)
        return {code: amount for code, amount in sums.items() if amount}


@tagged("post_install", "-at_install")
class TestDeductions(DeductionCase, TransactionCase):
    def test_an_agreed_back_charge_is_credited_to_its_code(self):
        bill = self.posted(
            deductions=self.deduct("back_charge", "150.00", cost_code="05-120", reference="BC-7"),
            retention_amount="100.00",
            amount_payable="750.00",
        )
        self.assertEqual((bill.amount_total, bill.amount_currently_due), (1000, 750))
        self.assertEqual(self.actual(), {"03-300": 1000, "05-120": -150})
        self.assertEqual(self.ordered.billed_amount, 1000, "billed is gross")
        self.assertEqual(bill.deduction_entry_id.date, bill.date)

    def test_shown_before_the_release(self):
        bill = self.made(deductions=self.deduct("discount", "20.00"))
        self.assertIn("Deducted", bill.release_effect)
        self.assertIn("980", bill.release_effect)
        self.assertFalse(bill.deduction_entry_id)

    def test_without_a_code_it_is_spread_over_the_lines(self):
        lines = [self.line_of("900.00"), self.line_of("100.00", "2", quantity="20")]
        self.posted(lines=lines, deductions=self.deduct("liquidated_damages", "10.01"))
        self.assertEqual(self.actual(), {"03-300": 890.99, "05-120": 99.0})

    def test_a_line_that_lowers_the_invoice_bears_none_of_it(self):
        """The shares come to the deduction, so that what is left to pay is the document's."""
        lines = [self.line_of("1000.00"), self.direct("-200.00")]
        data = {"deductions": self.deduct("liquidated_damages", "80.00")}
        bill = self.posted(lines=lines, amount_payable="720.00", **data)
        self.assertEqual((bill.deduction_total, bill.amount_currently_due), (80, 720))
        self.assertEqual(self.actual(), {"03-300": 720})

    def second_job(self):
        self.process(self.event("job.upserted", data=self.job_data("J2"), sequence=1))
        return self.bound("job", "J2")

    def test_the_job_whose_lines_have_the_code_bears_it(self):
        """The code is one of the second job's own list, the first line is the first job's."""
        job = self.second_job()
        self.env["construction.cost.code"].create(
            {"code": "07-500", "name": "Own", "company_id": self.company.id, "job_id": job.id}
        )
        self.posted(
            lines=[self.line_of("1000.00"), self.direct("300.00", job="J2", cost_code="07-500")],
            deductions=self.deduct("back_charge", "150.00", cost_code="07-500"),
        )
        self.assertEqual(self.actual(), {"03-300": 1000})
        self.assertEqual(self.actual(job), {"07-500": 150})

    def test_of_several_jobs_it_is_asked_which_is_meant(self):
        self.second_job()
        charge = self.deduct("back_charge", "150.00", cost_code="05-120")
        for code in ("03-300", "05-120"):  # none of them bears the code, or both do
            lines = [self.direct("400.00", cost_code=code, job=job) for job in ("J1", "J2")]
            issues = self.refused("matching", lines=lines, deductions=charge)
            self.assertIn("05-120", issues.message)
            for job in ("J1", "J2"):
                self.assertIn(self.bound("job", job).display_name, issues.message)

    def test_withheld_tax_is_no_cost(self):
        bill = self.posted(deductions=self.deduct("withholding", "200.00"))
        self.assertEqual(self.actual(), {"03-300": 1000})
        line = bill.deduction_entry_id.line_ids.filtered(
            lambda one: one.account_id == self.withheld
        )
        self.assertEqual(line.balance, -200)

    def test_what_nothing_says_is_asked(self):
        self.tax(10.0)
        code = {"amount_tax": "100.00", "taxes": [
            {"tax_code": "T10.0", "base": "1000.00", "amount": "100.00"}]}  # fmt: skip
        issues = self.refused(
            "matching",
            lines=[self.line_of("5000.00")],
            deductions=self.deduct("other", "1234.50"),
        )
        self.assertRegex(issues.message, r"\$.1,234\.50 \(Other\)")
        self.refused("matching", deductions=self.deduct("back_charge", "10.00"), **code)
        self.refused("matching", kind="credit_note", deductions=self.deduct("withholding", "10.00"))
        self.refused("amount", deductions=self.deduct("withholding", "1000.01"))
        self.withheld_rows().withholding_account_id = False
        issues = self.refused("unmapped_reference", deductions=self.deduct("withholding", "10.00"))
        self.assertIn("Withholding", issues.message)
        self.withheld_rows().withholding_account_id = self.withheld
        self.drain()
        self.assertTrue(self.bound("supplier_invoice", issues.subject.partition("/")[2]))

    def withheld_rows(self):
        return self.env["construction.account.map"].search([("company_id", "=", self.company.id)])

    def test_it_is_undone_with_its_bill(self):
        """A newer version without it: nothing of the old deduction stays anywhere."""
        self.release_by_policy("correction")
        self.posted(deductions=self.deduct("back_charge", "150.00"), sequence=1)
        self.assertEqual(self.actual(), {"03-300": 850})
        bill = self.posted(sequence=2)
        self.assertEqual((bill.amount_currently_due, self.actual()), (1000, {"03-300": 1000}))


@tagged("post_install", "-at_install")
class TestAdvanceRecovery(DeductionCase, TransactionCase):
    """An advance of 500 is recovered once, whoever asks for it and when."""

    def recovery(self, amount="300.00"):
        return {"deductions": self.deduct("advance_recovery", amount)}

    def prepaid(self):
        return self.posted("P1", kind="prepayment", lines=[self.line_of("500.00", None)])

    def recovering(self, number, **over):
        """An invoice like no other one that recovers 300."""
        return self.invoice(f"I{number}", date=f"2026-03-{number:02d}", **self.recovery(), **over)

    def test_it_waits_for_the_prepayment(self):
        event = self.recovering(9)
        self.apply(event)
        issue = self.assertParked(event["id"], "matching")
        self.assertRegex(issue.message, r"\$.300\.00 .* \$.0\.00")
        self.prepaid()
        self.assertEqual(self.actual(), {})
        self.drain()
        bill = self.bound("supplier_invoice", "I9")
        bill.with_user(self.finance).action_release()
        self.assertEqual(bill.amount_currently_due, 700)
        self.assertEqual(self.actual(), {"03-300": 1000})
        account = bill.deduction_ids.account_id
        left = self.env["account.move.line"].search([("account_id", "=", account.id)])
        self.assertEqual(sum(left.mapped("balance")), 200)

    def test_what_others_are_about_to_recover_is_not_left(self):
        """Neither of two in one batch nor of one that comes before the first is released."""
        self.prepaid()
        events = [self.recovering(number) for number in (1, 2, 3)]
        self.apply(*events[:2])
        self.apply(events[2])
        self.assertEqual(
            [self.state(event["id"]) for event in events], ["processed", "parked", "parked"]
        )
        data = {"external_id": "I1", "date": "2026-04-01", "reason": "x", "by": "Pat"}
        self.process(self.event("supplier_invoice.voided", data=data))
        self.drain()
        self.assertEqual(
            [self.state(event["id"]) for event in events], ["processed", "processed", "parked"]
        )

    def test_a_newer_version_takes_the_place_of_its_own(self):
        self.prepaid()
        bill = self.made(sequence=1, **self.recovery("400.00"))
        self.made(sequence=2, **self.recovery("450.00"))
        bill.with_user(self.finance).action_release()
        self.assertEqual((bill.state, bill.deduction_total), ("posted", 450))
        self.made(sequence=3, **self.recovery("450.00"))
        self.assertEqual(self.bound("supplier_invoice", "I1"), bill)

    def test_a_draft_without_it_leaves_it_to_others(self):
        self.prepaid()
        self.made(sequence=1, **self.recovery("400.00"))
        event = self.recovering(2)
        self.apply(event)
        self.assertParked(event["id"], "matching")
        self.made(sequence=2)
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_it_is_looked_at_once_more_at_the_release(self):
        """Two that were taken in at the same moment, each without knowing of the other."""
        self.prepaid()
        first = self.made("I1", **self.recovery())
        second = self.made("I2", date="2026-03-30")
        row = first.deduction_ids
        row.copy({"move_id": second.id})
        deductions = type(self.env["construction.bill.deduction"])
        with patch.object(
            deductions, "_lock_advances", autospec=True, side_effect=deductions._lock_advances
        ) as lock:
            first.with_user(self.finance).action_release()
            self.assertEqual(first.state, "posted")
            self.assertEqual(lock.call_args.args[1], self.bound("vendor", "V1"))
        with self.assertRaisesRegex(UserError, r"300\.00.*200\.00"):
            second.with_user(self.finance).action_release()


@tagged("post_install", "-at_install")
class TestRecoveredTwice(TransactionCase):
    def test_the_second_of_two_releases_starts_again(self):
        """It had added up before the first was done."""
        with self.registry.cursor() as cr:
            vendor = api.Environment(cr, SUPERUSER_ID, {})["res.partner"].create({"name": "Raced"})
        self.addCleanup(self.forget, vendor.id)

        def lock(cr):
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["construction.bill.deduction"]._lock_advances(env["res.partner"].browse(vendor.id))

        with self.registry.cursor() as first, self.registry.cursor() as second:
            second.execute("SELECT 1")  # its snapshot is taken
            lock(first)
            first.commit()
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.SerializationFailure),
            ):
                lock(second)
            second.rollback()

    def forget(self, vendor_id):
        with self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["res.partner"].browse(vendor_id).unlink()
