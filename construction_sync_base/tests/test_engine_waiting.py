"""Parking, and everything that makes a parked event go on."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged

from .common import SyncCase


@tagged("post_install", "-at_install")
class TestResume(SyncCase, TransactionCase):
    """A parked event resumes by itself when its reason goes."""

    def order(self, external_id="C1", **over):
        data = self.commitment_data(external_id, **over)
        return self.event("commitment.approved", data=data, sequence=1)

    def test_fault_34_an_unknown_job_waits_and_resumes(self):
        event = self.order()
        self.apply(event)
        missing = self.assertParked(event["id"], "unmapped_reference")
        self.assertIn("external:job|J1", missing.mapped("wait_key"))
        self.setup_job()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertFalse(self.issues(event["id"]).filtered("blocking"))
        self.assertEqual(self.bound("commitment", "C1").amount_untaxed, 1000)

    def test_fault_51_close_before_approval(self):
        self.setup_job()
        closed = self.event(
            "commitment.closed",
            subject="commitment/C1",
            data={
                "external_id": "C1",
                "date": "2026-04-01",
                "kind": "final",
                "final_amount": "0",
                "open_released": "1000.00",
                "retention_balance": "0",
            },
            sequence=2,
        )
        self.apply(closed)
        self.assertEqual(self.state(closed["id"]), "parked")
        self.process(self.order())
        self.assertEqual(self.state(closed["id"]), "processed")
        self.assertEqual(self.bound("commitment", "C1").closed_state, "final")

    def test_fault_50_void_before_its_commitment(self):
        self.setup_job()
        void = self.event(
            "commitment.voided",
            data={"external_id": "C1", "date": "2026-04-01", "reason": "wrong vendor"},
            sequence=2,
        )
        self.process(void)
        late = self.order()
        self.apply(late)
        self.assertEqual(self.state(late["id"]), "superseded")
        self.assertFalse(self.bound("commitment", "C1"), "nothing rises from the dead")
        again = self.event("commitment.approved", data=self.commitment_data(), sequence=3)
        self.apply(again)
        self.assertParked(again["id"], "inactive_target")

    def test_fault_50_an_update_before_the_creation(self):
        """The newer version creates; the older one that comes late changes nothing."""
        self.setup_job()
        newer = self.event(
            "commitment.approved",
            data=self.commitment_data(lines=[self.commitment_line(amount="2000.00")]),
            sequence=2,
        )
        self.process(newer)
        older = self.order()
        self.apply(older)
        self.assertEqual(self.state(older["id"]), "superseded")
        self.assertEqual(self.bound("commitment", "C1").amount_untaxed, 2000)

    def test_a_new_cost_code_by_event_or_by_hand(self):
        self.setup_job()
        by_event = self.order("C2", lines=[self.commitment_line(cost_code="05-500")])
        by_hand = self.order("C3", lines=[self.commitment_line(cost_code="05-600")])
        self.apply(by_event, by_hand)
        self.process(
            self.event("cost_code.upserted", data=self.cost_code_data("05-500"), sequence=1)
        )
        self.assertEqual(self.state(by_event["id"]), "processed")
        self.assertEqual(self.state(by_hand["id"]), "parked")
        self.env["construction.cost.code"].create({"code": "05-600", "name": "Steel"})
        self.drain()
        self.assertEqual(self.state(by_hand["id"]), "processed")

    def test_a_new_crosswalk_row(self):
        event = self.event("cost_code.upserted", data=self.cost_code_data("05-100", uom="furlong"))
        self.apply(event)
        self.assertParked(event["id"], "unmapped_reference")
        self.env["construction.crosswalk"].create(
            {
                "kind": "uom",
                "external_value": "furlong",
                "res_model": "uom.uom",
                "res_id": self.env.ref("uom.product_uom_foot").id,
            }
        )
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_a_row_of_another_platform_resumes_nothing(self):
        other = self.make_platform("tests-other", self.company)
        event = self.event("cost_code.upserted", data=self.cost_code_data("05-110", uom="rod"))
        self.apply(event)
        attempts = self.stored(event["id"]).attempts
        self.env["construction.crosswalk"].create(
            {
                "platform_id": other.id,
                "kind": "uom",
                "external_value": "rod",
                "res_model": "uom.uom",
                "res_id": self.env.ref("uom.product_uom_foot").id,
            }
        )
        self.drain()
        self.assertParked(event["id"], "unmapped_reference")
        self.assertEqual(self.stored(event["id"]).attempts, attempts)

    def test_map_and_resume_binds_and_resumes_everybody(self):
        self.setup_job()
        events = [self.order(f"C{n}", vendor="V-unknown") for n in (1, 2)]
        self.apply(*events)
        issue = self.assertParked(events[0]["id"], "unmapped_reference")
        wizard = self.env["construction.issue.map"].create(
            {"issue_id": issue.id, "partner_id": self.bound("vendor", "V1").id}
        )
        self.assertEqual(wizard.waiting_count, 2)
        wizard.action_map()
        self.drain()
        self.assertEqual([self.state(e["id"]) for e in events], ["processed"] * 2)

    def test_a_deleted_record_is_mapped_to_another(self):
        self.setup_job()
        self.bound("vendor", "V1").unlink()
        event = self.order("C9")
        self.apply(event)
        issue = self.assertParked(event["id"], "unmapped_reference")
        self.assertIn("was deleted in Odoo", issue.message)
        other = self.env["res.partner"].create({"name": "Successor", "is_company": True})
        wizard = self.env["construction.issue.map"].create(
            {"issue_id": issue.id, "partner_id": other.id}
        )
        wizard.action_map()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertEqual(self.bound("commitment", "C9").partner_id, other)
        self.assertEqual(self.bound("vendor", "V1"), other)

    def test_what_is_missing_reads_like_a_sentence(self):
        self.setup_job()
        event = self.order("C10", vendor="V-unknown")
        self.apply(event)
        issue = self.assertParked(event["id"], "unmapped_reference")
        self.assertEqual(issue.missing, "Vendor V-unknown")

    def test_two_reasons_and_only_one_gone(self):
        event = self.order("C4", job="J-unknown", vendor="V-unknown")
        self.apply(event)
        self.assertEqual(len(self.issues(event["id"])), 2)
        attempts = self.stored(event["id"]).attempts
        self.process(self.event("vendor.upserted", data=self.vendor_data("V-unknown")))
        self.assertParked(event["id"], "unmapped_reference")
        self.assertEqual(self.stored(event["id"]).attempts, attempts, "not tried in vain")

    def test_the_sweeper_finds_what_nobody_told(self):
        """The record came into being at the moment in which the event was parked."""
        event = self.order("C5", vendor="V-late")
        self.setup_job()
        self.apply(event)
        resolver = self.env.registry["construction.resolver"]
        with patch.object(resolver, "_available", lambda *_args, **_kwargs: None):
            self.process(self.event("vendor.upserted", data=self.vendor_data("V-late")))
        self.assertEqual(self.state(event["id"]), "parked")
        self.env["construction.drain"]._sweep()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_the_sweeper_looks_once_more_at_codes(self):
        event = self.order("C6", lines=[self.commitment_line(cost_code="05-700")])
        self.setup_job()
        self.apply(event)
        resolver = self.env.registry["construction.resolver"]
        with patch.object(resolver, "_available", lambda *_args, **_kwargs: None):
            self.env["construction.cost.code"].create({"code": "05-700", "name": "Late"})
        self.env["construction.drain"]._sweep()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_fault_03_the_sweeper_wakes_what_has_no_job(self):
        event = self.event("platform.pinged", subject="ping/1")
        self.send(event)
        self.env["queue.job"].search([]).write({"state": "done"})
        self.make_due()
        self.env["construction.drain"]._sweep()
        jobs = self.env["queue.job"].search([("state", "=", "pending")])
        self.assertEqual(jobs.mapped("channel"), ["root.construction.standard"])
        self.env["construction.drain"]._sweep()
        self.assertEqual(len(self.env["queue.job"].search([("state", "=", "pending")])), 1)


@tagged("post_install", "-at_install")
class TestUnknownType(SyncCase, TransactionCase):
    def test_fault_33_unknown_types_and_versions_park_once(self):
        for name in ("construction.dance.performed.v1", "construction.commitment.approved.v5", "x"):
            event = self.event("platform.pinged", subject=f"dance/{self.unique()}")
            event["type"] = name
            self.assertEqual(self.send(event), ["accepted"])
            self.drain()
            self.assertParked(event["id"], "schema")
            self.env["construction.drain"]._sweep()
            self.drain()
            self.assertEqual(self.stored(event["id"]).attempts, 1, "no retry loop")

    def test_fault_33_it_resumes_when_a_handler_appears(self):
        event = self.event("platform.pinged", subject="dance/1")
        event["type"] = "construction.dance.performed.v1"
        self.apply(event)
        self.assertParked(event["id"], "schema")
        names = self.env["construction.handler"]._names() | {
            event["type"]: "construction.handler.platform.pinged"
        }
        with patch.object(
            self.env.registry["construction.handler"], "_names", lambda _handler: names
        ):
            self.env["construction.drain"]._sweep()
            self.drain()
        self.assertEqual(self.state(event["id"]), "processed")
        self.assertFalse(self.issues(event["id"]))


@tagged("post_install", "-at_install")
class TestPause(SyncCase, TransactionCase):
    def test_fault_32_a_paused_platform_stores_and_parks(self):
        first, second = (self.event("platform.pinged", subject=f"p/{n}") for n in "ab")
        self.send(first)
        self.platform.action_pause()
        self.assertEqual(self.send(second), ["accepted"])
        self.drain()
        self.assertEqual([self.state(e["id"]) for e in (first, second)], ["parked"] * 2)
        self.assertFalse(self.issues(first["id"]) | self.issues(second["id"]))
        self.env["construction.drain"]._sweep()
        self.drain()
        self.assertEqual(self.state(first["id"]), "parked", "the sweeper respects the pause")
        self.platform.action_activate()
        self.drain()
        self.assertEqual([self.state(e["id"]) for e in (first, second)], ["processed"] * 2)

    def test_an_archived_platform_applies_nothing(self):
        event = self.event("platform.pinged", subject="p/c")
        self.send(event)
        self.platform.active = False
        self.drain()
        self.assertEqual(self.state(event["id"]), "parked")
        self.platform.active = True
        self.env["construction.drain"]._sweep()
        self.drain()
        self.assertEqual(self.state(event["id"]), "processed")

    def test_issues_stay_what_blocks_after_activation(self):
        event = self.event("cost_code.upserted", data=self.cost_code_data("06-1", uom="stone"))
        self.apply(event)
        self.platform.action_pause()
        self.platform.action_activate()
        self.drain()
        self.assertParked(event["id"], "unmapped_reference")
        self.assertEqual(self.stored(event["id"]).attempts, 1)


@tagged("post_install", "-at_install")
class TestPeople(SyncCase, TransactionCase):
    """Replay, discard, resolve, waive: by whom, once, and with a trace."""

    def given(self):
        super().given()
        self.manager = self.make_user("im", "integration_manager")
        self.other = self.make_user("im2", "integration_manager")
        self.parked = self.event(
            "cost_code.upserted", data=self.cost_code_data("07-1", uom="cubit"), sequence=1
        )
        self.apply(self.parked)
        self.parked_event = self.stored(self.parked["id"])

    def audited(self, record, action):
        return self.env["construction.audit"].search(
            [("model", "=", record._name), ("res_id", "=", record.id), ("action", "=", action)]
        )

    def test_fault_80_a_second_operator_is_told(self):
        self.parked_event.with_user(self.manager).action_replay("mended")
        with self.assertRaises(UserError):
            self.parked_event.with_user(self.other).action_replay("mended")
        with self.assertRaises(UserError):
            self.parked_event.with_user(self.manager).action_replay("mended")
        self.assertEqual(len(self.audited(self.parked_event, "event_replayed")), 1)
        attempts = self.parked_event.attempts
        self.drain()
        self.assertEqual(self.stored(self.parked["id"]).attempts, attempts + 1)

    def test_replay_of_a_processed_event_changes_nothing(self):
        event = self.event("platform.pinged", subject="p/x")
        (stored,) = self.process(event)
        with self.assertRaises(UserError):
            stored.with_user(self.manager).action_replay("mended")

    def test_replay_and_discard_need_the_integration_manager(self):
        for group in ("finance", "project_manager", "auditor"):
            user = self.make_user(f"u-{group}", group)
            with self.assertRaises(AccessError):
                self.parked_event.with_user(user).action_replay("mended")
            with self.assertRaises(AccessError):
                self.parked_event.with_user(user).action_discard("no")

    def test_discard_wants_a_reason_and_closes_the_issues(self):
        event = self.parked_event.with_user(self.manager)
        with self.assertRaises(UserError):
            event.action_discard("  ")
        event.action_discard("sent twice by hand")
        self.assertEqual(self.state(self.parked["id"]), "discarded")
        self.assertEqual(self.issues(self.parked["id"], "waived").reason, "sent twice by hand")
        trace = self.audited(self.parked_event, "event_discarded")
        self.assertEqual(trace.actor_id, self.manager)
        self.assertIn("sent twice by hand", trace.detail)
        with self.assertRaises(UserError):
            event.action_discard("again")

    def test_resolve_resumes_everybody_with_that_cause(self):
        second = self.event("cost_code.upserted", data=self.cost_code_data("07-2", uom="cubit"))
        self.apply(second)
        attempts = self.stored(second["id"]).attempts
        self.issues(self.parked["id"]).with_user(self.manager).action_resolve()
        self.drain()
        self.assertParked(self.parked["id"], "unmapped_reference")
        self.assertEqual(self.stored(second["id"]).attempts, attempts + 1)

    def test_waiving_wants_a_reason_and_does_not_resume(self):
        issue = self.issues(self.parked["id"]).with_user(self.manager)
        with self.assertRaises(UserError):
            issue.action_waive("")
        issue.action_waive("not for us")
        self.env["construction.drain"]._sweep()
        self.drain()
        self.assertEqual(self.state(self.parked["id"]), "parked")
        self.assertEqual(issue.reason, "not for us")

    def test_replay_after_a_waiver_resumes_by_itself_later(self):
        self.issues(self.parked["id"]).with_user(self.manager).action_waive("not for us")
        self.parked_event.with_user(self.manager).action_replay("mended")
        self.drain()
        self.assertParked(self.parked["id"], "unmapped_reference")
        self.env["construction.crosswalk"].create(
            {
                "kind": "uom",
                "external_value": "cubit",
                "res_model": "uom.uom",
                "res_id": self.env.ref("uom.product_uom_foot").id,
            }
        )
        self.drain()
        self.assertEqual(self.state(self.parked["id"]), "processed")

    def test_issues_change_only_through_their_actions(self):
        issue = self.issues(self.parked["id"])
        for group in ("integration_manager", "finance", "project_manager"):
            user = self.make_user(f"w-{group}", group)
            for values in ({"state": "resolved"}, {"blocking": False}, {"message": "fine"}):
                with self.assertRaises(AccessError):
                    issue.with_user(user).write(values)
            issue.with_user(user).write({"severity": "high", "user_id": user.id})

    def test_events_are_nobody_s_to_write(self):
        for group in ("integration_manager", "finance", "auditor"):
            user = self.make_user(f"e-{group}", group)
            with self.assertRaises(AccessError):
                self.parked_event.with_user(user).write({"state": "processed"})
            with self.assertRaises(AccessError):
                self.parked_event.with_user(user).unlink()
