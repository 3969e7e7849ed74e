"""What is charged between companies: its currency, its rates and its rounding."""

from datetime import date

from odoo.fields import Command
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from .intercompany import IntercompanyCase


@tagged("post_install", "-at_install")
class TestIntercompanyTerms(IntercompanyCase, TransactionCase):
    def test_what_is_decided_about_is_what_is_charged(self):
        """100 hours at 80, which cost nothing here: 8,000, in the queue as in the checklist,
        and what the job bears is that of the rate on submitting."""
        self.agreement.rate_ids = [
            Command.create({"category": "equipment", "basis": "unit", "unit_price": 80,
                            "date_from": "2026-01-01"})
        ]  # fmt: skip
        line = self.part(0, cost_type_id=self.types["equipment"].id, quantity=100)
        document = self.draft(line_ids=[Command.create(line)])
        self.assertEqual((document.cost_amount, document.charged_amount), (0, 8000))
        self.assertEqual(document.job_amount, 6400)
        self.env["res.currency.rate"].search([("currency_id", "=", self.eur.id)]).rate = 0.5
        document.action_submit()
        self.assertEqual(document.job_amount, 4000)
        self.env.flush_all()
        row = self.env["construction.release.queue"].search(
            [("res_model", "=", document._name), ("res_id", "=", document.id)]
        )
        self.assertEqual(row.amount, 8000)
        _day, amount = document._release_waiting_columns()
        self.env.cr.execute(
            SQL("SELECT %s FROM construction_intercompany d WHERE id = %s", amount, document.id)
        )
        self.assertEqual(self.env.cr.fetchone(), (8000,))
        self.assertEqual(document._release_amount(), 8000)

    def test_yen_are_rounded_once(self):
        """99 yen and half a percent are 99.495: 99, and not 99.50 and then 100."""
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env["res.currency.rate"].create(
            {"currency_id": yen.id, "name": "2026-01-01", "rate": 100, "company_id": False}
        )
        self.agree(self.company, self.second, yen, basis="percent", percent=0.5)
        job = self.make_job("26-981", company_id=self.second.id)
        document = self.draft(0.99, job=job)
        line = document.line_ids
        self.assertEqual((line.cost_due, line.amount, line.profit_amount), (99, 99, 0))

    def test_every_foreign_currency_needs_a_rate_of_its_own(self):
        """Rates are told from dollars. Pounds without one would count as dollars, whichever of
        the two currencies of a company they are."""
        pound = self.env.ref("base.GBP")
        pound.active = True
        Rate = self.env["res.currency.rate"]
        Rate.search([("currency_id", "=", pound.id)]).unlink()
        missing = self.env["construction.intercompany"]._unrated
        day = date(2026, 3, 10)
        self.assertFalse(missing(self.usd, self.euro, day), "the base has none")
        self.assertFalse(missing(self.eur, self.company, day))
        self.assertEqual(missing(pound, self.euro, day), pound)
        self.assertEqual(missing(self.usd, self.euro, date(2025, 12, 31)), self.eur)
        isle = self.make_company("Isle", pound)
        isle.currency_id = pound
        self.assertEqual(missing(self.eur, isle, day), pound, "the company's own")
        own = Rate.create(
            {"currency_id": self.eur.id, "name": "2026-01-01", "rate": 1.2, "company_id": isle.id}
        )
        self.assertFalse(missing(self.eur, isle, day), "Isle tells its own rates from pounds")
        own.unlink()
        Rate.create(
            {"currency_id": pound.id, "name": "2026-01-01", "rate": 0.75, "company_id": False}
        )
        self.assertFalse(missing(self.eur, isle, day) | missing(pound, self.euro, day))
