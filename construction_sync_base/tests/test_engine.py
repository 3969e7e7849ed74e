"""The order in which events of one subject take effect: versions, times, movements."""

from odoo.tests import TransactionCase, tagged

from .common import SyncCase


@tagged("post_install", "-at_install")
class TestVersions(SyncCase, TransactionCase):
    """Snapshots: the newest version is the whole object."""

    def code_event(self, name, sequence=None, code="01-100", **more):
        data = self.cost_code_data(code, name=name)
        return self.event("cost_code.upserted", data=data, sequence=sequence, **more)

    def code_name(self, code="01-100"):
        record = self.bound("cost_code", f"CC-{code}")
        return record and record.name

    def states(self, *events):
        return [self.state(event["id"]) for event in events]

    def test_fault_49_versions_3_1_2_one_by_one(self):
        three, one, two = (self.code_event(f"v{n}", n) for n in (3, 1, 2))
        for event in (three, one, two):
            self.apply(event)
        self.assertEqual(self.states(three, one, two), ["processed", "superseded", "superseded"])
        self.assertEqual(self.code_name(), "v3")
        self.assertFalse(self.stored(one["id"]).issue_ids)

    def test_fault_49_versions_3_1_2_at_once(self):
        three, one, two = (self.code_event(f"v{n}", n) for n in (3, 1, 2))
        self.apply(three, one, two)
        self.assertEqual(self.states(three, one, two), ["processed", "superseded", "superseded"])
        self.assertEqual(self.code_name(), "v3")

    def test_newer_version_updates(self):
        self.process(self.code_event("old", 1))
        self.process(self.code_event("new", 2))
        self.assertEqual(self.code_name(), "new")

    def test_sequence_is_a_number_of_any_length(self):
        self.process(self.code_event("nine", 9))
        self.process(self.code_event("ten", 10))
        long = self.code_event("long", "1" + "0" * 60)
        self.process(long)
        late = self.code_event("late", "9" * 60)
        self.apply(late)
        self.assertEqual(self.states(long, late), ["processed", "superseded"])
        self.assertEqual(self.code_name(), "long")

    def test_leading_zeros_do_not_count(self):
        self.process(self.code_event("two", "2"))
        late = self.code_event("one", "0000001")
        self.apply(late)
        self.assertEqual(self.state(late["id"]), "superseded")

    def test_equal_version_with_equal_content_is_superseded(self):
        self.process(self.code_event("same", 4))
        again = self.code_event("same", 4)
        self.apply(again)
        self.assertEqual(self.state(again["id"]), "superseded")

    def test_equal_version_with_other_content_is_an_issue_and_the_first_stays(self):
        self.process(self.code_event("first", 4))
        second = self.code_event("second", 4)
        self.apply(second)
        self.assertParked(second["id"], "duplicate")
        self.assertEqual(self.code_name(), "first")

    def test_equal_version_in_one_batch(self):
        first, second, same = (self.code_event(n, 4) for n in ("first", "second", "first"))
        self.apply(first, second, same)
        self.assertEqual(self.states(first, second, same), ["processed", "parked", "superseded"])
        self.assertEqual(self.code_name(), "first")

    def test_equal_version_while_the_first_is_parked(self):
        first = self.event(
            "cost_code.upserted",
            data=self.cost_code_data("01-110", parent_code="01-000"),
            sequence=4,
        )
        second = self.code_event("second", 4, code="01-110")
        self.apply(first)
        self.apply(second)
        self.assertParked(second["id"], "duplicate")
        self.assertFalse(self.code_name("01-110"))
        self.process(self.code_event("parent", 1, code="01-000"))
        self.assertEqual(self.states(first, second), ["processed", "parked"])
        self.assertEqual(self.code_name("01-110"), "Code 01-110")

    def test_newer_version_supersedes_a_parked_duplicate(self):
        self.process(self.code_event("first", 4))
        second = self.code_event("second", 4)
        self.apply(second)
        self.process(self.code_event("third", 5))
        self.assertEqual(self.state(second["id"]), "superseded")
        self.assertFalse(self.issues(second["id"]))

    def test_without_sequence_the_time_decides(self):
        new = self.code_event("new", time="2026-03-02T10:00:01Z")
        old = self.code_event("old", time="2026-03-02T11:00:00+02:00")
        self.apply(new)
        self.apply(old)
        self.assertEqual(self.states(new, old), ["processed", "superseded"])
        self.assertEqual(self.code_name(), "new")

    def test_fractions_of_a_second_decide_too(self):
        new = self.code_event("new", time="2026-03-02T10:00:00.900Z")
        old = self.code_event("old", time="2026-03-02T10:00:00.100Z")
        self.apply(new)
        self.apply(old)
        self.assertEqual(self.states(new, old), ["processed", "superseded"])
        self.assertEqual(self.code_name(), "new")

    def test_equal_times_go_by_arrival(self):
        for name in ("one", "two"):
            self.process(self.code_event(name, time="2026-03-02T10:00:00Z"))
        both = [self.code_event(name, time="2026-03-02T11:00:00Z") for name in ("three", "four")]
        self.apply(*both)
        self.assertEqual(self.code_name(), "four")
        self.assertEqual(self.states(*both), ["superseded", "processed"])

    def test_a_fix_supersedes_a_parked_version(self):
        broken = self.event(
            "cost_code.upserted", data=self.cost_code_data("01-120", uom="parsec"), sequence=1
        )
        self.apply(broken)
        self.assertParked(broken["id"], "unmapped_reference")
        self.process(self.code_event("fixed", 2, code="01-120"))
        self.assertEqual(self.state(broken["id"]), "superseded")
        self.assertFalse(self.issues(broken["id"]), "the issue of the old version goes too")
        self.assertEqual(self.code_name("01-120"), "fixed")

    def test_a_pending_version_is_superseded_without_being_tried(self):
        old, new = self.code_event("old", 1), self.code_event("new", 2)
        self.send(old)
        self.apply(new)
        self.assertEqual(self.states(old, new), ["superseded", "processed"])

    def test_a_dead_version_is_superseded_by_a_newer_one(self):
        old = self.code_event("old", 1)
        self.send(old)
        self.stored(old["id"]).write({"state": "dead"})
        self.process(self.code_event("new", 2))
        self.assertEqual(self.state(old["id"]), "superseded")

    def test_a_dead_newer_version_supersedes_nothing(self):
        new = self.code_event("new", 2)
        self.send(new)
        self.stored(new["id"]).write({"state": "dead"})
        self.process(self.code_event("old", 1))
        self.assertEqual(self.code_name(), "old")

    def test_what_an_event_binds_besides_does_not_version_its_subject(self):
        """Two jobs of one customer: the second job's versions say nothing of the first."""
        customer = {"external_id": "CU1", "name": "City of Tests"}
        one, two = self.job_data("JA", customer=customer), self.job_data("JB", customer=customer)
        self.process(self.event("job.upserted", data=one, sequence=5))
        self.process(self.event("job.upserted", data=two, sequence=500))
        self.process(self.event("job.upserted", data={**one, "name": "renamed"}, sequence=6))
        self.assertEqual(self.bound("job", "JA").name, "renamed")

    def test_subjects_do_not_touch_each_other(self):
        self.process(self.code_event("one", 7, code="01-130"))
        self.process(self.code_event("other", 1, code="01-140"))
        self.assertEqual(self.code_name("01-140"), "other")


