"""Bills in a foreign currency: which rate values them, and whose typed rate stays."""

from odoo.fields import Command
from odoo.tests import Form, TransactionCase, tagged

from .invoices import InvoiceCase


@tagged("post_install", "-at_install")
class TestInvoiceRate(InvoiceCase, TransactionCase):
    """80 euros of February that are booked in March are valued as of March."""

    def given(self):
        super().given()
        self.euro = self.foreign(**{"2026-02-01": 0.8, "2026-03-01": 0.5})

    def told(self, **over):
        return {"currency": "EUR", "commitment": None, "lines": [self.direct("80.00")],
                "date": "2026-02-20", "accounting_date": "2026-03-05"} | over  # fmt: skip

    def typed(self, like, **over):
        line = like.invoice_line_ids
        values = {
            "name": "Typed",
            "price_unit": 80,
            "account_id": line.account_id.id,
            "analytic_distribution": line.analytic_distribution,
            "tax_ids": [Command.clear()],
        }
        return self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": like.partner_id.id,
                "currency_id": self.euro.id,
                "invoice_date": "2026-02-20",
                "date": "2026-03-05",
                "invoice_line_ids": [Command.create(values)],
            }
            | over
        )

    def of_documents(self):
        self.env["construction.sync.policy"].create(
            {"object": "supplier_invoice", "company_id": self.company.id, "document_rate": True}
        )

    def test_the_accounting_date_decides(self):
        """Arrived or typed, and when Finance moves it before the release."""
        bill = self.made(**self.told(exchange_rate="1.60"))
        self.assertEqual((str(bill.date), bill.amount_total_signed), ("2026-03-05", -160))
        self.assertEqual(self.typed(bill).amount_total_signed, -160)
        bill.with_user(self.make_user("rate-finance", "finance")).date = "2026-02-28"
        self.assertEqual((bill.release_state, bill.amount_total_signed), ("to_release", -100))
        self.assertEqual(bill.line_ids.filtered("analytic_distribution").balance, 100)

    def test_a_bill_of_no_job_is_as_odoo_has_it(self):
        bill = self.made(**self.told())
        line = {"name": "Rent", "price_unit": 80, "tax_ids": [Command.clear()],
                "account_id": self.account("651900", "expense").id}  # fmt: skip
        typed = self.typed(bill, invoice_line_ids=[Command.create(line)])
        self.assertEqual(typed.amount_total_signed, -100)

    def test_the_rate_of_the_document(self):
        """Only where the policy says so, and then on whatever day it is booked; until a newer
        version states none."""
        self.of_documents()
        bill = self.made(sequence=1, **self.told(exchange_rate="1.60"))
        self.assertEqual(bill.amount_total_signed, -128)
        bill.date = "2026-02-28"
        self.assertEqual(bill.amount_total_signed, -128)
        self.made(sequence=2, **self.told(exchange_rate="2.00"))  # it happens to be the day's
        bill.date = "2026-02-28"
        self.assertEqual(bill.amount_total_signed, -160)
        self.made(sequence=3, **self.told(accounting_date="2026-02-27"))
        self.assertEqual(bill.amount_total_signed, -100)

    def test_the_draft_that_a_correction_makes_again_keeps_it(self):
        self.of_documents()
        bill = self.made(**self.told(exchange_rate="2.00"))
        finance = self.make_user("again-finance", "finance")
        bill.with_user(finance).action_release()
        roots = [(bill, "redraft")]
        correction = self.env["construction.correction"]._propose(
            bill, "change", "once more", "2026-04-09", roots
        )
        correction.with_user(finance).action_release()
        draft = self.bound("supplier_invoice", "I1")
        self.assertEqual((draft.state, draft.amount_total_signed), ("draft", -160))
        self.assertNotEqual(draft, bill)
        draft.date = "2026-02-28"
        self.assertEqual(draft.amount_total_signed, -160)

    def test_a_rate_that_a_person_states(self):
        typed = self.typed(self.made(**self.told()), invoice_currency_rate=0.4)
        self.assertEqual(typed.amount_total_signed, -200)
        typed.date = "2026-02-28"
        self.assertEqual(typed.amount_total_signed, -200)
        typed.refresh_invoice_currency_rate()
        self.assertEqual(typed.amount_total_signed, -100)
        typed.date = "2026-03-05"
        self.assertEqual(typed.amount_total_signed, -160)

    def of_no_job(self, like, **over):
        """Valued by hand at 0.40, not the 0.80 of its day."""
        line = {"name": "Rent", "price_unit": 80, "tax_ids": [Command.clear()],
                "account_id": self.account("651900", "expense").id}  # fmt: skip
        values = {"invoice_line_ids": [Command.create(line)], "invoice_currency_rate": 0.4} | over
        return self.typed(like, **values)

    def test_a_typed_rate_of_a_customer_invoice_stays(self):
        """Through a further line and the day that a lock moves on posting."""
        invoice = self.of_no_job(self.made(**self.told()), move_type="out_invoice")
        self.assertEqual(invoice.amount_total_signed, 200)
        line = {"name": "Heating", "price_unit": 8, "tax_ids": [Command.clear()],
                "account_id": invoice.invoice_line_ids.account_id.id}  # fmt: skip
        invoice.invoice_line_ids = [Command.create(line)]
        self.assertEqual((invoice.invoice_currency_rate, invoice.amount_total_signed), (0.4, 220))
        self.company.fiscalyear_lock_date = "2026-03-31"
        invoice.action_post()
        self.assertGreater(str(invoice.date), "2026-03-31")
        self.assertEqual((invoice.invoice_currency_rate, invoice.amount_total_signed), (0.4, 220))

    def test_a_typed_rate_of_a_bill_of_no_job_stays(self):
        bill = self.of_no_job(self.made(**self.told()))
        bill.date = "2026-03-06"
        self.assertEqual((bill.invoice_currency_rate, bill.amount_total_signed), (0.4, -200))
        bill.invoice_date = "2026-02-21"  # Odoo's own: another day is another rate
        self.assertEqual(bill.amount_total_signed, -100)

    def test_what_is_posted_keeps_its_rate(self):
        """Also when it is coded afterwards, to what is no job."""
        bill = self.of_no_job(self.made(**self.told()))
        bill.action_post()
        plan = self.env["account.analytic.plan"].create({"name": "Offices"})
        office = self.env["account.analytic.account"].create({"name": "Lyon", "plan_id": plan.id})
        bill.invoice_line_ids.analytic_distribution = {office.id: 100}
        self.env.flush_all()
        self.assertEqual((bill.invoice_currency_rate, bill.amount_total_signed), (0.4, -200))

    def test_a_line_or_day_that_makes_it_a_bill_of_a_job(self):
        like = self.made(**self.told())
        bill = self.of_no_job(like, invoice_currency_rate=0.8)
        bill.invoice_line_ids.analytic_distribution = like.invoice_line_ids.analytic_distribution
        self.assertEqual((bill.construction_job_id, bill.amount_total_signed), (self.job, -160))

    def test_the_rate_in_the_form(self):
        """It follows the accounting date until it is typed; then it stays, and is kept."""
        self.env.user.group_ids += self.env.ref("base.group_multi_currency")
        bill = self.typed(self.made(**self.told()))
        with Form(bill) as form:
            form.date = "2026-02-28"
            self.assertEqual(form.invoice_currency_rate, 0.8)
            form.invoice_currency_rate = 0.4
            form.date = "2026-03-05"
            with form.invoice_line_ids.edit(0) as line:
                line.price_unit = 160
            self.assertEqual(form.invoice_currency_rate, 0.4)
        self.assertEqual((bill.rate_stated, bill.amount_total_signed), (True, -400))

    def test_the_rate_in_the_form_of_a_new_bill(self):
        self.env.user.group_ids += self.env.ref("base.group_multi_currency")
        for group in ("analytic.group_analytic_accounting", "account.group_account_user"):
            self.env.user.group_ids += self.env.ref(group)
        like = self.made(**self.told())
        for rate, total in ((None, -160), (0.4, -200)):
            form = Form(self.env["account.move"].with_context(default_move_type="in_invoice"))
            form.partner_id, form.currency_id = like.partner_id, self.euro
            form.invoice_date = "2026-02-20"
            if rate:
                form.invoice_currency_rate = rate
            with form.invoice_line_ids.new() as line:
                line.name, line.price_unit = "Typed", 80
                line.account_id = like.invoice_line_ids.account_id
                line.analytic_distribution = like.invoice_line_ids.analytic_distribution
                line.tax_ids.clear()
            form.date = "2026-03-05"
            self.assertEqual(form.invoice_currency_rate, rate or 0.5)
            bill = form.save()
            self.assertEqual((bill.rate_stated, bill.amount_total_signed), (bool(rate), total))
