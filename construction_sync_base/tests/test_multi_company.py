"""One platform for several companies, several platforms for one: where an event goes, and
batches that mix companies."""

from odoo.fields import Command
from odoo.tests import TransactionCase, tagged

from .multi_company import DATE, MultiCase


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

    def test_the_matrix_of_one_company_asks_about_its_orders_alone(self):
        self.masters()
        rules = self.env["construction.approval.rule"]
        rules.create(
            [
                {
                    "name": company.name,
                    "company_id": company.id,
                    "document_type": "commitment",
                    "group_id": self.env.ref("construction_sync_base.group_finance").id,
                }
                for company in (self.company, self.second)
            ]
        )
        self.process(*self.commitments())
        orders = self.env["purchase.order"].union(*self.orders())
        self.assertEqual(
            [order.state for order in orders], ["to approve", "to approve", "purchase"]
        )
        asked = rules._steps(orders)  # of three companies at once
        self.assertEqual(
            {key: [step["role"] for step in steps] for key, steps in asked.items()},
            {order.id: [order.company_id.name] for order in orders[:2]},
        )

    def test_a_new_version_and_a_void_keep_the_companies_apart(self):
        self.masters()
        self.process(*self.commitments())
        self.process(*self.commitments("1500.00"))
        self.assertEqual([order.amount_untaxed for order in self.orders()], [1500.0] * 3)
        data = {"external_id": "C-EU-01", "date": DATE, "reason": "mistake"}
        self.process(self.event("commitment.voided", data=data))
        self.assertEqual([o.state for o in self.orders()], ["purchase", "purchase", "cancel"])