@tagged("post_install", "-at_install")
class TestMovements(SyncCase, TransactionCase):
    """Movements: each takes effect once, none is superseded, each waits for its turn."""

    def movement(self, sequence=None, **more):
        """`platform.pinged` moves nothing, in the subject of a cost code."""
        return self.event(
            "platform.pinged", subject="cost_code/CC-02-200", sequence=sequence, **more
        )

    def snapshot(self, sequence, **over):
        data = self.cost_code_data("02-200", **over)
        return self.event("cost_code.upserted", data=data, sequence=sequence)

    def stuck(self, sequence):
        """A snapshot that parks until the parent code exists."""
        return self.snapshot(sequence, parent_code="02-000")

    def release(self):
        self.process(self.event("cost_code.upserted", data=self.cost_code_data("02-000")))

    def test_a_movement_is_never_superseded(self):
        self.process(self.snapshot(9))
        late = self.movement(2)
        self.process(late)
        self.process(self.movement(2))

    def test_a_late_movement_does_not_lower_the_version(self):
        self.process(self.snapshot(9))
        self.process(self.movement(2))
        old = self.snapshot(5, name="old")
        self.apply(old)
        self.assertEqual(self.state(old["id"]), "superseded")

    def test_it_waits_for_a_parked_predecessor_and_follows_it(self):
        first, second = self.stuck(1), self.movement(2)
        self.apply(first)
        self.apply(second)
        waiting = self.stored(second["id"])
        self.assertEqual((waiting.state, waiting.blocked_by_id.event_id), ("pending", first["id"]))
        attempts = waiting.attempts
        self.drain()
        self.assertEqual(self.stored(second["id"]).attempts, attempts, "blocked is not retried")
        self.release()
        self.assertEqual([self.state(e["id"]) for e in (first, second)], ["processed"] * 2)

    def test_a_batch_keeps_the_order_of_movements(self):
        order = []

        def record(_handler, items):
            order.extend(item.sequence for item in items)

        handler = self.env.registry["construction.handler.platform.pinged"]
        self.patch(handler, "_apply", record)
        self.process(*[self.movement(n) for n in (3, 1, 10, 2)])
        self.assertEqual(order, ["1", "2", "3", "10"])

    def test_followers_in_the_same_batch_wait(self):
        first, second = self.stuck(1), self.movement(2)
        self.apply(first, second)
        self.assertEqual(self.stored(second["id"]).blocked_by_id.event_id, first["id"])
        self.release()
        self.assertEqual(self.state(second["id"]), "processed")

    def test_a_dead_event_blocks_later_movements_until_it_is_discarded(self):
        first, second = self.snapshot(1), self.movement(2)
        self.send(first)
        self.stored(first["id"]).write({"state": "dead"})
        self.apply(second)
        self.assertEqual(self.state(second["id"]), "pending")
        self.stored(first["id"]).action_discard("not ours")
        self.drain()
        self.assertEqual(self.state(second["id"]), "processed")

    def test_a_dead_event_blocks_until_it_is_replayed(self):
        first, second = self.snapshot(1), self.movement(2)
        self.send(first)
        self.stored(first["id"]).write({"state": "dead"})
        self.apply(second)
        self.stored(first["id"]).action_replay("mended")
        self.drain()
        self.assertEqual([self.state(e["id"]) for e in (first, second)], ["processed"] * 2)

    def test_a_newer_snapshot_frees_what_a_parked_one_held(self):
        first, second, third = self.stuck(1), self.movement(2), self.snapshot(3, name="three")
        self.apply(first)
        self.apply(second)
        self.apply(third)
        self.assertEqual(
            [self.state(e["id"]) for e in (first, second, third)],
            ["superseded", "processed", "processed"],
        )

    def test_a_snapshot_waits_for_an_earlier_movement(self):
        first, second, third = self.stuck(1), self.movement(2), self.stuck(3)
        self.apply(first)
        self.apply(second)
        self.apply(third)
        self.assertEqual(self.state(first["id"]), "superseded")
        self.release()
        self.assertEqual([self.state(e["id"]) for e in (second, third)], ["processed"] * 2)

    def test_a_parked_duplicate_holds_nobody(self):
        """It will never be applied, so a movement has nothing to wait for."""
        self.process(self.snapshot(1, name="first"))
        twin = self.snapshot(1, name="second")
        self.apply(twin)
        self.assertParked(twin["id"], "duplicate")
        self.process(self.movement(2))

    def test_fault_58_a_failed_event_blocks_its_own_subject_only(self):
        stuck, same = self.stuck(1), self.movement(2)
        others = [
            self.event("platform.pinged", subject=f"cost_code/other-{n}", sequence=1)
            for n in range(3)
        ]
        self.apply(stuck, same, *others)
        self.assertEqual(self.state(stuck["id"]), "parked")
        self.assertEqual(self.state(same["id"]), "pending")
        self.assertEqual({self.state(e["id"]) for e in others}, {"processed"})
        blocked = self.env["construction.event"].search(
            [("blocked_by_id.event_id", "=", stuck["id"])]
        )
        self.assertEqual(blocked.mapped("event_id"), [same["id"]], "the blocked list is visible")
