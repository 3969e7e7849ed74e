"""Change orders of several companies in one batch: each moves its own, nobody sees another's."""

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from .multi_company import DATE, MultiCase

MODELS = (
    "construction.change.order",
    "construction.change.order.line",
    "construction.change.order.markup",
    "construction.field.ticket",
)


@tagged("post_install", "-at_install")
class TestChangeOrderCompanies(MultiCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        groups = ("project_manager", "finance", "auditor")
        cls.people = {
            company: cls.make_user(f"co-person-{company.id}", *groups, company=company)
            for company in cls.all
        }

    def events(self):
        for name, company in self.names.items():
            shared = {"job": name, "date": DATE, "currency": company.currency_id.name}
            line = {
                "line_id": "A",
                "description": "Extra",
                "cost_code": "03-300",
                "cost_type": "material",
                "commitment": f"C-{name}",
                "commitment_line_id": "1",
                "cost_amount": "300.00",
                "revenue_amount": "400.00",
                "markup": [{"kind": "fee", "amount": "100.00"}],
            }
            yield self.event(
                "change_order.approved",
                data={
                    "external_id": f"X-{name}",
                    "number": "PCO-1",
                    "title": "Extra",
                    "stage": "final",
                    "cost_status": "executed",
                    "lines": [line],
                    **shared,
                },
            )
            yield self.event(
                "field_ticket.signed",
                data={
                    "external_id": f"T-{name}",
                    "number": "FT-1",
                    "description": "Signed on site",
                    "labor": [],
                    "equipment": [],
                    "materials": [],
                    "amount": "50.00",
                    "change_order": f"X-{name}",
                    **shared,
                },
            )

    def test_each_its_own(self):
        jobs = self.masters()
        self.process(*self.budgets(), *self.commitments())
        self.process(*self.events())
        every = self.env["project.project"].union(*jobs.values())
        totals = self.env["construction.job.cost"]._totals(every)
        for name, company in self.names.items():
            found = totals[jobs[name].id]
            self.assertEqual((found["committed"], found["budget"]), (1300, 5300), name)
            change = self.bound("change_order", f"X-{name}")
            self.assertEqual((change.company_id, change.number), (company, "PCO-1"))
        for company, user in self.people.items():
            for model in MODELS:
                seen = self.env[model].with_user(user).search([])
                self.assertEqual(seen.sudo().company_id, company, model)
                for record in self.env[model].search([]).sudo():
                    if record.company_id != company:
                        with self.assertRaises(AccessError):
                            record.with_user(user).read(["job_id"])
