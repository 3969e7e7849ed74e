"""The rate limit: taken in the database, refused before anything is stored."""

import random
from unittest.mock import patch

import psycopg2
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..lib.bucket import Limit
from .common import SyncCase
from .http_case import InboxCase

START = 1_800_000_000.0


@tagged("post_install", "-at_install")
class TestBucket(SyncCase, TransactionCase):
    def take(self, limit, now, count=1):
        return self.env["construction.rate"]._take(self.platform.id, limit, count=count, now=now)

    def test_the_statement_does_what_the_arithmetic_says(self):
        chance = random.Random(7)
        for limit in (Limit(60, 1), Limit(60, 5), Limit(6000, 20), Limit(7, 3)):
            self.env.cr.execute("DELETE FROM construction_rate")
            full_at, now = 0.0, START
            for _request in range(60):
                now += chance.choice((0, 0, 0.003, limit.gap / 2, limit.gap, 3 * limit.gap))
                count = chance.choice((1, 1, 1, 2, 7))
                after = limit.take(full_at, now, count)
                told = None if after else limit.retry_after(max(full_at - now, 0), count)
                found = self.take(limit, now, count)
                self.assertEqual(found, told)
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
        self.assertIsNone(rate._take(other.id, Limit(1, 1), now=START))

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
    def given(self):
        super().given()
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


@tagged("post_install", "-at_install")
class TestReplayLimit(SyncCase, TransactionCase):
    """Threat: replay abuse. Mass replay is a self-made overload; nobody does it unnoticed."""

    def given(self):
        super().given()
        self.manager = self.make_user("replay-manager", "integration_manager")
        event = self.event("commitment.approved", data=self.commitment_data())
        self.parked = self.apply(event).with_user(self.manager)
        self.assertEqual(self.parked.state, "parked")

    def replayed(self):
        audit = self.env["construction.audit"].sudo()
        return audit.search(
            [("model", "=", "construction.event"), ("res_id", "=", self.parked.id),
             ("action", "=", "event_replayed")]
        )  # fmt: skip

    def test_a_reason_is_mandatory_and_kept(self):
        for nothing in ("", "  ", None, False):
            with self.assertRaisesRegex(UserError, "Say why"):
                self.parked.action_replay(nothing)
        self.assertFalse(self.replayed())
        action = self.parked.action_replay_dialog()
        dialog = self.env[action["res_model"]].with_user(self.manager)
        dialog.with_context(**action["context"]).create({"reason": "job opened"}).action_confirm()
        self.assertEqual(self.parked.state, "pending")
        self.assertIn("job opened", self.audit_text())

    def audit_text(self):
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT a::text FROM construction_audit a WHERE action = 'event_replayed'"
        )
        found = " ".join(row[0] for row in self.env.cr.fetchall())
        details = self.replayed().read()
        return f"{found} {details}"

    def test_at_most_so_many_at_a_time(self):
        with patch("odoo.addons.construction_sync_base.models.construction_event.MAX_REPLAY", 0):
            with self.assertRaisesRegex(UserError, "too many at a time"):
                self.parked.action_replay("all of them")
        self.assertEqual(self.parked.state, "parked")

    def test_not_faster_than_the_limit(self):
        limit = Limit(per_minute=1, burst=1)
        with patch("odoo.addons.construction_sync_base.models.construction_event.REPLAYS", limit):
            self.parked.action_replay("first")
            self.drain()
            self.assertEqual(self.parked.state, "parked")
            with self.assertRaisesRegex(UserError, "Try again in 1 minutes"):
                self.parked.action_replay("second")
        self.assertEqual(self.parked.state, "parked")
        self.assertEqual(len(self.replayed()), 1)

    def test_what_was_applied_is_not_applied_again(self):
        done = self.process(self.event("platform.pinged", subject="ping/1"))
        with self.assertRaisesRegex(UserError, "Nothing to replay"):
            done.with_user(self.manager).action_replay("once more")
        self.assertEqual(done.attempts, 1)

    def test_the_platform_s_own_limit_is_another_bucket(self):
        self.parked.action_replay("mended")
        self.env.cr.execute("SELECT purpose FROM construction_rate")
        self.assertEqual(self.env.cr.fetchall(), [("replay",)])
