"""Resources: who sets them up, what they compare, and what they never delete."""

import psycopg2
from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from .polling import PollCase


@tagged("post_install", "-at_install")
class TestComparison(PollCase, TransactionCase):
    def setUp(self):
        super().setUp()
        self.rows = [self.vendor(f"V{number}", 3000) for number in range(10)]
        self.reading()
        self.drain()

    def compared(self, resource=None):
        resource = resource or self.list
        resource.action_compare()
        return self.reading(resource)

    def bound(self):
        return self.env["construction.binding"].search_count(
            [("platform_id", "=", self.platform.id), ("tombstone", "=", False)]
        )

    def test_an_empty_list_is_a_right_that_was_lost(self):
        mark = self.list.mark
        self.rows = []
        run = self.compared()
        self.assertTrue(run.alarm)
        self.assertEqual((run.known_count, run.missing_count), (10, 10))
        self.assertEqual(self.trouble("silent").severity, "high")
        self.assertEqual(self.bound(), 10)
        self.assertEqual(self.list.mark, mark)
        self.compared()
        self.assertEqual(len(self.trouble("silent")), 1)

    def test_a_shrunken_list_too(self):
        del self.rows[2:]
        self.assertTrue(self.compared().alarm)

    def test_single_ones_are_a_question(self):
        self.rows.pop(3)
        run = self.compared()
        self.assertFalse(run.alarm)
        self.assertEqual(run.missing_ids, "V3")
        self.assertEqual(self.trouble("absent").severity, "low")
        self.assertIn("V3", self.trouble("absent").message)
        self.assertEqual(self.bound(), 10, "absence deletes nothing")
        self.rows.append(self.vendor("V3", 3000))
        self.compared()
        self.assertFalse(self.trouble("absent"), "the answer came by itself")

    def test_what_nobody_told_of_is_taken(self):
        """An old record that became visible has no new change: only its id shows it."""
        self.rows.append(self.vendor("old", 90000))
        self.assertEqual(self.reading().new_count, 0)
        run = self.compared()
        self.assertEqual((run.only_there_count, run.new_count, run.missing_count), (1, 1, 0))
        self.drain()
        self.assertEqual(self.bound(), 11)

    def test_a_scope_asks_for_its_own_only(self):
        """The other scopes' records are not missing in its list."""
        scope = self.make_resource(path="/v1/{scope}/vendors", scope_key="A")
        self.rows = self.rows[:3]
        self.assertEqual(self.reading(scope).missing_count, 0)
        self.rows = self.rows[:2] + [self.vendor(f"W{number}") for number in range(9)]
        run = self.compared(scope)
        self.assertEqual((run.known_count, run.missing_ids), (3, "V2"))

    def test_due_every_so_many_days(self):
        self.list.sudo().last_compared_at = "2020-01-01"
        self.assertEqual(self.reading().kind, "comparison")
        self.assertEqual(self.reading().kind, "poll")


@tagged("post_install", "-at_install")
class TestResources(PollCase, TransactionCase):
    def test_one_reading_at_a_time(self):
        run = {"resource_id": self.list.id}
        self.env["construction.resource.run"].sudo().create(run)
        with self.assertRaises(psycopg2.errors.UniqueViolation), self.cr.savepoint():
            with mute_logger("odoo.sql_db"):
                self.env["construction.resource.run"].sudo().create(run)
                self.env.flush_all()
        with self.assertRaisesRegex(UserError, "being read"):
            self.list.action_load_all()

    def test_what_a_resource_may_not_say(self):
        for values in (
            {"path": "//evil.test/x"}, {"path": "https://evil.test/x"}, {"path": "/x?a=1"},
            {"page_size": 0}, {"overlap": -1}, {"interval_minutes": 0}, {"opens": 24},
            {"changed_path": False}, {"style": "cursor"}, {"name": "Vendors"},
        ):  # fmt: skip
            with (
                self.subTest(values),
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.IntegrityError),
                self.cr.savepoint(),
            ):
                self.make_resource(**{"name": "Other"} | values)
                self.env.flush_all()
        for values in ({"id_path": "a["}, {"path": "/{scope}/x"}):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.make_resource("Other", **values)

    def test_who_reads(self):
        """Integration Managers of the platform's company; Finance and Auditors look."""
        for group in ("finance", "auditor"):
            user = self.make_user(f"poll-{group}", group)
            self.assertTrue(self.list.with_user(user).name)
            for method in ("action_poll", "action_stop", "action_resume", "action_compare"):
                with self.assertRaises(AccessError):
                    getattr(self.list.with_user(user), method)()
            with self.assertRaises(AccessError):
                self.list.with_user(user).path = "/elsewhere"
        second = self.make_company("Poll Second")
        self.platform.company_ids |= second
        guest = self.make_user("poll-guest", "integration_manager", company=second)
        with self.assertRaises(AccessError):
            self.list.with_user(guest).action_poll()
        with self.assertRaises(AccessError):
            self.env["construction.resource"].with_user(guest).create(
                {"name": "Mine", "platform_id": self.platform.id, "path": "/x"}
            )
        manager = self.make_user("poll-manager", "integration_manager")
        self.list.with_user(manager).action_poll()
        with self.assertRaises(UserError):
            self.list.with_user(manager).mark = "2099"

    def test_another_list_begins_anew(self):
        self.rows = [self.vendor("V1")]
        self.reading()
        self.list.overlap = 60
        self.assertTrue(self.list.mark)
        self.list.path = "/v2/vendors"
        self.assertFalse(self.list.mark)
        self.assertEqual(self.reading().kind, "backfill")

    def test_a_copy_is_another_list(self):
        self.rows = [self.vendor("V1")]
        self.reading()
        copy = self.list.copy()
        self.assertEqual((copy.state, copy.mark), ("stopped", False))
        self.assertEqual(self.list.copy({"scope_key": "A"}).name, self.list.name)

    def test_one_that_was_given_up_is_not_resumed(self):
        """A reading of another list does not go on in this one."""
        self.list.action_poll()
        run = self.list.run_ids
        self.list.path = "/v2/vendors"
        self.list.action_stop()
        self.list.action_resume()
        self.assertEqual(run.state, "failed")
        self.assertFalse(self.list.running)

    def test_readings_that_told_nothing_go(self):
        self.rows = [self.vendor("V1")]
        told, empty = self.reading(), self.reading()
        empty.sudo().new_count = 0
        (told | empty).sudo().ended_at = fields.Datetime.subtract(fields.Datetime.now(), days=8)
        self.env["construction.resource.run"]._gc_readings()
        self.assertEqual(self.list.run_ids, told)

    def test_poll_now_starts_and_wakes(self):
        self.list.sudo().state = "refused"
        jobs = self.env["queue.job"].search_count([])
        self.list.action_poll()
        self.assertTrue(self.list.running)
        self.assertEqual(self.list.state, "ready")
        self.assertEqual(self.env["queue.job"].search_count([]), jobs + 1)
        self.assertIn(self.list, self.list.search([("running", "=", True)]))
        self.list.action_stop()
        self.assertNotIn(self.list, self.list.search([("running", "=", True)]))
