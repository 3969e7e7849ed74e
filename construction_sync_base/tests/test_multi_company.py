"""Three companies with two currencies: one platform for all of them, several platforms for
one, batches that mix them, rights and reports that do not."""

from lxml import etree
from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from ..lib.batch import Retry
from .domain import DomainCase

DATE = "2026-03-02"
RATE = 0.8  # euros for one dollar


class MultiCase(DomainCase):
    """Main and Second keep books in dollars, Euro in euros. `platform` writes to all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usd, cls.eur = cls.env.ref("base.USD"), cls.env.ref("base.EUR")
        (cls.usd + cls.eur).active = True
        assert cls.company.currency_id == cls.usd
        cls.second = cls.make_company("Second Builders", cls.usd)
        cls.euro = cls.make_company("Euro Bau", cls.eur)
        cls.euro.currency_id = cls.eur  # its chart of accounts said dollars
        rates = cls.env["res.currency.rate"]
        rates.search([("currency_id", "in", (cls.usd + cls.eur).ids)]).unlink()
        rates.create(
            {"currency_id": cls.eur.id, "name": "2026-01-01", "rate": RATE, "company_id": False}
        )
        cls.all = cls.company + cls.second + cls.euro
        cls.platform = cls.make_platform("tests-all", cls.all)
        cls.platform.rotate_secret()
        cls.names = dict(zip(("US-01", "US-02", "EU-01"), cls.all, strict=True))
        cls.map_entities(cls.platform)

    @classmethod
    def map_entities(cls, platform):
        cls.env["construction.crosswalk"].create(
            [
                {
                    "platform_id": platform.id,
                    "kind": "legal_entity",
                    "external_value": name,
                    "res_model": "res.company",
                    "res_id": company.id,
                }
                for name, company in cls.names.items()
            ]
        )

    def job_events(self, **over):
        return [
            self.event("job.upserted", data=self.job_data(name, legal_entity=name, **over))
            for name in self.names
        ]

    def masters(self):
        """A job of each company, a vendor and a cost code for all, in one batch."""
        self.process(
            *self.job_events(),
            self.event("vendor.upserted", data=self.vendor_data()),
            self.event("cost_code.upserted", data=self.cost_code_data()),
        )
        return {name: self.bound("job", name) for name in self.names}

    def commitments(self, amount="1000.00", **currencies):
        """A commitment for the job of each company, in its currency unless told."""
        codes = {name: company.currency_id.name for name, company in self.names.items()}
        codes |= currencies
        lines = [self.commitment_line(amount=amount)]
        return [
            self.event(
                "commitment.approved",
                data=self.commitment_data(f"C-{name}", name, lines=lines, currency=code, date=DATE),
            )
            for name, code in codes.items()
        ]

    def budgets(self, amount="5000.00"):
        return [
            self.event(
                "budget.approved",
                data=self.budget_data(
                    f"B-{name}",
                    name,
                    [self.budget_line(amount)],
                    currency=company.currency_id.name,
                ),
            )
            for name, company in self.names.items()
        ]

    def orders(self):
        return [self.bound("commitment", f"C-{name}") for name in self.names]

    def totals(self, job):
        figures = self.env["construction.job.cost"]._totals(job)[job.id]
        return {name: float(value) for name, value in figures.items() if value}


@tagged("post_install", "-at_install")
class TestRouting(MultiCase, TransactionCase):
    def test_jobs_of_several_companies_in_one_batch(self):
        jobs = self.masters()
        for name, company in self.names.items():
            job = jobs[name]
            self.assertEqual(job.company_id, company)
            self.assertEqual(job.account_id.company_id, company)
            self.assertEqual(job.currency_id, company.currency_id)

    def test_the_job_s_company_holds_where_no_entity_is_named(self):
        jobs = self.masters()
        self.process(self.event("job.upserted", data=self.job_data("EU-01", name="Renamed")))
        self.assertEqual((jobs["EU-01"].name, jobs["EU-01"].company_id), ("Renamed", self.euro))
        self.process(self.event("job.upserted", data=self.job_data("J9")))
        self.assertEqual(self.bound("job", "J9").company_id, self.company, "the default")

    def test_a_company_outside_the_list_is_a_conflict(self):
        self.platform.company_ids = [Command.set((self.company + self.second).ids)]
        events = self.job_events()
        self.apply(*events)
        self.assertEqual([self.state(e["id"]) for e in events[:2]], ["processed"] * 2)
        issue = self.assertParked(events[2]["id"], "ownership_conflict")
        self.assertIn("EU-01", issue.message)
        self.assertFalse(self.bound("job", "EU-01"))

    def test_an_entity_that_nobody_mapped_is_a_conflict_until_it_is(self):
        event = self.event("job.upserted", data=self.job_data("J5", legal_entity="EU-77"))
        self.apply(event)
        issue = self.assertParked(event["id"], "ownership_conflict")
        self.env["construction.issue.map"].create(
            {"issue_id": issue.id, "company_id": self.euro.id}
        ).action_map()
        self.drain()
        self.assertEqual(self.bound("job", "J5").company_id, self.euro)

    def test_an_entity_of_another_platform_says_nothing(self):
        other = self.make_platform("tests-two", self.second + self.euro)
        event = self.event("job.upserted", data=self.job_data("J6", legal_entity="EU-01"))
        self.apply(event, platform=other)
        self.assertParked(event["id"], "ownership_conflict", platform=other)

    def test_a_job_does_not_change_its_company(self):
        self.masters()
        event = self.event("job.upserted", data=self.job_data("US-01", legal_entity="EU-01"))
        self.apply(event)
        self.assertParked(event["id"], "ownership_conflict")

    def test_many_platforms_of_one_company(self):
        """Each has ids of its own; one number is one job."""
        other = self.make_platform("tests-two", self.euro)
        data = self.job_data("A", number="E-1", legal_entity="EU-01")
        self.process(self.event("job.upserted", data=data))
        twin = self.event("job.upserted", data=self.job_data("B", number="E-1"))
        self.apply(twin, platform=other)
        self.assertParked(twin["id"], "duplicate", platform=other)
        same_id = self.event("job.upserted", data=self.job_data("A", number="E-2"))
        self.process(same_id, platform=other)
        one, two = self.bound("job", "A"), self.bound("job", "A", platform=other)
        self.assertNotEqual(one, two)
        self.assertEqual(one.company_id, two.company_id)

    def test_one_number_in_two_companies_is_two_jobs(self):
        events = self.job_events(number="26-1")
        self.process(*events)
        self.assertEqual(len({self.bound("job", name).id for name in self.names}), 3)

    def test_shared_and_own_codes(self):
        """Where a platform serves several companies its codes are shared, unless it says whose."""
        own = self.cost_code_data("09-100", legal_entity="EU-01")
        self.masters()
        self.process(self.event("cost_code.upserted", data=own))
        self.assertFalse(self.bound("cost_code", "CC-03-300").company_id)
        self.assertEqual(self.bound("cost_code", "CC-09-100").company_id, self.euro)
        line = self.commitment_line(cost_code="09-100")
        event = self.event(
            "commitment.approved", data=self.commitment_data("C9", "US-01", lines=[line])
        )
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")

    def test_places_items_and_employees(self):
        self.masters()
        place = {"external_id": "P", "code": "P", "name": "P", "kind": "area", "job": "EU-01"}
        item = {"external_id": "I", "code": "I", "name": "I", "uom": "ea", "stocked": False}
        people = [
            self.event(
                "employee.upserted",
                data={"external_id": name, "number": "7", "name": name, "legal_entity": name},
            )
            for name in self.names
        ]
        self.process(
            self.event("location.upserted", data=place),
            self.event("item.upserted", data=item | {"legal_entity": "EU-01"}),
            *people,
        )
        self.assertEqual(self.bound("location", "P").company_id, self.euro)
        self.assertEqual(self.bound("item", "I").company_id, self.euro)
        for name, company in self.names.items():
            self.assertEqual(self.bound("employee", name).company_id, company)


@tagged("post_install", "-at_install")
class TestDocuments(MultiCase, TransactionCase):
    def test_orders_of_one_batch_belong_to_their_companies(self):
        jobs = self.masters()
        self.process(*self.budgets(), *self.commitments())
        numbers = set()
        for order, (name, company) in zip(self.orders(), self.names.items(), strict=True):
            self.assertEqual(order.company_id, company)
            self.assertEqual(order.project_id, jobs[name])
            self.assertEqual(order.currency_id, company.currency_id)
            self.assertEqual(order.picking_type_id.company_id, company)
            self.assertEqual(order.state, "purchase")
            accounts = self.env["account.analytic.account"].browse(
                int(i) for key in order.order_line.analytic_distribution for i in key.split(",")
            )
            self.assertLessEqual(accounts.company_id, company)
            numbers.add((company, order.name))
        self.assertEqual(len(numbers), 3)

    def test_accounts_taxes_and_terms_of_each_company(self):
        self.masters()
        taxes, terms = {}, {}
        for name, company in self.names.items():
            taxes[name] = self.env["account.tax"].create(
                {
                    "name": f"7 % {name}",
                    "amount": 7,
                    "type_tax_use": "purchase",
                    "company_id": company.id,
                }
            )
            terms[name] = self.env["account.payment.term"].create({"name": f"Net {name}"})
            for kind, record in (("tax_code", taxes[name]), ("payment_terms", terms[name])):
                self.env["construction.crosswalk"].create(
                    {
                        "company_id": company.id,
                        "kind": kind,
                        "external_value": "STD",
                        "res_model": record._name,
                        "res_id": record.id,
                    }
                )
        events = self.commitments()
        for event in events:
            event["data"]["payment_terms"] = "STD"
            event["data"]["lines"][0] |= {"tax_code": "STD", "tax_amount": "70.00"}
        self.process(*events)
        for order, name in zip(self.orders(), self.names, strict=True):
            self.assertEqual(order.order_line.tax_ids, taxes[name])
            self.assertEqual(order.payment_term_id, terms[name])
            bill = self.bill(order.with_company(order.company_id), 1000.0, post=False)
            account = bill.invoice_line_ids.account_id
            self.assertIn(order.company_id, account.company_ids)
            self.assertEqual(bill.company_id, order.company_id)

    def test_the_budget_check_of_each_company(self):
        self.masters()
        self.policy("commitment", budget_check="block")
        self.process(*self.budgets("999.00"))
        more = self.budget_data("B2", "EU-01", [self.budget_line("1000.00")], version="2")
        self.process(self.event("budget.approved", data=more | {"currency": "EUR"}))
        events = self.commitments()
        self.apply(*events)
        states = [self.state(event["id"]) for event in events]
        self.assertEqual(states, ["parked", "parked", "processed"])
        issue = self.assertParked(events[0]["id"], "budget")
        self.assertEqual((issue.company_id, issue.currency_id), (self.company, self.usd))

    def test_a_policy_of_one_company_holds_for_its_jobs_alone(self):
        self.masters()
        self.env["construction.sync.policy"].create(
            {"object": "commitment", "company_id": self.second.id, "budget_check": "block"}
        )
        events = self.commitments()
        self.apply(*events)
        states = [self.state(event["id"]) for event in events]
        self.assertEqual(states, ["processed", "parked", "processed"])

    def test_a_budget_in_another_currency_is_refused(self):
        self.masters()
        data = self.budget_data("B1", "EU-01", currency="USD")
        event = self.event("budget.approved", data=data)
        self.apply(event)
        self.assertParked(event["id"], "amount")

    def test_the_approval_limit_is_that_of_the_order_s_company(self):
        self.masters()
        self.euro.write({"po_double_validation": "two_step", "po_double_validation_amount": 500})
        self.process(*self.commitments())
        self.assertEqual(
            [order.state for order in self.orders()], ["purchase", "purchase", "to approve"]
        )

    def test_a_new_version_and_a_void_keep_the_companies_apart(self):
        self.masters()
        self.process(*self.commitments())
        self.process(*self.commitments("1500.00"))
        self.assertEqual([order.amount_untaxed for order in self.orders()], [1500.0] * 3)
        data = {"external_id": "C-EU-01", "date": DATE, "reason": "mistake"}
        self.process(self.event("commitment.voided", data=data))
        self.assertEqual([o.state for o in self.orders()], ["purchase", "purchase", "cancel"])


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
class TestRecordRules(MultiCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = ("project_manager", "finance", "auditor")
        cls.people = {
            company: cls.make_user(f"person-{company.id}", *groups, company=company)
            for company in cls.all
        }

    def seen(self, model, user, domain=()):
        return self.env[model].with_user(user).search(list(domain))

    def test_nobody_sees_what_is_of_another_company(self):
        self.masters()
        self.process(*self.budgets(), *self.commitments())
        places = [
            {"external_id": n, "code": n, "name": n, "kind": "area", "job": n} for n in self.names
        ]
        people = [{"external_id": n, "number": n, "name": n, "legal_entity": n} for n in self.names]
        self.process(
            *[self.event("phase.upserted", data=place) for place in places],
            *[self.event("location.upserted", data=place) for place in places],
            *[self.event("employee.upserted", data=person) for person in people],
        )
        self.env.flush_all()
        models = (
            "project.project", "purchase.order", "purchase.order.line", "construction.budget",
            "construction.budget.line", "construction.job.cost", "construction.event",
            "construction.binding", "construction.phase", "construction.location",
            "construction.employee", "construction.audit",
        )  # fmt: skip
        for company, user in self.people.items():
            for model in models:
                records = self.seen(model, user)
                self.assertTrue(records.filtered("company_id"), f"{model}: shows nothing")
                self.assertLessEqual(records.sudo().company_id, company, model)

    def test_nor_by_its_id(self):
        self.masters()
        self.process(*self.commitments())
        order = self.orders()[2]
        stranger = self.people[self.company]
        for record in (order, order.order_line, order.project_id):
            with self.assertRaises(AccessError):
                record.with_user(stranger).read(["company_id"])

    def test_a_report_of_two_companies_keeps_them_apart(self):
        jobs = self.masters()
        self.process(*self.budgets())
        self.env.flush_all()
        user = self.people[self.company]
        user.company_ids |= self.euro
        report = self.env["construction.job.cost"].with_user(user)
        both = report.with_context(allowed_company_ids=(self.company + self.euro).ids)
        groups = both._read_group(
            [("job_id", "in", [job.id for job in jobs.values()])],
            ["company_id"],
            ["budget:sum", "currency_id:array_agg_distinct"],
        )
        self.assertEqual(
            {company: (total, currencies) for company, total, currencies in groups},
            {
                self.company: (5000.0, [self.usd.id]),
                self.euro: (5000.0, [self.eur.id]),
            },
        )
        one = report.with_context(allowed_company_ids=self.euro.ids)
        self.assertEqual(one.search([]).company_id, self.euro)

    def test_a_platform_of_several_companies_is_seen_in_each(self):
        platform = self.platform
        for user in self.people.values():
            self.assertIn(platform, self.seen("construction.platform", user))
        alone = self.make_platform("tests-euro", self.euro)
        self.assertNotIn(alone, self.seen("construction.platform", self.people[self.company]))

    def test_issues_stand_in_the_company_they_are_about(self):
        self.masters()
        self.policy("commitment", budget_check="block")
        self.apply(*self.commitments())
        for company, user in self.people.items():
            issues = self.seen("construction.issue", user, [("category", "=", "budget")])
            self.assertEqual(issues.company_id, company)


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
