"""Claims: which worker may apply a row, and what happens when workers die or sleep."""

import contextlib
from unittest.mock import patch

import psycopg2
from odoo.sql_db import connection_info_for
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models.construction_drain import _FRESH, CLAIM_SIZE, LOCK_CLASS
from .test_engine_failure import APPLY, FailureCase

DRAIN = "odoo.addons.construction_sync_base.models.construction_drain"


@tagged("post_install", "-at_install")
class TestClaims(FailureCase):
    """Who may apply a row: the worker whose token it carries."""

    def claim(self, token="00000000-0000-0000-0000-000000000001", key=4711, lane="standard"):
        with self.shared_cursors():
            claimed = self.env["construction.drain"]._claim(lane, token, key)
        self.env.invalidate_all()
        return token, [event_id for event_id, _platform in claimed]

    def run_claim(self, token, ids):
        with self.shared_cursors():
            self.env["construction.apply"]._apply_claim(token, self.platform.id, ids)
        self.env.invalidate_all()

    def test_what_becomes_due_behind_a_full_claim_is_taken_too(self):
        """With much to do, each claim goes on where the last one ended."""
        events = [self.ping() for _number in range(5)]
        self.send(*events)
        late = self.stored(events[0]["id"])
        late.next_try_at = "2099-01-01"
        self.env.flush_all()
        apply_claim = self.registry["construction.apply"]._apply_claim
        taken = []

        def applied(applier, token, platform_id, event_ids):
            taken.append(event_ids)
            late.with_env(self.env).next_try_at = "2020-01-01"
            self.env.flush_all()
            return apply_claim(applier, token, platform_id, event_ids)

        with (
            patch(f"{DRAIN}.CLAIM_SIZE", 2),
            patch.object(self.registry["construction.apply"], "_apply_claim", applied),
            self.shared_cursors(),
        ):
            handled = self.env["construction.drain"]._drain("standard")
        self.assertEqual((handled, [len(ids) for ids in taken]), (5, [2, 2, 1]))
        self.assertEqual(taken[-1], late.ids)

    def test_fault_04_a_stale_token_applies_nothing(self):
        event = self.ping()
        self.send(event)
        token, ids = self.claim()
        self.stored(event["id"]).write({"claim": "somebody else", "lease_until": "2099-01-01"})
        with self.failing_with(RuntimeError), mute_logger(APPLY):
            self.run_claim(token, ids)
        self.assertFalse(self.calls)
        self.assertEqual(self.stored(event["id"]).claim, "somebody else")

    def test_fault_04_a_stale_token_postpones_nothing(self):
        event = self.ping()
        self.send(event)
        token, ids = self.claim()
        self.stored(event["id"]).write({"claim": "somebody else", "lease_until": "2099-01-01"})
        with self.shared_cursors():
            self.env["construction.apply"]._postpone_claim(token, ids, RuntimeError("late"))
        self.env.invalidate_all()
        stored = self.stored(event["id"])
        self.assertEqual((stored.claim, stored.last_error), ("somebody else", False))

    def test_fault_04_after_the_lease_another_worker_takes_over(self):
        event = self.ping()
        self.send(event)
        token, ids = self.claim()
        self.assertEqual(self.claim(token="2")[1], ids, "nobody holds the lock of that key")
        self.stored(event["id"]).write({"claim": token, "lease_until": "2020-01-01"})
        with self.failing_with(RuntimeError), mute_logger(DRAIN, APPLY):
            self.drain()
            self.run_claim(token, ids)
        self.assertEqual(self.calls, [1], "applied once although the first worker came back")
        self.assertEqual(self.state(event["id"]), "processed")

    def test_a_living_claim_keeps_others_off_the_whole_subject(self):
        first, second = (self.ping(subject="same", sequence=n) for n in (1, 2))
        self.send(first)
        self.env.cr.execute("SELECT pg_advisory_xact_lock(%s, 4711)", (LOCK_CLASS,))
        _token, ids = self.claim()
        self.assertEqual(len(ids), 1)
        self.send(second)
        self.assertFalse(self.claim(token="2", key=4712)[1])

    def test_a_claim_of_another_database_keeps_nothing_alive(self):
        """Advisory locks of all databases stand in one list."""
        event = self.ping()
        self.send(event)
        _token, ids = self.claim()
        with contextlib.closing(psycopg2.connect(**connection_info_for("postgres")[1])) as other:
            other.cursor().execute("SELECT pg_advisory_xact_lock(%s, 4711)", (LOCK_CLASS,))
            with mute_logger(DRAIN):
                self.assertEqual(self.claim(token="2", key=4712)[1], ids)

    @mute_logger(DRAIN)
    def test_a_slow_worker_is_not_a_dead_one(self):
        """What waits in a claim behind slow events is handed on, without suspicion."""
        event = self.ping()
        self.send(event)
        self.env.cr.execute("SELECT pg_advisory_xact_lock(%s, 4711)", (LOCK_CLASS,))
        self.claim()
        self.stored(event["id"]).write({"lease_until": "2020-01-01"})
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.claim(token="2")
        self.assertEqual(self.stored(event["id"]).crashes, 0)

    @mute_logger(DRAIN)
    def test_fault_12_poison_is_put_away_after_three_dead_workers(self):
        poison, good = self.ping("poison"), [self.ping() for _n in range(5)]
        self.send(poison, *good)
        poison_id = self.stored(poison["id"]).id
        deaths = 0
        for n in range(30):  # a worker that claims the poison dies, others apply
            token, ids = self.claim(token=f"t{n}", key=n + 1)
            if not ids:
                break
            if poison_id in ids:
                deaths += 1
            else:
                self.run_claim(token, ids)
        self.assertEqual(deaths, 3)
        self.assertEqual(self.state(poison["id"]), "dead")
        self.assertEqual({self.state(e["id"]) for e in good}, {"processed"})
        issue = self.issues(poison["id"])
        self.assertEqual((issue.category, issue.severity), ("internal", "critical"))
        self.assertIn("3 times", issue.message)
        self.stored(poison["id"]).action_replay("mended")
        self.drain()
        self.assertEqual(self.state(poison["id"]), "processed")
        self.assertFalse(self.issues(poison["id"]))

    def test_what_others_hold_is_read_once_whatever_the_statistics_say(self):
        """Taken while nothing is held they promise an empty index; a join would then walk
        through what was held since the last vacuum for every single row."""
        self.send(*[self.ping() for _n in range(3)])
        self.env.flush_all()
        self.env.cr.execute("ANALYZE construction_event")
        self.env.cr.execute(
            f"EXPLAIN {_FRESH}", {"lane": "standard", "limit": CLAIM_SIZE, "after": 0}
        )
        plan = "\n".join(row[0] for row in self.env.cr.fetchall())
        self.assertRegex(plan, r"(?i)hashed SubPlan")
        self.assertNotIn("Nested Loop", plan)

    @mute_logger(DRAIN)
    def test_fault_13_the_lane_goes_on_where_nobody_can_be_told(self):
        poison = self.ping()
        self.send(poison)
        Issue = self.env.registry["construction.issue"]
        with patch.object(Issue, "_open_issues", side_effect=ValueError("no mail server")):
            for n in range(4):
                self.claim(token=f"t{n}", key=n + 1)
        self.assertEqual(self.state(poison["id"]), "dead")
        good = self.ping()
        self.apply(good)
        self.assertEqual(self.state(good["id"]), "processed")

    @mute_logger(DRAIN)
    def test_fault_04_a_lane_whose_only_worker_is_stopped(self):
        """Its claim has run out of time and it keeps the lane's place in the queue: the
        sweeper applies what has been due for long, itself."""
        held, waiting = self.ping(), self.ping()
        self.send(held)
        self.env.cr.execute("SELECT pg_advisory_xact_lock(%s, 4711)", (LOCK_CLASS,))
        self.claim()
        self.send(waiting)
        long_due = {"next_try_at": "2020-01-01"}
        self.stored(waiting["id"]).write(long_due)
        with self.shared_cursors():
            self.env["construction.drain"]._sweep()
            self.assertEqual(self.state(waiting["id"]), "pending", "somebody works")
            self.stored(held["id"]).write({"lease_until": "2020-01-01", **long_due})
            self.env["construction.drain"]._sweep()
        self.assertEqual(self.state(waiting["id"]), "processed")

    @mute_logger(DRAIN)
    def test_fault_12_an_attempt_that_ended_clears_the_suspicion(self):
        event = self.event(
            "cost_code.upserted", data=self.cost_code_data("09-100", parent_code="09-000")
        )
        self.send(event)
        self.claim(key=1)
        self.drain()
        self.assertParked(event["id"], "unmapped_reference")
        self.assertEqual(self.stored(event["id"]).crashes, 0)

    @mute_logger(DRAIN, APPLY)
    def test_a_platform_paused_after_the_claim_parks(self):
        event = self.ping()
        self.send(event)
        token, ids = self.claim()
        self.platform.action_pause()
        self.run_claim(token, ids)
        self.assertEqual(self.state(event["id"]), "parked")
        self.platform.action_activate()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_a_drain_that_stops_early_wakes_the_next(self):
        self.send(*[self.ping() for _n in range(4)])
        self.env["queue.job"].search([]).write({"state": "done"})
        with patch(f"{DRAIN}.CLAIM_SIZE", 2), patch(f"{DRAIN}.DRAIN_EVENTS", 2):
            with self.shared_cursors():
                handled = self.env["construction.drain"]._drain("standard")
        self.assertEqual(handled, 2)
        jobs = self.env["queue.job"].search([("state", "=", "pending")])
        self.assertEqual(jobs.mapped("channel"), ["root.construction.standard"])
