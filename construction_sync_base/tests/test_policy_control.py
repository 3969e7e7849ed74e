"""Rules that control money: what holds, holds until two people of Finance have approved. Each
way around it is tried by each group over RPC."""

import json
from datetime import timedelta

import psycopg2
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, TransactionCase, tagged
from odoo.tools import mute_logger

from .groups import GROUPS
from .test_change_sets import ChangeCase

REFUSED = (403, 404, 422)


class ControlCase(ChangeCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.policy = cls.env.ref("construction_sync_base.policy_commitment")
        cls.ann = cls.make_user("control-ann", "finance")
        cls.bob = cls.make_user("control-bob", "finance")
        cls.both = cls.make_user("control-both", "finance", "integration_manager")

    def waiting(self, values=None, **kept):
        """A checked set that loosens the budget check, proposed by an Integration Manager."""
        kept = {"effective_at": fields.Datetime.now()} | kept
        change = self.change((self.policy, values or {"budget_check": "off"}), **kept)
        change.action_check()
        return change

    def holds(self):
        self.policy.invalidate_recordset()
        return self.env["construction.sync.policy"]._get(
            "commitment", self.company.id, self.platform.id
        )


@tagged("post_install", "-at_install")
class TestTwoPeople(ControlCase, TransactionCase):
    def test_what_held_holds_until_two_people_of_finance_approved(self):
        change = self.waiting()
        self.assertEqual((change.controlled, self.holds().budget_check), (True, "warn"))
        self.assertIn("two people of Finance", change.waits_for)
        change.with_user(self.ann).action_approve()
        self.assertEqual((change.state, self.holds().budget_check), ("checked", "warn"))
        self.assertIn("control-ann", change.waits_for)
        change.with_user(self.bob).action_approve()
        self.assertEqual((change.state, self.holds().budget_check), ("active", "off"))
        self.assertEqual(
            (change.first_approver_id, change.second_approver_id), (self.ann, self.bob)
        )
        rows = self.env["construction.audit"].search(
            [("model", "=", change._name), ("res_id", "=", change.id)], order="id"
        )
        self.assertEqual(
            [(row.action, row.actor_id) for row in rows],
            [
                ("change_approved", self.ann),
                ("change_approved", self.bob),
                ("change_activated", self.bob),
            ],
        )

    def test_the_platforms_approval_is_controlled_too(self):
        change = self.waiting({"accept_platform_approval": True})
        with self.assertRaises(UserError):
            change.action_activate()
        self.assertFalse(self.holds().accept_platform_approval)

    def test_one_person_is_not_two(self):
        change = self.waiting()
        change.with_user(self.ann).action_approve()
        with self.assertRaisesRegex(UserError, "second person"):
            change.with_user(self.ann).action_approve()
        self.assertEqual(self.holds().budget_check, "warn")

    def test_integration_managers_approve_nothing_not_even_in_finance_too(self):
        change = self.waiting()
        for user in (self.manager, self.both):
            with self.assertRaises(AccessError):
                change.with_user(user).action_approve()
            with self.assertRaises(UserError):
                change.with_user(user).action_activate()
        self.assertFalse(change.first_approver_id)

    def test_the_database_holds_it(self):
        change = self.waiting()
        for sets in (
            f"state = 'active', number = 999999, activated_by_id = {self.manager.id}",
            f"state = 'scheduled', activated_by_id = {self.ann.id},"
            f" first_approver_id = {self.ann.id}, second_approver_id = {self.ann.id}",
        ):
            with (
                self.assertRaises(psycopg2.errors.CheckViolation),
                mute_logger("odoo.sql_db"),
                self.cr.savepoint(),
            ):
                self.env.cr.execute(
                    f"UPDATE construction_change SET {sets} WHERE id = %s", (change.id,)
                )

    def test_at_its_date(self):
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        change = self.waiting(effective_at=tomorrow)
        change.with_user(self.ann).action_approve()
        change.with_user(self.bob).action_approve()
        self.Change._activate_due()
        self.assertEqual((change.state, self.holds().budget_check), ("scheduled", "warn"))
        change.sudo().effective_at = fields.Datetime.now()
        self.Change._activate_due()
        self.assertEqual((change.state, self.holds().budget_check), ("active", "off"))

    def test_without_a_date_nobody_approves(self):
        change = self.waiting(effective_at=False)
        with self.assertRaisesRegex(UserError, "from when"):
            change.with_user(self.ann).action_approve()

    def test_nothing_is_slipped_in_after_the_first_approval(self):
        change = self.waiting({"budget_check": "block"})
        change.with_user(self.ann).action_approve()
        line = change.line_ids.with_user(self.manager)
        other = self.change((self.policy, {"accept_platform_approval": True})).line_ids
        for act in (
            lambda: line.write({"new_values": {"budget_check": "off"}}),
            lambda: line.unlink(),
            lambda: other.with_user(self.manager).write({"change_id": change.id}),
            lambda: change.write({"effective_at": fields.Datetime.now()}),
            lambda: change.write({"line_ids": [(5,)]}),
            lambda: change.unlink(),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()
        # who gets around the buttons finds the digest in the way
        self.env.cr.execute(
            "UPDATE construction_change_line SET new_values = %s WHERE id = %s",
            ('{"budget_check": "off"}', line.id),
        )
        line.invalidate_recordset()
        with self.assertRaisesRegex(UserError, "edited after"):
            change.with_user(self.bob).action_approve()

    def test_finance_alone_sends_back_what_finance_approved(self):
        change = self.waiting({"budget_check": "block"})
        change.with_user(self.ann).action_approve()
        with self.assertRaises(AccessError):
            change.with_user(self.manager).action_draft()
        change.with_user(self.bob).action_draft()
        self.assertEqual((change.state, change.first_approver_id.id), ("draft", False))
        change.action_check()
        change.with_user(self.bob).action_approve()
        self.assertEqual(self.holds().budget_check, "warn")

    def test_rolled_back_by_two_people(self):
        change = self.waiting({"budget_check": "block"})
        change.with_user(self.ann).action_approve()
        change.with_user(self.bob).action_approve()
        with self.assertRaises(AccessError):
            change.with_user(self.manager).action_roll_back()
        change.with_user(self.bob).action_roll_back()
        self.assertEqual((change.state, self.holds().budget_check), ("active", "block"))
        self.assertIn("control-bob", change.waits_for)
        with self.assertRaisesRegex(UserError, "second person"):
            change.with_user(self.bob).action_roll_back()
        change.with_user(self.ann).action_roll_back()
        self.assertEqual((change.state, self.holds().budget_check), ("rolled_back", "warn"))

    def test_no_way_around_by_another_policy(self):
        """A nearer policy, or none, would do the same as an edit."""
        policies = self.env["construction.sync.policy"].with_user(self.manager)
        nearer = {"object": "commitment", "platform_id": self.platform.id, "budget_check": "off"}
        vendor = policies.create({"object": "vendor", "platform_id": self.platform.id})
        own = self.policy.with_user(self.manager)
        for act in (
            lambda: policies.create(nearer),
            lambda: own.copy({"platform_id": self.platform.id}),
            lambda: own.write({"active": False}),
            lambda: own.write({"platform_id": self.platform.id}),
            lambda: own.write({"company_id": self.company.id}),
            lambda: vendor.write({"object": "commitment", "budget_check": "off"}),
        ):
            with self.assertRaises(UserError), self.cr.savepoint():
                act()
            self.assertEqual(self.holds().budget_check, "warn")
        # what controls no money is edited on the spot as before
        own.write({"lane": "bulk", "owner": "odoo"})
        vendor.write({"active": False})
        self.assertEqual(self.policy.lane, "bulk")

    def test_what_a_client_says_of_an_installation_counts_for_nothing(self):
        sets = self.Change.search([("state", "=", "active")], limit=1)
        for context in (
            {"install_mode": True},
            {"uninstall_mode": True},
            {"construction_noting": sets.id or 1},
            {"construction_applying": True},
        ):
            policy = self.policy.with_user(self.manager).with_context(**context)
            with self.assertRaises(UserError), self.cr.savepoint():
                policy.write({"budget_check": "off"})

    def test_a_nearer_policy_by_two_people(self):
        wizard = self.env["construction.change.propose"].with_user(self.manager)
        wizard.create(
            {
                "name": "Ours", "reason": "They check budgets", "kind": "policy",
                "policy_object": "commitment", "platform_id": self.platform.id,
                "setting": "budget_check=inform",
            }
        ).action_propose()  # fmt: skip
        change = self.Change.search([("name", "=", "Ours")])
        change.with_user(self.manager).action_check()
        change.with_user(self.ann).action_approve()
        self.assertEqual(self.holds().budget_check, "warn")
        change.with_user(self.bob).action_approve()
        self.assertEqual(self.holds().budget_check, "inform")
        change.with_user(self.ann).action_roll_back()
        change.with_user(self.bob).action_roll_back()
        self.assertEqual(self.holds(), self.policy)

    def test_finance_proposes_and_is_the_first_person(self):
        wizard = self.env["construction.change.propose"].with_user(self.ann)
        values = {"name": "Tighter", "reason": "Overruns", "kind": "policy"}
        wizard.create(
            values | {"policy_id": self.policy.id, "setting": "budget_check=block"}
        ).action_propose()
        change = self.Change.search([("name", "=", "Tighter")])
        self.assertEqual((change.first_approver_id, change.state), (self.ann, "checked"))
        self.assertEqual(self.holds().budget_check, "warn")
        with self.assertRaises(UserError):
            change.with_user(self.ann).action_approve()
        change.with_user(self.bob).action_approve()
        self.assertEqual(self.holds().budget_check, "block")
        # and proposes nothing else
        with self.assertRaises(UserError):
            wizard.create(
                values | {"policy_id": self.policy.id, "setting": "lane=bulk"}
            ).action_propose()

    def test_the_form_says_what_waits_for_whom(self):
        change = self.waiting()
        as_ann, as_bob = self.policy.with_user(self.ann), self.policy.with_user(self.bob)
        self.assertEqual(as_ann.action_open_waiting()["res_id"], change.id)
        for text in ("Warn", "Off", "change-manager", "two people of Finance"):
            self.assertIn(text, as_ann.waiting_text)
        self.assertFalse(self.policy.with_user(self.manager).may_approve_waiting)
        as_ann.action_approve_waiting()
        self.policy.invalidate_recordset()
        self.assertFalse(as_ann.may_approve_waiting)
        self.assertTrue(as_bob.may_approve_waiting)
        self.assertIn("second person", as_bob.waiting_text)
        as_bob.action_approve_waiting()
        self.policy.invalidate_recordset()
        self.assertFalse(as_bob.waiting_text)
        self.assertEqual(self.holds().budget_check, "off")

    def test_the_buttons_are_for_those_who_may(self):
        for model, button in (("construction.sync.policy", "action_approve_waiting"),
                              ("construction.change", "action_approve")):  # fmt: skip
            for user, shown in ((self.ann, True), (self.manager, False)):
                arch = self.env[model].with_user(user).get_view(view_type="form")["arch"]
                self.assertEqual(f'name="{button}"' in arch, shown, f"{model} {user.login}")
        with Form(self.policy.with_user(self.manager)) as form:
            form.lane = "bulk"
            with self.assertRaises(AssertionError):  # readonly on the form as well
                form.budget_check = "off"

    def test_a_replay_under_an_earlier_version_is_not_a_looser_one(self):
        hour = self.env.ref("uom.product_uom_hour")
        before = self.in_force((self.mapping, {"res_id": self.dozen.id}))
        change = self.in_force(
            (self.policy, {"budget_check": "block"}),
            (self.mapping, {"value": "with it"}),
            (self.env["construction.sync.policy"], {
                "object": "commitment", "platform_id": self.platform.id, "budget_check": "block",
            }),
            effective_at=fields.Datetime.now(),
        )  # fmt: skip
        nearer = self.holds()
        owned = self.env["construction.sync.policy.field"].with_user(self.manager).create(
            {"policy_id": nearer.id, "name": "notes", "owner": "odoo"}
        )  # fmt: skip
        self.in_force((self.mapping, {"res_id": hour.id}))
        with before.sudo()._as_of():
            self.assertEqual((self.holds(), nearer.budget_check), (nearer, "block"))
            self.assertEqual(self.policy.budget_check, "block")
            self.assertEqual((self.mapping.res_id, self.mapping.value), (self.dozen.id, False))
            self.assertFalse(owned.exists())
        self.assertEqual((self.mapping.res_id, self.mapping.value), (hour.id, "with it"))
        self.assertEqual((change.state, self.holds()), ("active", nearer))

    def test_finance_is_told(self):
        change = self.waiting()
        self.assertIn(self.bob.partner_id, change.message_ids[0].partner_ids)
        change.with_user(self.ann).action_approve()
        self.assertIn(self.bob.partner_id, change.message_ids[0].partner_ids)
        self.assertNotIn(self.ann.partner_id, change.message_ids[0].partner_ids)


@tagged("post_install", "-at_install")
class TestPolicyControlByRpc(ControlCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        until = fields.Datetime.now() + timedelta(hours=12)
        people = {group: cls.make_user(f"control-{group}", group) for group in GROUPS}
        people |= {"second": cls.bob, "both": cls.both, "plain": cls.make_user("control-plain")}
        cls.people = people
        cls.keys = {
            name: cls.env["res.users.apikeys"].with_user(user)._generate("rpc", "probe", until)
            for name, user in people.items()
        }

    def call(self, who, model, method, **arguments):
        answer = self.url_open(
            f"/json/2/{model}/{method}",
            data=json.dumps(arguments),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.keys[who]}",
                "X-Odoo-Database": self.env.cr.dbname,
            },
        )
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        return answer

    def test_no_group_loosens_it_alone(self):
        change = self.waiting()
        policy, set_ = "construction.sync.policy", "construction.change"
        ids, own = {"ids": change.ids}, {"ids": self.policy.ids}
        nearer = {"object": "commitment", "platform_id": self.platform.id, "budget_check": "off"}
        off = {"budget_check": "off"}
        attempts = [
            (policy, "write", own | {"vals": off}),
            (policy, "write", own | {"vals": off, "context": {"install_mode": True}}),
            (policy, "write", own | {"vals": {"accept_platform_approval": True}}),
            (policy, "write", own | {"vals": {"active": False}}),
            (policy, "create", {"vals_list": [nearer]}),
            (policy, "copy", own | {"default": nearer}),
            (policy, "unlink", own),
            (set_, "write", ids | {"vals": {"state": "active"}}),
            (set_, "write", ids | {"vals": {"controlled": False}}),
            (set_, "write", ids | {"vals": {"first_approver_id": self.ann.id}}),
            (set_, "create", {"vals_list": [{"name": "x", "second_approver_id": self.ann.id}]}),
            (set_, "action_activate", ids),
            (set_, "action_roll_back", ids),
        ]
        for who in (*GROUPS, "both", "plain"):
            for model, method, arguments in attempts:
                with mute_logger("odoo.addons.rpc.controllers.json2", "odoo.sql_db"):
                    answer = self.call(who, model, method, **arguments)
                self.assertIn(answer.status_code, REFUSED, f"{who} {method} {answer.text[:200]}")
                self.assertEqual(self.holds().budget_check, "warn", f"{who} {method}")
                self.assertFalse(self.holds().accept_platform_approval)
        self.assertEqual(change.state, "checked")

    def test_who_may_approve(self):
        change = self.waiting()
        ids = {"ids": change.ids}
        with mute_logger("odoo.addons.rpc.controllers.json2"):
            # payroll is of Finance
            for who in {*GROUPS, "both", "plain"} - {"finance", "payroll"}:
                answer = self.call(who, "construction.change", "action_approve", **ids)
                self.assertIn(answer.status_code, REFUSED, f"{who} {answer.text[:200]}")
            first = [self.call("finance", "construction.change", "action_approve", **ids)]
            first.append(self.call("finance", "construction.change", "action_approve", **ids))
        self.assertEqual([answer.status_code for answer in first], [200, 422])
        self.assertEqual(self.holds().budget_check, "warn")
        own = {"ids": self.policy.ids}
        answer = self.call("second", "construction.sync.policy", "action_approve_waiting", **own)
        self.assertEqual((answer.status_code, self.holds().budget_check), (200, "off"))
