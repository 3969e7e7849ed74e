"""Cost codes: a tree; lists of a company, of a job, or shared; archived, never deleted."""

import psycopg2
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .domain import DomainCase


@tagged("post_install", "-at_install")
class TestCostCodes(DomainCase, TransactionCase):
    def test_each_code_has_its_account_in_the_one_plan(self):
        plan = self.coding._plan("cost_code")
        codes = self.make_code("09-100") | self.make_code("09-200")
        self.assertEqual(len(codes.analytic_account_id), 2)
        self.assertEqual(codes.analytic_account_id.root_plan_id, plan)
        parameter = "construction_sync_base.cost_code_plan_id"
        self.assertEqual(self.env["ir.config_parameter"].sudo().get_param(parameter), str(plan.id))
        self.assertEqual(plan.default_applicability, "optional")

    def test_plans_are_made_once(self):
        before = self.env["account.analytic.plan"].search_count([])
        self.coding._ensure_plans()
        self.assertEqual(self.env["account.analytic.plan"].search_count([]), before)

    def test_plan_is_found_after_a_rename(self):
        plan = self.coding._plan("cost_code")
        plan.name = "Kostenstelle"
        self.env.registry.clear_cache()
        self.assertEqual(self.coding._plan("cost_code"), plan)

    def test_an_account_of_another_plan_is_refused(self):
        with self.assertRaises(ValidationError):
            self.make_code("09-300", analytic_account_id=self.make_job("26-1").account_id.id)
        with self.assertRaises(UserError):
            self.code.analytic_account_id = self.other_code.analytic_account_id

    def test_tree(self):
        division = self.make_code("03")
        section = self.make_code("03-30", parent_id=division.id)
        leaf = self.make_code("03-301", parent_id=section.id)
        self.assertEqual([c.level for c in (division, section, leaf)], [0, 1, 2])
        self.assertEqual(
            self.code.search([("id", "child_of", division.id)]), division | section | leaf
        )
        with self.assertRaises(UserError):
            division.parent_id = leaf

    def test_lists(self):
        second = self.make_company("Second")
        shared = self.make_code("10-100")
        own = self.make_code("10-100", company_id=self.company.id)
        of_job = self.make_code("10-100", job_id=self.job.id)
        self.make_code("10-100", company_id=second.id)
        self.assertEqual(of_job.company_id, self.company)
        self.assertEqual(of_job.analytic_account_id.company_id, self.company)
        self.assertFalse(shared.analytic_account_id.company_id)
        for values in ({}, {"company_id": self.company.id}, {"job_id": self.job.id}):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.UniqueViolation),
                self.cr.savepoint(),
            ):
                self.make_code("10-100", **values)
        with self.assertRaises(ValidationError):
            shared.parent_id = own
        with self.assertRaises(ValidationError):
            own.parent_id = of_job

    def test_archived_never_deleted(self):
        code = self.make_code("11-100")
        with self.assertRaises(UserError):
            code.unlink()
        code.active = False
        self.assertFalse(code.analytic_account_id.active)
        code.active = True
        self.assertTrue(code.analytic_account_id.active)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.IntegrityError),
            self.cr.savepoint(),
        ):
            code.analytic_account_id.unlink()

    def test_account_follows_the_name(self):
        self.code.write({"name": "Cast in place", "code": "03-31"})
        account = self.code.analytic_account_id
        self.assertEqual((account.name, account.code), ("Cast in place", "03-31"))


