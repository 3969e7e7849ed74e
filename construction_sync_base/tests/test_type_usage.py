"""Which type versions a platform sends: counted once, cheap to look at, honest about what
is going away."""

from datetime import date, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, TransactionCase, tagged

from .common import SyncCase
from .test_contract import NEW, OLD, deprecated

JOB = "construction.job.upserted.v1"


@tagged("post_install", "-at_install")
class TestTypeUsage(SyncCase, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.days = cls.env["construction.type.day"]
        cls.days._count()  # what demo data left

    def sent(self, event_type, *ages, platform=None):
        """Store events that arrived so many days ago."""
        platform = platform or self.platform
        for age in ages:
            event = self.event(event_type, subject=self.unique("x/"))
            self.send(event, platform=platform)
            self.stored(event["id"], platform).write(
                {"received_at": fields.Datetime.now() - timedelta(days=age, minutes=6)}
            )
        self.env.flush_all()

    def usage(self, event_type, platform=None):
        self.env.invalidate_all()
        found = (platform or self.platform).type_usage_ids
        return found.filtered(lambda usage: usage.type == event_type)

    def test_counted_per_platform_type_and_month(self):
        other = self.make_platform("tests-usage", self.company)
        self.sent(JOB, 0, 0, 1, 29, 31, 400)
        self.sent(OLD, 3)
        self.sent(JOB, 2, platform=other)
        self.days._count()
        usage = self.usage(JOB)
        self.assertEqual((usage.recent_events, usage.events), (4, 6))
        age = fields.Datetime.now() - usage.last_seen_at
        self.assertLess(age, timedelta(minutes=10))
        self.assertEqual(self.usage(OLD).recent_events, 1)
        self.assertEqual(self.usage(JOB, other).recent_events, 1)

    def test_nothing_is_counted_twice_or_left_out(self):
        self.sent(JOB, 1)
        self.days._count()
        self.days._count()
        self.assertEqual(self.usage(JOB).events, 1)
        self.sent(JOB, 1, 0)
        self.days._count()
        self.assertEqual(self.usage(JOB).events, 3)
        days = self.days.search([("platform_id", "=", self.platform.id), ("type", "=", JOB)])
        self.assertEqual(sorted(days.mapped("events")), [1, 2])

    def test_the_youngest_wait_for_those_before_them(self):
        """An event that is stored right now may have a lower id and not be visible yet."""
        self.sent(JOB, 0)
        young = self.event(JOB, subject=self.unique("x/"))
        self.send(young)
        self.days._count()
        self.assertEqual(self.usage(JOB).events, 1)
        self.stored(young["id"]).received_at -= timedelta(minutes=6)
        self.days._count()
        self.assertEqual(self.usage(JOB).events, 2)

    def test_the_figures_outlive_the_events(self):
        self.sent(JOB, 40, 2)
        self.days._count()
        self.env["construction.event"].search([("platform_id", "=", self.platform.id)]).unlink()
        self.days._count()
        self.assertEqual((self.usage(JOB).recent_events, self.usage(JOB).events), (1, 2))

    def test_one_query_whatever_was_sent(self):
        self.sent(JOB, 0, 1, 2, 3)
        self.sent(OLD, 0, 1)
        self.days._count()
        self.env.invalidate_all()
        self.platform.mapped("name")  # read before, so that only the usage is counted
        self.env["construction.handler"]._catalogue()
        with self.assertQueryCount(2):  # which rows, and what they hold
            self.platform.type_usage_ids.mapped("recent_events")

    # -------------------------------------------------------------- versions
    def test_what_is_going_away_stands_out(self):
        self.sent(OLD, 1)
        self.sent(JOB, 1)
        self.sent("construction.nothing.done.v1", 1)
        self.days._count()
        versions = deprecated(self.env)
        handler = type(self.env["construction.handler"])
        with patch.object(handler, "_catalogue", lambda self: versions):
            usage = self.usage(OLD)
            self.assertEqual((usage.status, usage.successor), ("deprecated", NEW))
            self.assertEqual(usage.deprecated_on, date(2026, 11, 1))
            self.assertEqual(usage.sunset_on, date(2027, 5, 1))
            self.assertEqual(self.usage(JOB).status, "current")
            self.assertEqual(self.usage("construction.nothing.done.v1").status, "unknown")
            mine = [("platform_id", "=", self.platform.id)]
            search = self.env["construction.type.usage"].search
            for status, types in (
                ("deprecated", [OLD]),
                ("unknown", ["construction.nothing.done.v1"]),
                ("current", [JOB]),
                ("ended", []),
            ):
                found = search([*mine, ("status", "=", status)])
                self.assertEqual(found.mapped("type"), types, status)
            self.assertEqual(
                set(search([*mine, ("status", "!=", "current")]).mapped("type")),
                {OLD, "construction.nothing.done.v1"},
            )
        versions = deprecated(self.env, sunset=date(2026, 11, 2))
        with (
            patch.object(handler, "_catalogue", lambda self: versions),
            patch.object(fields.Date, "context_today", lambda record: date(2026, 11, 3)),
        ):
            self.assertEqual(self.usage(OLD).status, "ended")

    # ---------------------------------------------------------------- screens
    def test_who_sees_it(self):
        self.sent(JOB, 1)
        self.days._count()
        self.env.invalidate_all()
        for group in ("integration_manager", "auditor"):
            platform = self.platform.with_user(self.make_user(f"usage-{group}", group))
            self.assertTrue(platform.type_usage_ids)
            self.assertIn("type_usage_ids", Form(platform)._view["fields"])
        person = self.make_user("usage-person", "project_user")
        platform = self.platform.with_user(person)
        self.assertNotIn("type_usage_ids", Form(platform)._view["fields"])
        with self.assertRaises(AccessError):
            platform.env["construction.type.usage"].search([])

    def test_the_other_company_sees_nothing_of_it(self):
        other = self.make_company("Usage Elsewhere")
        self.sent(JOB, 1)
        self.days._count()
        auditor = self.make_user("usage-elsewhere", "auditor", company=other)
        usage = self.env["construction.type.usage"].with_user(auditor)
        self.assertFalse(usage.search([("platform_id", "=", self.platform.id)]))
        days = self.env["construction.type.day"].with_user(auditor)
        self.assertFalse(days.search([("platform_id", "=", self.platform.id)]))
