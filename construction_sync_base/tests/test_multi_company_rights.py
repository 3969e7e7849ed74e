"""Nobody sees, and no report adds up, what is of another company."""

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from .multi_company import MultiCase


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