@tagged("post_install", "-at_install")
class TestCostCodeEvents(DomainCase, TransactionCase):
    def upsert(self, code, sequence=None, **over):
        data = self.cost_code_data(code, **over)
        return self.event("cost_code.upserted", data=data, sequence=sequence)

    def code_of(self, code):
        return self.bound("cost_code", f"CC-{code}")

    def test_create_with_unit_and_types(self):
        self.process(self.upsert("12-100", uom="cy", cost_types=["material", "labor", "nonsense"]))
        self.process(self.upsert("12-200", uom={"code": "cy"}))
        code = self.code_of("12-100")
        self.assertEqual(code.uom_id, self.env.ref("construction_sync_base.uom_cubic_yard"))
        self.assertEqual(self.code_of("12-200").uom_id, code.uom_id)
        self.assertEqual(set(code.cost_type_ids.mapped("code")), {"material", "labor"})
        self.assertEqual(code.company_id, self.company)

    def test_tree_in_any_order(self):
        self.process(
            self.upsert("12-110", parent_code="12-100"),
            self.upsert("12-100", parent_code="12"),
            self.upsert("12"),
        )
        self.assertEqual(self.code_of("12-110").level, 2)

    def test_known_code_under_a_new_parent_of_the_same_batch(self):
        self.process(self.upsert("12-100", 1))
        self.process(self.upsert("12-100", 2, parent_code="12"), self.upsert("12", 1))
        self.assertEqual(self.code_of("12-100").parent_id, self.code_of("12"))

    def test_missing_parent_waits(self):
        child = self.upsert("12-100", parent_code="12")
        self.apply(child)
        self.assertParked(child["id"], "unmapped_reference")
        self.process(self.upsert("12"))
        self.drain()
        self.assertEqual(self.state(child["id"]), "processed")

    def test_a_code_that_is_its_own_parent(self):
        event = self.upsert("12-100", parent_code="12-100")
        good = self.upsert("12-200")
        self.apply(event, good)
        self.assertEqual(self.state(event["id"]), "parked")
        self.assertEqual(self.state(good["id"]), "processed")

    def test_an_existing_code_is_taken_not_doubled(self):
        typed = self.make_code("12-100", company_id=self.company.id)
        self.process(self.upsert("12-100", name="Theirs"))
        self.assertEqual(self.code_of("12-100"), typed)
        self.assertEqual(typed.name, "Theirs")

    def test_two_records_of_the_platform_are_not_one_code(self):
        """Whether they come in one batch or not."""
        self.process(self.upsert("12-100", name="First"))
        twin = self.upsert("12-100", external_id="CC-twin", name="Second")
        self.apply(twin)
        issue = self.assertParked(twin["id"], "duplicate")
        code = self.code_of("12-100")
        self.assertEqual(code.name, "First")
        self.env["construction.issue.map"].create(
            {"issue_id": issue.id, "cost_code_id": code.id}
        ).action_map()
        self.drain()
        self.assertEqual(self.state(twin["id"]), "processed")

    def test_a_code_that_is_taken_is_an_issue(self):
        self.process(self.upsert("12-100", 1), self.upsert("12-200", 1))
        event = self.upsert("12-100", 2, external_id="CC-12-200")
        self.apply(event)
        self.assertParked(event["id"], "duplicate")
        self.assertEqual(self.code_of("12-200").code, "12-200")

    def test_a_deleted_record_gives_its_code_free(self):
        self.process(self.upsert("12-100"))
        data = {"object": "cost_code", "external_id": "CC-12-100"}
        self.process(self.event("record.deleted", "cost_code/CC-12-100", data))
        self.process(self.upsert("12-100", external_id="CC-new"))
        self.assertEqual(self.bound("cost_code", "CC-new").code, "12-100")

    def test_a_parent_that_is_null_is_taken_off(self):
        self.process(self.upsert("12"), self.upsert("12-100", 1, parent_code="12"))
        self.process(self.upsert("12-100", 2))
        self.assertEqual(self.code_of("12-100").parent_id, self.code_of("12"))
        self.process(self.upsert("12-100", 3, parent_code=None))
        self.assertFalse(self.code_of("12-100").parent_id)

    def test_list_of_a_job(self):
        self.process(self.event("job.upserted", data=self.job_data("J1")))
        self.process(self.upsert("12-100", job="J1"), self.upsert("12-200"))
        self.assertEqual(self.code_of("12-100").job_id, self.bound("job", "J1"))
        self.assertFalse(self.code_of("12-200").job_id)

    def test_shared_where_the_platform_serves_several_companies(self):
        self.platform.company_ids |= self.make_company("Second")
        self.process(self.upsert("12-100"))
        self.assertFalse(self.code_of("12-100").company_id)

    def test_archive_and_revive(self):
        self.process(self.upsert("12-100", 1))
        code = self.code_of("12-100")
        self.process(self.upsert("12-100", 2, active=False))
        self.assertFalse(code.active)
        self.process(self.upsert("12-100", 3, active=True))
        self.assertTrue(code.active)

    def test_an_archived_code_is_an_issue_until_it_is_back(self):
        self.setup_job(codes=("12-100",))
        self.process(self.upsert("12-100", 2, active=False))
        lines = [self.commitment_line(cost_code="12-100")]
        order = self.event("commitment.approved", data=self.commitment_data(lines=lines))
        self.apply(order)
        self.assertParked(order["id"], "inactive_target")
        self.process(self.upsert("12-100", 3))
        self.assertFalse(self.code_of("12-100").active, "absent is unchanged")
        self.process(self.upsert("12-100", 4, active=True))
        self.drain()
        self.assertEqual(self.state(order["id"]), "processed")

    def test_who_keeps_no_mappings_maps_for_the_one_platform(self):
        event = self.upsert("12-100", uom="bundle")
        self.apply(event)
        issue = self.assertParked(event["id"], "unmapped_reference")
        manager = self.make_user("map-manager", "project_manager")
        wizard = self.env["construction.issue.map"].with_user(manager)
        unit = self.env.ref("uom.product_uom_dozen")
        unit.active = True  # Odoo archives it
        for scope in ("company", "all"):
            values = {"issue_id": issue.id, "uom_id": unit.id, "scope": scope}
            with self.assertRaises(AccessError):
                wizard.create(values).action_map()
        wizard.create({"issue_id": issue.id, "uom_id": unit.id}).action_map()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_usual_types_and_account_stay_odoos(self):
        self.process(self.upsert("12-100", 1, cost_types=["labor"]))
        self.process(self.upsert("12-100", 2, cost_types=["material"]))
        self.assertEqual(self.code_of("12-100").cost_type_ids.mapped("code"), ["labor"])

    def test_unknown_unit_waits_for_its_mapping(self):
        event = self.upsert("12-100", uom="bundle")
        self.apply(event)
        issue = self.assertParked(event["id"], "unmapped_reference")
        unit = self.env.ref("uom.product_uom_dozen")
        unit.active = True  # Odoo archives it
        self.env["construction.issue.map"].create(
            {"issue_id": issue.id, "uom_id": unit.id}
        ).action_map()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.code_of("12-100").uom_id, unit)
