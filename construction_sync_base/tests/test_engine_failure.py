"""What happens to an event that cannot be applied, and to its neighbours."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import psycopg2
import psycopg2.errors
from odoo.exceptions import UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from odoo.addons.queue_job.exception import RetryableJobError

from ..lib.batch import Problem, Refused
from .common import SyncCase

APPLY = "odoo.addons.construction_sync_base.models.construction_apply"
OUTCOME = "odoo.addons.construction_sync_base.models.construction_outcome"
DRAIN = "odoo.addons.construction_sync_base.models.construction_drain"


class FailureCase(SyncCase, TransactionCase):
    """Handlers are replaced by ones that fail on demand: `data.note` says how."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ping_handler = cls.env.registry["construction.handler.platform.pinged"]

    def setUp(self):
        super().setUp()
        self.calls = []

    def ping(self, note="", subject=None, sequence=None, **more):
        data = {"note": note, "external_id": subject or self.unique("p")}
        return self.event(
            "platform.pinged", data=data, subject=f"ping/{data['external_id']}",
            sequence=sequence, **more,
        )  # fmt: skip

    def failing_with(self, make_error):
        """Every event whose note is “fail” raises; the others leave a partner behind."""

        def apply(handler, items):
            self.calls.append(len(items))
            for item in items:
                handler.env["res.partner"].sudo().create({"name": f"applied {item.external_id}"})
                if item.data.get("note") == "fail":
                    raise make_error()

        return patch.object(self.ping_handler, "_apply", apply)

    def written(self, event):
        name = f"applied {event['data']['external_id']}"
        return self.env["res.partner"].search_count([("name", "=", name)])

    def clock(self, now):
        """The engine's clock stands at `now` (aware)."""
        return patch.object(type(self.env["construction.apply"]), "_clock", lambda _model: now)

    def set_due(self, event):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE construction_event SET next_try_at = now() AT TIME ZONE 'UTC' WHERE id = %s",
            (self.stored(event["id"]).id,),
        )
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestFailing(FailureCase):
    @mute_logger(APPLY)
    def test_halving_leaves_the_failing_event_alone(self):
        events = [self.ping("fail" if n == 5 else "") for n in range(12)]
        with self.failing_with(lambda: RuntimeError("boom")):
            self.apply(*events)
        states = [self.state(event["id"]) for event in events]
        self.assertEqual(states, ["processed"] * 5 + ["pending"] + ["processed"] * 6)
        self.assertEqual([self.written(e) for e in events], [1] * 5 + [0] + [1] * 6)
        self.assertLess(len(self.calls), 12, "halved, not one by one")

    @mute_logger(APPLY)
    def test_a_failure_shows_and_disappears_with_its_cause(self):
        event = self.ping("fail")
        with self.failing_with(lambda: RuntimeError("boom")):
            self.apply(event)
        self.assertEqual(self.issues(event["id"]).mapped("category"), ["internal"])
        self.assertIn("boom", self.stored(event["id"]).last_error)
        self.set_due(event)
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertFalse(self.issues(event["id"]))
        self.assertFalse(self.stored(event["id"]).last_error)

    def test_a_business_error_of_odoo_parks(self):
        for error in (UserError("no way"), ValidationError("no way")):
            event = self.ping("fail")
            with self.failing_with(lambda error=error: error):
                self.apply(event)
            issue = self.assertParked(event["id"], "internal")
            self.assertIn("no way", issue.message)
            self.assertFalse(self.written(event))

    @mute_logger(APPLY)
    def test_a_business_error_after_a_failure_blocks(self):
        event = self.ping("fail")
        with self.failing_with(lambda: RuntimeError("boom")):
            self.apply(event)
        self.assertFalse(self.issues(event["id"]).blocking)
        self.set_due(event)
        with self.failing_with(lambda: UserError("no way")):
            self.drain()
        issue = self.assertParked(event["id"], "internal")
        self.assertIn("no way", issue.message)
        with self.shared_cursors():
            self.env["construction.drain"]._resume("TRUE", ())
        self.assertEqual(self.state(event["id"]), "parked", "the sweeper leaves it alone")

    def test_a_refusal_after_writing_undoes_what_was_written(self):
        event, other = self.ping("fail"), self.ping()
        with self.failing_with(lambda: Refused(Problem("budget", "too much"))):
            self.apply(event, other)
        self.assertParked(event["id"], "budget")
        self.assertEqual((self.written(event), self.written(other)), (0, 1))

    @mute_logger(APPLY, OUTCOME)
    def test_fault_13_telling_of_failures_fails(self):
        """Errors stay on their events, nothing waits without a reason, neighbours go on."""
        faulty, refused, good = self.ping("fail"), self.ping("refuse"), self.ping()
        Issue = self.env.registry["construction.issue"]

        def apply(_handler, items):
            for item in items:
                if item.data["note"] == "fail":
                    raise RuntimeError("boom")
                if item.data["note"] == "refuse":
                    item.park("budget", "too much")

        def broken(_self, _vals):
            raise ValueError("no mail server")

        with patch.object(self.ping_handler, "_apply", apply):
            with patch.object(Issue, "_open_issues", broken):
                self.apply(faulty, refused, good)
            states = [self.state(e["id"]) for e in (faulty, refused, good)]
            self.assertEqual(states, ["pending", "pending", "processed"])
            self.assertIn("boom", self.stored(faulty["id"]).last_error)
            self.assertIn("too much", self.stored(refused["id"]).last_error)
            self.set_due(refused)
            self.drain()
            self.assertParked(refused["id"], "budget")

    def test_a_constraint_of_the_database_is_the_event_s_own(self):
        event, other = self.ping("fail"), self.ping()

        def apply(handler, items):
            for item in items:
                if item.data["note"] == "fail":
                    handler.env.cr.execute("SELECT 10::numeric(3, 2) * 1000 / 0")

        with patch.object(self.ping_handler, "_apply", apply), mute_logger("odoo.sql_db", APPLY):
            self.apply(event, other)
        self.assertEqual([self.state(e["id"]) for e in (event, other)], ["pending", "processed"])

    @mute_logger(APPLY)
    def test_a_conflict_is_tried_again_at_once(self):
        event = self.ping()
        errors = [psycopg2.errors.SerializationFailure(), psycopg2.errors.DeadlockDetected()]

        def apply(_handler, _items):
            if errors:
                raise errors.pop()

        with patch.object(self.ping_handler, "_apply", apply):
            self.apply(event)
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.stored(event["id"]).attempts, 1)

    @mute_logger(APPLY)
    def test_a_lasting_conflict_goes_back_to_the_schedule(self):
        event = self.ping("fail")
        with self.failing_with(psycopg2.errors.SerializationFailure):
            self.apply(event)
        stored = self.stored(event["id"])
        self.assertEqual((stored.state, stored.claim), ("pending", False))
        self.assertTrue(stored.first_failed_at)
        self.set_due(event)
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    @mute_logger(APPLY)
    def test_fault_05_a_lost_connection_goes_back_to_the_schedule(self):
        event = self.ping("fail")
        with self.failing_with(lambda: psycopg2.OperationalError("server closed the connection")):
            self.apply(event)
        stored = self.stored(event["id"])
        self.assertEqual((stored.state, stored.claim), ("pending", False))
        self.assertIn("server closed", stored.last_error)

    def test_fault_05_a_database_that_is_gone_makes_the_job_try_again(self):
        self.send(self.ping())
        with (
            patch.object(
                self.env.registry["construction.apply"],
                "_apply_claim",
                side_effect=psycopg2.InterfaceError("connection already closed"),
            ),
            self.shared_cursors(),
            self.assertRaises(RetryableJobError) as caught,
        ):
            self.env["construction.drain"]._drain("standard")
        self.assertTrue(caught.exception.ignore_retry)

    def test_the_number_s_form_is_an_amount_issue_even_in_the_schema(self):
        self.setup_job()
        for amount in (True, None, {"value": "1"}, ["1"]):
            data = self.commitment_data(
                self.unique("C"), lines=[self.commitment_line(amount=amount)]
            )
            event = self.event("commitment.approved", data=data, sequence=1)
            self.apply(event)
            self.assertParked(event["id"], "amount")

    def test_a_schema_fault_names_where(self):
        event = self.event("cost_code.upserted", data={"external_id": "X"}, sequence=1)
        self.apply(event)
        issue = self.assertParked(event["id"], "schema")
        self.assertIn("code", issue.message)


