"""supplier_invoice.received and .voided: one draft bill with the document's own totals."""

from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .invoices import InvoiceCase

PER_BILL = 13  # queries that a further bill of a batch may take: Odoo's own and the chatter's


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

    def test_two_jobs_with_codes_of_one_text(self):
        """Platforms keep the codes of each job: what is told by the same text is another code."""
        self.process(self.event("job.upserted", data=self.job_data("J2"), sequence=1))
        jobs = self.job | self.bound("job", "J2")
        own = self.env["construction.cost.code"].create(
            [{"code": "07-500", "name": "Own", "company_id": self.company.id, "job_id": job.id}
             for job in jobs]
        )  # fmt: skip
        lines = [self.direct(job=job, cost_code="07-500") for job in ("J1", "J2")]
        bill = self.made(commitment=None, lines=lines)
        keys = self.env["construction.coding"]._read_distribution(
            bill.invoice_line_ids.mapped("analytic_distribution")
        )
        self.assertEqual([key["cost_code"] for key in keys], list(own))

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
