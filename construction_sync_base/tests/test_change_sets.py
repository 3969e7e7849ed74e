"""Change sets: proposed, checked, in force, rolled back exactly; no edit without one."""

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from .domain import DomainCase


class ChangeCase(DomainCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Change = cls.env["construction.change"]
        cls.manager = cls.make_user("change-manager", "integration_manager")
        cls.first = cls.make_user("change-first", "finance")
        cls.second = cls.make_user("change-second", "finance")
        cls.mapping = cls.env["construction.crosswalk"].create(
            {
                "kind": "uom",
                "external_value": "skid",
                "res_model": "uom.uom",
                "res_id": cls.env.ref("uom.product_uom_unit").id,
            }
        )
        cls.dozen = cls.env.ref("uom.product_uom_dozen")
        cls.dozen.active = True  # Odoo archives it

    def change(self, *proposals, user=None, **values):
        """A draft of (record, values) proposals."""
        values = {"name": "Units", "reason": "The yard counts in dozens"} | values
        change = self.Change.with_user(user or self.manager).create(values)
        for record, new in proposals:
            self.env["construction.change.line"]._propose(change, record, new)
        return change

    def in_force(self, *proposals, **values):
        change = self.change(*proposals, **values)
        change.action_check()
        if change.controlled:
            change.with_user(self.first).action_approve()
            change.with_user(self.second).action_approve()
        else:
            change.action_activate()
        return change

    def everything(self):
        """What decides how events are applied, as it stands."""
        result = {}
        for model in ("construction.crosswalk", "construction.sync.policy",
                      "construction.sync.policy.field", "construction.schema.rule"):  # fmt: skip
            records = self.env[model].with_context(active_test=False).search([], order="id")
            records.invalidate_recordset()
            result[model] = sorted(map(str, records._values_now().values()))
        return result


@tagged("post_install", "-at_install")
class TestChangeSets(ChangeCase, TransactionCase):
    def test_a_draft_changes_nothing_until_it_is_activated(self):
        before = self.everything()
        change = self.change((self.mapping, {"res_id": self.dozen.id}))
        change.action_check()
        self.assertEqual(self.everything(), before)
        self.assertEqual(change.state, "checked")
        change.action_activate()
        self.assertEqual(self.mapping.res_id, self.dozen.id)
        self.assertEqual((change.state, change.activated_by_id), ("active", self.manager))
        self.assertEqual(change.line_ids.old_text, "Record: Units")
        self.assertEqual(change.line_ids.new_text, "Record: Dozens")

    def test_rolled_back_exactly(self):
        """New, changed and deleted records of every kind come back as they were."""
        policy = self.env.ref("construction_sync_base.policy_commitment")
        owned = self.env.ref("construction_sync_base.policy_job").field_ids[:1]
        before = self.everything()
        change = self.in_force(
            (self.mapping, None),
            (self.env["construction.crosswalk"], {
                "kind": "uom", "external_value": "crate", "platform_id": self.platform.id,
                "res_model": "uom.uom", "res_id": self.dozen.id,
            }),
            (policy, {"budget_check": "block", "lane": "bulk"}),
            (owned, None),
            (self.env["construction.schema.rule"], {
                "event_type": "construction.job.upserted.v1", "platform_id": self.platform.id,
            }),
            effective_at=fields.Datetime.now(),
        )  # fmt: skip
        self.assertFalse(self.mapping.exists())
        self.assertEqual(policy.budget_check, "block")
        self.assertEqual(len(self.everything()["construction.schema.rule"]), 1)
        change.with_user(self.first).action_roll_back()
        change.with_user(self.second).action_roll_back()
        self.assertEqual(self.everything(), before)
        self.assertEqual(change.state, "rolled_back")

    def test_a_policy_with_its_fields_comes_back_whole(self):
        policy = self.env["construction.sync.policy"].create(
            {"object": "job", "platform_id": self.platform.id,
             "field_ids": [(0, 0, {"name": "name", "owner": "odoo"})]}
        )  # fmt: skip
        made = self.Change.search([], limit=1)
        self.assertEqual(made.line_ids.mapped("operation"), ["create", "create"])
        policy.write({"owner": "odoo", "field_ids": [(0, 0, {"name": "date", "owner": "odoo"})]})
        before = self.everything()
        policy.unlink()
        gone = self.Change.search([], limit=1)
        gone.action_roll_back()
        self.assertEqual(len(self.everything()["construction.sync.policy"]),
                         len(before["construction.sync.policy"]))  # fmt: skip
        back = self.env["construction.sync.policy"].search([("platform_id", "=", self.platform.id)])
        self.assertEqual(sorted(back.field_ids.mapped("name")), ["date", "name"])
        # and the sets before it still lead all the way back
        for change in self.Change.search([("state", "=", "active"), ("number", ">=", made.number)]):
            change.action_roll_back()
        self.assertFalse(back.exists())

    def test_an_edit_on_the_spot_is_a_change_set_by_itself(self):
        before = self.everything()
        self.mapping.write({"res_id": self.dozen.id, "external_value": "skid"})
        change = self.Change.search([], limit=1)
        self.assertTrue(change.immediate)
        self.assertEqual(change.state, "active")
        self.assertEqual(change.line_ids.new_values, {"res_id": self.dozen.id})
        change.with_user(self.manager).action_roll_back()
        self.assertEqual(self.everything(), before)

    def test_an_edit_that_changes_nothing_leaves_no_set(self):
        count = self.Change.search_count([])
        self.mapping.write({"res_id": self.mapping.res_id})
        self.assertEqual(self.Change.search_count([]), count)

    def test_mapping_in_an_issue_is_on_record_too(self):
        self.setup_job()
        event = self.event(
            "commitment.approved",
            data=self.commitment_data(lines=[self.commitment_line(cost_code="ZZ")]),
        )
        self.apply(event)
        issue = self.assertParked(event["id"], "unmapped_reference")
        self.env["construction.issue.map"].create(
            {"issue_id": issue.id, "cost_code_id": self.code.id}
        ).action_map()
        line = self.Change.search([], limit=1).line_ids
        self.assertEqual(line.new_values["external_value"], "ZZ")

    def test_a_proposal_that_was_overtaken_is_refused(self):
        change = self.change((self.mapping, {"res_id": self.dozen.id}))
        change.action_check()
        self.mapping.external_value = "SKID"
        self.mapping.res_id = self.env.ref("uom.product_uom_hour").id
        with self.assertRaisesRegex(UserError, "changed in the meantime"):
            change.action_activate()

    def test_rolled_back_latest_first(self):
        first = self.in_force((self.mapping, {"res_id": self.dozen.id}))
        second = self.in_force(
            (self.mapping, {"res_id": self.env.ref("uom.product_uom_hour").id}), name="Hours"
        )
        with self.assertRaisesRegex(UserError, "Hours"):
            first.action_roll_back()
        (first | second).action_roll_back()
        self.assertEqual(self.mapping.res_id, self.env.ref("uom.product_uom_unit").id)

    def test_the_check_finds_what_does_not_fit(self):
        twin = {"kind": "uom", "external_value": "skid", "res_model": "uom.uom", "res_id": 1}
        change = self.change((self.env["construction.crosswalk"], twin))
        with self.assertRaises(UniqueViolation), self.cr.savepoint(), mute_logger("odoo.sql_db"):
            change.action_check()
        self.assertEqual(change.state, "draft")
        for empty in (self.change(), self.change((self.mapping, {"value": "x"}), reason=" ")):
            with self.assertRaises(UserError):
                empty.action_check()

    def test_effective_at_its_date(self):
        tomorrow = fields.Datetime.add(fields.Datetime.now(), days=1)
        change = self.in_force((self.mapping, {"res_id": self.dozen.id}), effective_at=tomorrow)
        self.assertEqual(change.state, "scheduled")
        self.Change._activate_due()
        self.assertNotEqual(self.mapping.res_id, self.dozen.id)
        change.sudo().effective_at = fields.Datetime.subtract(fields.Datetime.now(), minutes=1)
        self.Change._activate_due()
        self.assertEqual((change.state, self.mapping.res_id), ("active", self.dozen.id))
        self.assertEqual(change.activated_by_id, self.manager)

    def test_overtaken_at_its_date_it_goes_back_to_a_draft(self):
        past = fields.Datetime.add(fields.Datetime.now(), days=1)
        change = self.in_force((self.mapping, {"res_id": self.dozen.id}), effective_at=past)
        self.mapping.res_id = self.env.ref("uom.product_uom_hour").id
        change.sudo().effective_at = fields.Datetime.now()
        self.Change._activate_due()
        self.assertEqual(change.state, "draft")
        self.assertIn("in the meantime", change.message_ids[0].body)

    def test_what_the_database_refuses_at_its_date_stops_no_other(self):
        tomorrow = fields.Datetime.add(fields.Datetime.now(), days=1)
        twin = {"kind": "uom", "external_value": "crate", "res_model": "uom.uom", "res_id": 1}
        crosswalk = self.env["construction.crosswalk"]
        refused = self.in_force((crosswalk, twin), effective_at=tomorrow)
        crosswalk.create(twin)
        good = self.in_force((self.mapping, {"res_id": self.dozen.id}), effective_at=tomorrow)
        (refused | good).sudo().effective_at = fields.Datetime.now()
        with mute_logger("odoo.sql_db"):
            self.Change._activate_due()
        self.assertEqual((refused.state, good.state), ("draft", "active"))

    def test_only_drafts_are_edited_and_states_move_by_buttons(self):
        change = self.in_force((self.mapping, {"res_id": self.dozen.id}))
        for act in (
            lambda: change.write({"state": "draft"}),
            lambda: change.line_ids.with_user(self.manager).write({"new_values": {"res_id": 1}}),
            lambda: change.line_ids.with_user(self.manager).unlink(),
            lambda: change.unlink(),
            lambda: self.Change.with_user(self.manager).create({"name": "x", "state": "active"}),
            lambda: change.action_activate(),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()

    def test_others_than_integration_managers_move_nothing(self):
        change = self.change((self.mapping, {"res_id": self.dozen.id}))
        for group in ("finance", "auditor", "project_manager"):
            user = self.make_user(f"change-{group}", group)
            with self.assertRaises(AccessError), self.cr.savepoint():
                change.with_user(user).action_check()

    def test_a_set_is_no_way_around_what_somebody_may_write(self):
        change = self.change()
        for model, values in (
            ("res.users", {"login": "x"}), ("construction.platform", {"key": "x"}),
            ("construction.crosswalk", {"create_uid": 1}), ("no.model", {"a": 1}),
        ):  # fmt: skip
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.env["construction.change.line"].with_user(self.manager).create(
                    {"change_id": change.id, "operation": "create", "res_model": model,
                     "name": "x", "new_values": values}
                )  # fmt: skip
        self.env["construction.change.line"]._propose(
            change, self.env.ref("construction_sync_base.policy_job"), None
        )
        with self.assertRaises(AccessError):  # an Integration Manager deletes no policy
            change.action_check()

    def test_proposed_on_the_screen(self):
        """Each kind of proposal, from the dialog, into one draft that can be put in force."""
        wizard = self.env["construction.change.propose"].with_user(self.manager)
        policy = self.env.ref("construction_sync_base.policy_job")
        target = f"uom.uom,{self.dozen.id}"
        from_row = wizard.with_context(
            active_model="construction.crosswalk", active_id=self.mapping.id
        )
        change = self.change()
        for values in (
            {"crosswalk_id": self.mapping.id, "crosswalk_kind": "uom", "external_value": "skid",
             "target": target},
            {"crosswalk_kind": "uom", "external_value": "crate", "target": target},
            {"kind": "policy", "policy_id": policy.id, "setting": "lane=bulk"},
            {"kind": "field", "policy_id": policy.id, "field_name": "x", "field_owner": "odoo"},
            {"kind": "schema", "event_type": "construction.job.upserted.v1"},
        ):  # fmt: skip
            wizard.create(values | {"change_id": change.id}).action_propose()
        self.assertEqual(
            change.line_ids.mapped("operation"), ["write", "create", "write", "create", "create"]
        )
        self.assertEqual(change.line_ids[0].new_values, {"res_id": self.dozen.id})
        self.assertEqual(from_row.default_get(["crosswalk_id"])["crosswalk_id"], self.mapping.id)
        before = self.everything()
        change.action_check()
        change.action_activate()
        self.assertEqual((policy.lane, self.mapping.res_id), ("bulk", self.dozen.id))
        change.action_roll_back()
        self.assertEqual(self.everything(), before)
        with self.assertRaises(UserError):
            wizard.create({"crosswalk_kind": "uom", "external_value": "x"}).action_propose()

    def test_the_schema_in_force(self):
        self.in_force(
            (self.env["construction.schema.rule"], {
                "event_type": "construction.job.upserted.v1", "platform_id": self.platform.id,
            }),
        )  # fmt: skip
        self.process(self.event("job.upserted", data=self.job_data()))
        rule = self.env["construction.schema.rule"].search([])
        self.env.cr.execute(  # as if a second version were known here
            "UPDATE construction_schema_rule SET event_type = 'construction.job.upserted.v2'"
        )
        rule.invalidate_recordset()
        self.env.registry.clear_cache()
        event = self.event("job.upserted", data=self.job_data("J2"))
        self.apply(event)
        self.assertIn("v2", self.assertParked(event["id"], "schema").message)
        with self.assertRaises(UserError):
            self.env["construction.schema.rule"].create({"event_type": "construction.x.y.v1"})
