"""The rate limit: taken in the database, refused before anything is stored."""

import random
from unittest.mock import patch

import psycopg2
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..lib.bucket import Limit
from .common import SyncCase
from .http_case import InboxCase

START = 1_800_000_000.0


@tagged("post_install", "-at_install")
class TestBucket(SyncCase, TransactionCase):
    def take(self, limit, now):
        return self.env["construction.rate"]._take(self.platform.id, limit, now)

    def test_the_statement_does_what_the_arithmetic_says(self):
        chance = random.Random(7)
        for limit in (Limit(60, 1), Limit(60, 5), Limit(6000, 20), Limit(7, 3)):
            self.env.cr.execute("DELETE FROM construction_rate")
            full_at, now = 0.0, START
            for _request in range(60):
                now += chance.choice((0, 0, 0.003, limit.gap / 2, limit.gap, 3 * limit.gap))
                after = limit.take(full_at, now)
                told = None if after else limit.retry_after(full_at - now)
                self.assertEqual(self.take(limit, now), told)
                full_at = after or full_at

    def test_by_the_database_s_clock(self):
        limit = Limit(1, 2)
        found = [self.env["construction.rate"]._take(self.platform.id, limit) for _n in range(3)]
        self.assertEqual(found[:2], [None, None])
        self.assertTrue(58 <= found[2] <= 60, found)

    def test_each_platform_has_its_own(self):
        other = self.make_platform("tests-rate2", self.company)
        self.assertIsNone(self.take(Limit(1, 1), START))
        self.assertTrue(self.take(Limit(1, 1), START))
        rate = self.env["construction.rate"]
        self.assertIsNone(rate._take(other.id, Limit(1, 1), START))

    def test_a_bucket_is_worth_no_write_to_the_disk(self):
        self.env.cr.execute(
            "SELECT relpersistence FROM pg_class WHERE oid = 'construction_rate'::regclass"
        )
        self.assertEqual(self.env.cr.fetchone()[0], "u")

    def test_numbers_on_the_form(self):
        self.assertEqual(self.platform._rate_limit(), Limit(6000, 1000))
        self.platform.rate_per_minute = 0
        self.assertIsNone(self.platform._rate_limit())
        for values in ({"rate_per_minute": -1}, {"rate_burst": 0}, {"rate_burst": 10**7}):
            with self.assertRaises(psycopg2.errors.CheckViolation), mute_logger("odoo.sql_db"):
                with self.env.cr.savepoint():
                    self.platform.write(values)
                    self.env.flush_all()


@tagged("post_install", "-at_install")
class TestRateLimit(InboxCase):
    def setUp(self):
        super().setUp()
        self.platform.write({"rate_per_minute": 6, "rate_burst": 3})

    def test_429_before_anything_is_written_or_parsed(self):
        for _request in range(3):
            self.assertVerdicts(self.post(self.ping()), "accepted")
        stored = len(self.deliveries())
        with patch("odoo.addons.construction_sync_base.lib.envelope.split") as split:
            refused = self.post(self.ping())
            self.assertFalse(split.called)
        self.assertProblem(refused, 429, "rate-limited")
        self.assertIn(int(refused.headers["Retry-After"]), range(1, 11))
        self.assertEqual(len(self.deliveries()), stored)
        event = self.ping()
        self.assertEqual(self.post(event).status_code, 429)
        self.assertFalse(self.stored(event["id"]))

    def test_it_goes_on_when_the_time_has_passed(self):
        for _request in range(3):
            self.post(self.ping())
        self.assertEqual(self.post(self.ping()).status_code, 429)
        self.env.cr.execute("UPDATE construction_rate SET full_at = full_at - 10")
        self.assertVerdicts(self.post(self.ping()), "accepted")
        self.assertEqual(self.post(self.ping()).status_code, 429)

    def test_a_stranger_uses_nothing_up(self):
        for _request in range(10):
            self.assertEqual(self.post(self.ping(), headers={}).status_code, 401)
        self.assertVerdicts(self.post(self.ping()), "accepted")

    def test_zero_is_without_limit(self):
        self.platform.rate_per_minute = 0
        for _request in range(5):
            self.assertVerdicts(self.post(self.ping()), "accepted")

    @mute_logger("odoo.addons.construction_sync_base.controllers.common")
    def test_a_database_that_cannot_be_reached_is_503(self):
        with patch.object(
            self.env.registry["construction.rate"],
            "_take",
            side_effect=psycopg2.OperationalError("gone"),
        ):
            self.assertProblem(self.post(self.ping()), 503, "unavailable")
