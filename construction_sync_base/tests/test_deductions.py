"""What a vendor's invoice deducts from itself: the bill keeps its totals, the payable and the
code that bore the work get the deduction."""

from odoo.tests import TransactionCase, tagged

from .invoices import InvoiceCase


@tagged("post_install", "-at_install")
class TestDeductions(InvoiceCase, TransactionCase):
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

    def actual(self):
        found = self.env["construction.job.cost"]._positions(self.job)
        codes = self.env["construction.cost.code"]
        return {
            codes.browse(key[1]).code: float(cell["actual"])
            for key, cell in found.items()
            if cell.get("actual")
        }

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

    def test_withheld_tax_is_no_cost(self):
        bill = self.posted(deductions=self.deduct("withholding", "200.00"))
        self.assertEqual(self.actual(), {"03-300": 1000})
        line = bill.deduction_entry_id.line_ids.filtered(
            lambda one: one.account_id == self.withheld
        )
        self.assertEqual(line.balance, -200)

    def test_an_advance_is_recovered_where_there_is_one(self):
        data = {"deductions": self.deduct("advance_recovery", "300.00")}
        event = self.invoice("I9", **data)
        self.apply(event)
        self.assertParked(event["id"], "matching")
        self.posted("P1", kind="prepayment", lines=[self.line_of("500.00", None)])
        self.assertEqual(self.actual(), {})
        bill = self.posted("I2", **data)
        self.assertEqual(bill.amount_currently_due, 700)
        self.assertEqual(self.actual(), {"03-300": 1000})
        account = bill.deduction_ids.account_id
        left = self.env["account.move.line"].search([("account_id", "=", account.id)])
        self.assertEqual(sum(left.mapped("balance")), 200)

    def test_what_nothing_says_is_asked(self):
        self.tax(10.0)
        code = {"amount_tax": "100.00", "taxes": [
            {"tax_code": "T10.0", "base": "1000.00", "amount": "100.00"}]}  # fmt: skip
        self.refused("matching", deductions=self.deduct("other", "10.00"))
        self.refused("matching", deductions=self.deduct("back_charge", "10.00"), **code)
        self.refused("matching", kind="credit_note", deductions=self.deduct("withholding", "10.00"))
        self.refused("amount", deductions=self.deduct("withholding", "1000.01"))
        self.withheld_rows().withholding_account_id = False
        self.refused("unmapped_reference", deductions=self.deduct("withholding", "10.00"))

    def withheld_rows(self):
        return self.env["construction.account.map"].search([("company_id", "=", self.company.id)])

    def test_it_is_undone_with_its_bill(self):
        """A newer version without it: nothing of the old deduction stays anywhere."""
        self.release_by_policy("correction")
        self.posted(deductions=self.deduct("back_charge", "150.00"), sequence=1)
        self.assertEqual(self.actual(), {"03-300": 850})
        bill = self.posted(sequence=2)
        self.assertEqual((bill.amount_currently_due, self.actual()), (1000, {"03-300": 1000}))
