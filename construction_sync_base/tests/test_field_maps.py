"""Any platform with lists in JSON, by configuration alone: records become events of the
catalogue, and what they would become is seen before anything is read."""

import json

import psycopg2
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .polling import PollCase, moment

VENDOR = "construction.vendor.upserted.v1"


@tagged("post_install", "-at_install")
class TestFieldMaps(PollCase, TransactionCase):
    def setUp(self):
        super().setUp()
        self.list.unlink()
        self.platform.adapter = "rest"
        self.map = self.make_map(name="company_name", phone="text(phone)")
        self.list = self.make_resource(form="map", map_id=self.map.id, id_path="uid")

    def make_map(self, event_type=VENDOR, label="Vendors", only_path=False, **expressions):
        return self.env["construction.field.map"].create(
            {
                "name": label,
                "platform_id": self.platform.id,
                "event_type": event_type,
                "only_path": only_path,
                "line_ids": [
                    Command.create({"name": name, "expression": expression})
                    for name, expression in expressions.items()
                ],
            }
        )

    def row(self, uid, name="Acme", minutes=60, **more):
        return {"uid": uid, "company_name": name, "time": moment(minutes)} | more

    def partner(self, name):
        return self.env["res.partner"].search([("name", "=", name)])

    # --------------------------------------------------------------- reading
    def test_records_become_vendors(self):
        self.assertEqual(self.list.object, "vendor")
        self.rows = [self.row(7, "Seven Steel", phone=5550100), self.row(8, "Eight Electric")]
        self.assertEqual(self.reading().new_count, 2)
        self.drain()
        self.assertEqual(self.partner("Seven Steel").phone, "5550100")
        self.assertFalse(self.partner("Eight Electric").phone)
        self.assertEqual(self.reading().duplicate_count, 2, "within the overlap")
        self.list.action_load_all()
        run = self.reading()
        self.assertEqual((run.new_count, run.duplicate_count), (0, 2))
        self.rows[0] = self.row(7, "Seven Steel Inc", 0)
        self.assertEqual(self.reading().new_count, 1)
        self.drain()
        self.assertEqual(len(self.partner("Seven Steel Inc")), 1)
        self.assertFalse(self.partner("Seven Steel"))

    def test_a_corrected_map_is_applied_to_what_is_read_again(self):
        self.rows = [self.row(7, "Corrected", phone=5550100, mail="a@example.com")]
        self.reading()
        self.drain()
        self.map.line_ids.create(
            {"map_id": self.map.id, "name": "email", "expression": "text(mail)"}
        )
        self.list.action_load_all()
        self.assertEqual(self.reading().new_count, 1)
        self.drain()
        self.assertEqual(self.partner("Corrected").email, "a@example.com")

    def test_only_some_and_by_number(self):
        self.map.write({"only_path": "kind == 'sub'", "version_path": "rev"})
        self.list.write({"since_field": False, "changed_path": False})
        rows = [self.row(1, "One", kind="sub", rev=4), self.row(2, "Two", kind="lead", rev=1)]
        self.rows = rows
        self.assertEqual(self.reading().new_count, 1)
        run = self.reading()
        self.assertEqual((run.duplicate_count, run.faulty_count), (1, 0), "the same event")
        event = self.env["construction.event"].search([("platform_id", "=", self.platform.id)])
        self.assertEqual((event.subject, event.sequence), ("vendor/1", "4"))
        self.rows[0].pop("rev")
        self.assertEqual(self.reading().faulty_count, 1)
        self.assertIn("version", self.trouble("unreadable").message)

    def test_a_movement_is_one_event_for_ever(self):
        """Written over at the platform, it is not added a second time."""
        movement = self.make_map(
            "construction.vendor.merged.v1", "Merges", master="text(into)", sources="from[].text(@)"
        )
        self.list.write({"map_id": movement.id})
        self.rows = [self.row(5, into=1) | {"from": [2]}]
        self.assertEqual(self.reading().new_count, 1)
        self.rows = [self.row(5, minutes=1, into=1) | {"from": [2, 3]}]
        run = self.reading()
        self.assertEqual((run.new_count, run.faulty_count), (0, 1))
        self.assertTrue(self.trouble("unreadable"))

    # ---------------------------------------------------------------- try it
    def test_try_it_shows_and_stores_nothing(self):
        self.rows = [self.row(7, "Tried"), self.row(8, None), {"time": moment(1)}]
        self.map.line_ids.create({"map_id": self.map.id, "name": "email", "expression": "mail"})
        self.rows[0]["mail"] = 5
        deliveries = self.env["construction.delivery"].search_count([])
        action = self.list.action_try()
        dialog = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual((dialog.record_count, dialog.fitting_count), (3, 0))
        faults = [line.fault for line in dialog.line_ids]
        self.assertIn("email", faults[0])
        self.assertIn("name", faults[1])
        self.assertIn("no id", faults[2])
        self.assertEqual(json.loads(dialog.line_ids[0].event)["subject"], "vendor/7")
        self.rows[0]["mail"] = "a@example.com"
        action = self.list.action_try()
        self.assertEqual(self.env[action["res_model"]].browse(action["res_id"]).fitting_count, 1)
        self.assertFalse(self.names())
        self.assertEqual(self.env["construction.delivery"].search_count([]), deliveries)
        self.assertFalse(self.list.run_ids)

    def test_try_it_says_what_the_platform_says(self):
        self.answers = {1: (403, {"message": "not yours"}, {}), 2: (200, {"a": 1}, {})}
        with self.assertRaisesRegex(UserError, "not yours"):
            self.list.action_try()
        with self.assertRaisesRegex(UserError, "no list"):
            self.list.action_try()
        user = self.make_user("try-auditor", "auditor")
        with self.assertRaises(AccessError):
            self.list.with_user(user).action_try()

    # ---------------------------------------------------------- configuration
    def test_what_is_still_missing(self):
        empty = self.make_map(label="Empty")
        self.assertEqual(empty.missing_fields, "name")
        self.assertFalse(self.map.missing_fields)

    def test_what_a_map_may_not_say(self):
        for name, expression in (("name", "a["), ("Name", "a"), ("x.y", "a"), ("x", "nosuch(a)")):
            with self.subTest(name), self.assertRaises(ValidationError):
                self.make_map(label="Other", **{name: expression})
        with self.assertRaises(ValidationError):
            self.make_map(label="Other", only_path="[")
        with self.assertRaises(psycopg2.IntegrityError), self.cr.savepoint():
            with mute_logger("odoo.sql_db"):
                self.make_resource("No map", form="map")
                self.env.flush_all()
        other = self.make_platform("maps-other", self.company)
        with self.assertRaises(ValidationError):
            self.list.copy({"name": "Elsewhere", "platform_id": other.id})

    # --------------------------------------------------------- change control
    def test_a_live_map_changes_under_change_control(self):
        """An edit on the spot leaves a set that takes it back; a proposal waits."""
        manager = self.make_user("map-manager", "integration_manager")
        line = self.map.line_ids[0].with_user(manager)
        line.expression = "legal_name"
        change = self.env["construction.change"].search([], limit=1)
        self.assertTrue(change.immediate)
        self.assertEqual(change.line_ids.old_values, {"expression": "company_name"})
        change.action_roll_back()
        self.assertEqual(line.expression, "company_name")
        dialog = (
            self.env["construction.change.propose"]
            .with_user(manager)
            .with_context(active_model="construction.field.map", active_id=self.map.id)
            .create({"name": "Legal names", "reason": "As agreed", "map_line_id": line.id,
                     "map_expression": "legal_name"})
        )  # fmt: skip
        self.assertEqual((dialog.kind, dialog.map_id), ("map", self.map))
        draft = self.env["construction.change"].browse(dialog.action_propose()["res_id"])
        self.assertEqual(line.expression, "company_name")
        draft.action_check()
        draft.action_activate()
        self.assertEqual(line.expression, "legal_name")
        add = dialog.copy({"map_line_id": False, "map_field": "email", "map_expression": "mail",
                           "change_id": False, "name": "Mail"})  # fmt: skip
        draft = self.env["construction.change"].browse(add.action_propose()["res_id"])
        draft.action_check()
        self.assertNotIn("email", self.map.line_ids.mapped("name"))
        draft.action_activate()
        self.assertIn("email", self.map.line_ids.mapped("name"))

    def test_who_maps(self):
        user = self.make_user("map-finance", "finance")
        self.assertTrue(self.map.with_user(user).name)
        with self.assertRaises(AccessError):
            self.map.with_user(user).name = "x"
        second = self.make_company("Maps Second")
        guest = self.make_user("map-guest", "integration_manager", company=second)
        with self.assertRaises(AccessError):
            self.map.with_user(guest).read(["name"])
