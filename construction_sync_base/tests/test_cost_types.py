"""Cost types: one account and one service product each."""

from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from .domain import DomainCase

CATEGORIES = {"labor", "burden", "material", "equipment", "subcontract", "other", "overhead"}


@tagged("post_install", "-at_install")
class TestCostTypes(DomainCase, TransactionCase):
    def test_shipped_types(self):
        self.assertEqual(set(self.types), CATEGORIES)
        plan = self.coding._plan("cost_type")
        for cost_type in self.types.values():
            self.assertEqual(cost_type.analytic_account_id.root_plan_id, plan)
            self.assertFalse(cost_type.company_id)
        self.assertEqual(plan.default_applicability, "optional")
        products = [cost_type.product_id for cost_type in self.types.values()]
        self.assertEqual(len(set(products)), len(products))

    def test_its_product_carries_a_schedule_of_values(self):
        product = self.material.product_id
        self.assertEqual(product.type, "service")
        self.assertEqual(product.purchase_method, "purchase")
        self.assertEqual(product.standard_price, 1.0)
        self.assertFalse(product.is_storable or product.supplier_taxes_id or product.seller_ids)

    def test_a_new_type_gets_both(self):
        permit = self.env["construction.cost.type"].create(
            {"code": "permit", "name": "Permits", "category": "other"}
        )
        self.assertTrue(permit.product_id and permit.analytic_account_id)
        self.assertEqual(permit.product_id.default_code, "PERMIT")

    def test_a_storable_product_is_refused(self):
        stored = self.env["product.product"].create({"name": "Brick", "is_storable": True})
        with self.assertRaises(ValidationError):
            self.material.product_id = stored

    def test_accounts_stay(self):
        with self.assertRaises(UserError):
            self.material.analytic_account_id = self.subcontract.analytic_account_id
        with self.assertRaises(ValidationError):
            self.env["construction.cost.type"].create(
                {
                    "code": "x",
                    "name": "X",
                    "category": "other",
                    "analytic_account_id": self.make_job("26-2").account_id.id,
                }
            )

    def test_account_follows_the_name_and_the_code(self):
        permit = self.env["construction.cost.type"].create(
            {"code": "permit", "name": "Permits", "category": "other"}
        )
        permit.write({"name": "Fees", "code": "fee"})
        account = permit.analytic_account_id
        self.assertEqual((account.name, account.code), ("Fees", "fee"))

    def test_archived_never_deleted(self):
        with self.assertRaises(UserError):
            self.material.unlink()
        self.material.active = False
        self.assertFalse(self.material.analytic_account_id.active)


@tagged("post_install", "-at_install")
class TestCostTypeEvents(DomainCase, TransactionCase):
    def upsert(self, code, category="other", sequence=None, **over):
        data = {
            "external_id": f"CT-{code}",
            "code": code,
            "name": code.title(),
            "category": category,
            **over,
        }
        return self.event("cost_type.upserted", data=data, sequence=sequence)

    def type_of(self, code):
        return self.bound("cost_type", f"CT-{code}")

    def test_shipped_type_is_bound_not_doubled(self):
        count = self.env["construction.cost.type"].search_count([])
        self.process(self.upsert("material", "material", name="MATERIALS"))
        self.assertEqual(self.type_of("material"), self.material)
        self.assertEqual(self.material.name, "Material")
        self.assertEqual(self.env["construction.cost.type"].search_count([]), count)

    def test_new_type(self):
        self.process(self.upsert("permit"))
        permit = self.type_of("permit")
        self.assertEqual((permit.category, permit.company_id), ("other", self.company))
        self.process(self.upsert("permit", sequence=2, name="Permits and fees"))
        self.assertEqual(permit.name, "Permits and fees")
        self.assertEqual(permit.analytic_account_id.name, "Permits and fees")

    def test_category_stays_with_a_notice(self):
        self.process(self.upsert("permit", sequence=1))
        event = self.upsert("permit", "labor", sequence=2)
        self.process(event)
        self.assertEqual(self.type_of("permit").category, "other")
        self.assertEqual(self.issues(event["id"]).mapped("category"), ["ownership_conflict"])

    def test_archive(self):
        self.process(self.upsert("permit", sequence=1))
        self.process(self.upsert("permit", sequence=2, active=False))
        self.assertFalse(self.type_of("permit").active)

    def test_two_of_one_code_in_a_batch(self):
        one = self.upsert("permit")
        two = self.upsert("permit", external_id="CT-twin")
        self.apply(one, two)
        self.assertEqual([self.state(e["id"]) for e in (one, two)], ["processed", "parked"])

    def test_one_code_of_two_companies_in_a_batch(self):
        other = self.make_company("Second")
        platform = self.make_platform("tests-two", self.company | other)
        events = []
        for company in (self.company, other):
            self.env["construction.crosswalk"].create(
                {
                    "kind": "legal_entity",
                    "external_value": company.name,
                    "platform_id": platform.id,
                    "res_model": company._name,
                    "res_id": company.id,
                }
            )
            name = f"CT-{company.id}"
            events.append(self.upsert("permit", external_id=name, legal_entity=company.name))
        self.process(*events, platform=platform)

    def test_a_platform_archives_no_type_of_all_companies(self):
        self.process(self.upsert("material", "material", sequence=1))
        self.process(self.upsert("material", "material", sequence=2, active=False))
        self.assertTrue(self.material.active)

    def test_the_same_code_of_another_platform_is_the_same_type(self):
        self.process(self.upsert("permit"))
        other = self.make_platform("tests-other", self.company)
        self.process(self.upsert("permit"), platform=other)
        self.assertEqual(self.bound("cost_type", "CT-permit", other), self.type_of("permit"))
