"""Which policy and which mapping holds: platform before company before shared."""

import psycopg2
from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .common import SyncCase


@tagged("post_install", "-at_install")
class TestCrosswalk(SyncCase, TransactionCase):
    def row(self, unit, platform=None, company=None, value="furlong", **more):
        return self.env["construction.crosswalk"].create(
            {
                "kind": "uom",
                "external_value": value,
                "platform_id": platform and platform.id,
                "company_id": company and company.id,
                "res_model": "uom.uom",
                "res_id": self.env.ref(f"uom.product_uom_{unit}").id,
                **more,
            }
        )

    def target(self, platform=None, company=None, value="furlong"):
        found = self.env["construction.resolver"]._codes(
            "uom", [value], (platform or self.platform).id, (company or self.company).id
        )
        model, res_id = found.get(value, (None, None))
        return model and self.env[model].browse(res_id)

    def unit(self, name):
        return self.env.ref(f"uom.product_uom_{name}")

    def test_platform_before_company_before_shared(self):
        other = self.make_platform("tests-cw", self.company)
        company = self.make_company("CW Ltd")
        self.assertFalse(self.target())
        self.row("foot")
        self.assertEqual(self.target(), self.unit("foot"))
        self.row("meter", company=self.company)
        self.assertEqual(self.target(), self.unit("meter"))
        self.assertEqual(self.target(company=company), self.unit("foot"))
        self.row("km", platform=self.platform)
        self.assertEqual(self.target(), self.unit("km"))
        self.assertEqual(self.target(company=company), self.unit("km"))
        self.assertEqual(self.target(platform=other), self.unit("meter"))
        self.row("inch", platform=self.platform, company=self.company)
        self.assertEqual(self.target(), self.unit("inch"))

    def test_values_are_taken_exactly(self):
        self.row("foot")
        for value in ("Furlong", "furlong ", " furlong", "furlongs", "fur%", "%"):
            self.assertFalse(self.target(value=value), value)

    def test_an_archived_row_counts_for_nothing(self):
        row = self.row("foot")
        row.active = False
        self.assertFalse(self.target())
        self.row("meter")
        self.assertEqual(self.target(), self.unit("meter"))

    @mute_logger("odoo.sql_db")
    def test_one_row_per_code_platform_and_company(self):
        self.row("foot")
        with self.assertRaises(psycopg2.Error), self.env.cr.savepoint():
            self.row("meter")
            self.env.flush_all()

    @mute_logger("odoo.sql_db")
    def test_a_row_leads_somewhere(self):
        values = {"kind": "uom", "external_value": "nowhere"}
        with self.assertRaises(psycopg2.Error), self.env.cr.savepoint():
            self.env["construction.crosswalk"].create(values)
            self.env.flush_all()
        with self.assertRaises(ValidationError):
            self.env["construction.crosswalk"].create(
                values | {"res_model": "no.such.model", "res_id": 1}
            )

    def test_the_shipped_units_and_types(self):
        for value in "ls ea hr day wk mo cy sy lf sf ton gal m m2 m3 kg l".split():
            self.assertTrue(self.target(value=value), value)
        found = self.env["construction.resolver"]._codes(
            "cost_type",
            "labor burden material equipment subcontract other overhead".split(),
            self.platform.id,
            self.company.id,
        )
        self.assertEqual(len(found), 7)
        self.assertEqual({model for model, _id in found.values()}, {"construction.cost.type"})


@tagged("post_install", "-at_install")
class TestPolicy(SyncCase, TransactionCase):
    def policy(self, platform=None, company=None, **values):
        return self.env["construction.sync.policy"].create(
            {
                "object": "vendor",
                "platform_id": platform and platform.id,
                "company_id": company and company.id,
                **values,
            }
        )

    def holds(self, platform=None, company=None):
        return self.env["construction.sync.policy"]._get(
            "vendor", (company or self.company).id, (platform or self.platform).id
        )

    def test_platform_before_company_before_shared(self):
        other = self.make_platform("tests-pol", self.company)
        company = self.make_company("Pol Ltd")
        shared = self.env.ref("construction_sync_base.policy_vendor")
        self.assertEqual(self.holds(), shared)
        by_company = self.policy(company=self.company)
        self.assertEqual(self.holds(), by_company)
        self.assertEqual(self.holds(company=company), shared)
        by_platform = self.policy(platform=self.platform)
        self.assertEqual(self.holds(), by_platform)
        self.assertEqual(self.holds(platform=other), by_company)
        both = self.policy(platform=self.platform, company=self.company)
        self.assertEqual(self.holds(), both)
        both.active = False
        self.assertEqual(self.holds(), by_platform)

    def test_without_any_policy_the_defaults_hold(self):
        self.env["construction.sync.policy"].search([("object", "=", "vendor")]).active = False
        policy = self.holds()
        self.assertEqual((policy.owner, policy.budget_check), ("platform", "warn"))

    def test_the_owner_of_an_object_and_of_its_fields(self):
        policy = self.policy(
            platform=self.platform,
            field_ids=[(0, 0, {"name": "phone", "owner": "odoo"})],
        )
        values = {"name": "x", "phone": "1"}
        self.assertEqual(policy._filter_update(values), {"name": "x"})
        policy.owner = "odoo"
        self.assertEqual(policy._filter_update(values), {})
        policy.field_ids.owner = "platform"
        self.assertEqual(policy._filter_update(values), {"phone": "1"})

    def test_the_lane_of_a_policy(self):
        event = self.event("vendor.upserted", data=self.vendor_data())
        self.send(event)
        self.assertEqual(self.stored(event["id"]).lane, "standard")
        self.policy(platform=self.platform, lane="bulk")
        event = self.event("vendor.upserted", data=self.vendor_data("V2"))
        self.env["queue.job"].search([]).write({"state": "done"})
        self.send(event)
        self.assertEqual(self.stored(event["id"]).lane, "bulk")
        jobs = self.env["queue.job"].search([("state", "=", "pending")])
        self.assertEqual(jobs.mapped("channel"), ["root.construction.bulk"])
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_the_shipped_policies_say_what_odoo_owns(self):
        for name in ("job", "cost_code", "cost_type", "vendor", "budget", "commitment"):
            self.assertTrue(self.env.ref(f"construction_sync_base.policy_{name}"), name)
        owned = self.env.ref("construction_sync_base.policy_job").field_ids
        self.assertIn("partner_id", owned.filtered(lambda f: f.owner == "odoo").mapped("name"))