@tagged("post_install", "-at_install")
class TestRetry(FailureCase):
    """The schedule of 72 hours, on a clock of our own."""

    @mute_logger(APPLY)
    def test_72_hours_then_dead(self):
        event = self.ping("fail")
        self.send(event)
        start = now = datetime(2040, 4, 1, 8, tzinfo=UTC)  # later than the database's clock
        delays = []
        with self.failing_with(lambda: RuntimeError("boom")):
            while self.state(event["id"]) == "pending" and len(delays) < 50:
                self.set_due(event)
                with self.clock(now), self.shared_cursors():
                    self.env["construction.drain"]._drain("standard")
                stored = self.stored(event["id"])
                if stored.state == "pending":
                    due = stored.next_try_at.replace(tzinfo=UTC)
                    delays.append(due - now)
                    now = due
        self.assertLess(delays[0], timedelta(seconds=7))
        self.assertEqual(self.state(event["id"]), "dead")
        self.assertAlmostEqual(
            (now - start).total_seconds(), timedelta(hours=72).total_seconds(), delta=30
        )
        self.assertTrue(15 <= len(delays) <= 20, delays)
        self.assertIn("internal", self.issues(event["id"]).mapped("category"))

    @mute_logger(APPLY)
    def test_parking_first_does_not_shorten_the_first_delay(self):
        """Attempts that ended in parking say nothing about how often it failed."""
        event = self.ping("fail")
        self.send(event)
        self.stored(event["id"]).write({"attempts": 12})
        with self.failing_with(lambda: RuntimeError("boom")):
            self.drain()
        stored = self.stored(event["id"])
        self.assertLess(stored.next_try_at - datetime.utcnow(), timedelta(seconds=10))

    @mute_logger(APPLY)
    def test_replay_gives_a_fresh_window(self):
        event = self.ping("fail")
        self.send(event)
        long_ago = datetime(2026, 1, 1)
        self.stored(event["id"]).write(
            {"state": "dead", "attempts": 20, "first_failed_at": long_ago}
        )
        self.stored(event["id"]).action_replay("mended")
        with self.failing_with(lambda: RuntimeError("boom")):
            self.drain()
        stored = self.stored(event["id"])
        self.assertEqual(stored.state, "pending")
        self.assertLess(stored.next_try_at - datetime.utcnow(), timedelta(seconds=10))

    @mute_logger(APPLY)
    def test_exhausted_by_conflicts_opens_an_issue_too(self):
        event = self.ping("fail")
        self.send(event)
        self.stored(event["id"]).write({"first_failed_at": datetime(2026, 1, 1)})
        with self.failing_with(psycopg2.errors.SerializationFailure):
            self.drain()
        self.assertEqual(self.state(event["id"]), "dead")
        self.assertTrue(self.issues(event["id"]), "a dead event is never silent")

    @mute_logger(APPLY)
    def test_exhausted_blocks_later_movements(self):
        first = self.ping("fail", subject="chain", sequence=1)
        second = self.ping(subject="chain", sequence=2)
        self.send(first)
        self.stored(first["id"]).write({"first_failed_at": datetime(2026, 1, 1)})
        with self.failing_with(lambda: RuntimeError("boom")):
            self.drain()
        self.apply(second)
        self.assertEqual([self.state(e["id"]) for e in (first, second)], ["dead", "pending"])
        self.stored(first["id"]).action_replay("mended")
        self.drain()
        self.assertEqual([self.state(e["id"]) for e in (first, second)], ["processed"] * 2)
