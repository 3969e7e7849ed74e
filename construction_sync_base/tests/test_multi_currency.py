"""Companies that keep books in two currencies: what counts in which, and what is never added."""

from lxml import etree
from odoo import fields
from odoo.tests import TransactionCase, tagged

from ..lib.batch import Retry
from .multi_company import DATE, RATE, MultiCase


@tagged("post_install", "-at_install")
class TestCurrencies(MultiCase, TransactionCase):
    def test_a_foreign_order_counts_in_the_currency_of_its_job(self):
        jobs = self.masters()
        self.process(*self.commitments(**{"US-01": "EUR", "EU-01": "USD"}))
        main, second, euro = self.orders()
        self.assertEqual((main.currency_id, euro.currency_id), (self.eur, self.usd))
        self.assertEqual(self.totals(jobs["US-01"])["committed"], 1250.0)
        self.assertEqual(self.totals(jobs["US-02"])["committed"], 1000.0)
        self.assertEqual(self.totals(jobs["EU-01"])["committed"], 800.0)
        self.assertEqual((main.revised_amount, second.revised_amount), (1000.0, 1000.0))
        for job, available in zip(jobs.values(), (-1250.0, -1000.0, -800.0), strict=True):
            self.assertEqual(job.job_available_amount, available)

    def test_without_any_rate_it_waits(self):
        self.masters()
        self.env["res.currency.rate"].search([("currency_id", "=", self.eur.id)]).unlink()
        events = self.commitments(**{"US-01": "EUR", "EU-01": "USD"})
        self.apply(*events)
        states = [self.state(event["id"]) for event in events]
        self.assertEqual(states, ["parked", "processed", "parked"])
        self.env["res.currency.rate"].create(
            {"currency_id": self.eur.id, "name": "2026-01-01", "rate": RATE, "company_id": False}
        )
        self.drain()
        self.assertEqual(self.totals(self.bound("job", "US-01"))["committed"], 1250.0)

    def test_a_bill_in_the_order_s_currency(self):
        jobs = self.masters()
        self.process(*self.commitments(**{"EU-01": "USD"}))
        order = self.orders()[2].with_company(self.euro)
        bill = self.bill(order, 400.0, date=fields.Date.to_date(DATE))
        self.assertEqual((bill.currency_id, bill.company_id), (self.usd, self.euro))
        self.assertEqual((order.billed_amount, order.open_amount), (400.0, 600.0))
        totals = self.totals(jobs["EU-01"])
        self.assertEqual(
            (totals["actual"], totals["billed"], totals["open"]), (320.0, 320.0, 480.0)
        )

    def test_the_report_says_each_row_in_its_company_s_currency(self):
        self.masters()
        self.process(*self.budgets(), *self.commitments(**{"US-01": "EUR"}))
        self.env.flush_all()
        rows = self.env["construction.job.cost"].search(
            [("job_id", "in", [self.bound("job", name).id for name in self.names])]
        )
        found = {row.company_id: row for row in rows}
        for company, committed in zip(self.all, (1250.0, 1000.0, 1000.0), strict=True):
            self.assertEqual(found[company].currency_id, company.currency_id)
            self.assertEqual((found[company].budget, found[company].committed), (5000.0, committed))

    def test_sums_are_told_with_their_currencies(self):
        """What the client asks for a group: the sum, the currencies in it, and the sum in
        the currency of the company in which the user works."""
        self.masters()
        self.process(*self.budgets())
        self.env.flush_all()
        jobs = [self.bound("job", name).id for name in self.names]
        for model, field, domain in (
            ("construction.job.cost", "budget", [("job_id", "in", jobs)]),
            ("construction.budget", "amount_total", [("job_id", "in", jobs)]),
            ("construction.budget.line", "amount", [("budget_id.job_id", "in", jobs)]),
        ):
            aggregates = [f"{field}:sum_currency", "currency_id:array_agg_distinct"]
            ((total, currencies),) = self.env[model]._read_group(domain, [], aggregates)
            self.assertEqual(set(currencies), {self.usd.id, self.eur.id}, model)
            self.assertAlmostEqual(total, 5000 + 5000 + 5000 / RATE, 2, model)

    def test_every_list_with_a_total_knows_its_currency(self):
        """Without the currency field in the view the client would add across currencies."""
        data = self.env["ir.model.data"].search(
            [("module", "=", "construction_sync_base"), ("model", "=", "ir.ui.view")]
        )
        sums = 0
        for view in self.env["ir.ui.view"].browse(data.mapped("res_id")).exists():
            if view.type not in ("list", "form") or view.inherit_id:
                continue
            arch = etree.fromstring(self.env[view.model].get_view(view.id, view.type)["arch"])
            for node in arch.iter("list"):
                sums += self._check_list(view, node)
        self.assertGreater(sums, 30)

    def _check_list(self, view, node):
        """:return: number of totals of money in one list"""
        owner = next((above for above in node.iterancestors("field")), None)
        model = self.env[view.model]
        if owner is not None:
            model = self.env[model._fields[owner.get("name")].comodel_name]
        names = {field.get("name") for field in node.iterfind("field")}
        money = [
            field.get("name")
            for field in node.iterfind("field[@sum]")
            if model._fields[field.get("name")].type == "monetary"
        ]
        for name in money:
            currency = model._fields[name].get_currency_field(model)
            self.assertIn(currency, names, f"{view.name}: {name}")
        return len(money)

    def test_what_waits_is_not_added_across_currencies(self):
        jobs = self.masters()
        self.policy("commitment", budget_check="block")
        events = self.commitments(**{"US-01": "EUR", "EU-01": "USD"})
        self.apply(*events)
        waiting = self.env["construction.job.cost"]._waiting(
            self.env["project.project"].union(*jobs.values())
        )
        amounts = [float(waiting[job.id][1]) for job in jobs.values()]
        self.assertEqual(amounts, [1250.0, 1000.0, 800.0])


@tagged("post_install", "-at_install")
class TestProcoreCurrency(MultiCase, TransactionCase):
    """Procore's commitments name no currency: the company of the job decides."""

    def currency(self, job, platform=None):
        translator = self.env["construction.translator.procore"]
        return translator._currency_of(platform or self.platform, job)

    def test_the_job_s_company_decides(self):
        jobs = self.masters()
        self.assertEqual(self.currency("EU-01"), "EUR")
        both = {"origin_id": str(jobs["US-02"].id), "external_id": "unknown"}
        self.assertEqual(self.currency(both), "USD")
        with self.assertRaises(Retry):
            self.currency("not there yet")
        dollars = self.make_platform("tests-usd", self.company + self.second)
        self.assertEqual(self.currency("not there yet", dollars), "USD")
