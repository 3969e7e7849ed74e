"""What is removed when its period is over, and what never is."""

from datetime import timedelta

import psycopg2
from odoo import fields
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..audit_reader import read_head, verify
from ..models import construction_retention
from .retention import OLD, KeepCase


@tagged("post_install", "-at_install")
class TestRetention(KeepCase, TransactionCase):
    def test_bodies_and_payloads_go_and_duplicates_are_still_known(self):
        sent = self.ping("old")
        (old,) = self.process(sent)
        (young,) = self.process(self.ping("young"))
        digest = old.digest
        self.age(old)
        self.run_retention()
        self.assertFalse(old.payload)
        self.assertFalse(old.payload_pretty)
        self.assertFalse(old.delivery_id.body)
        self.assertTrue(old.erased_at and old.delivery_id.erased_at)
        self.assertTrue(old.delivery_id.body_sha256)
        self.assertTrue(young.payload and young.delivery_id.body)
        self.assertEqual((old.digest, old.event_id), (digest, "old"))
        self.assertEqual(self.send(sent), ["duplicate"])
        self.assertEqual(self.send({**sent, "data": {"note": "other"}}), ["conflict"])
        period = self.env.ref("construction_sync_base.retention_event")
        self.assertTrue(period.last_run)
        self.assertGreaterEqual(period.last_count, 1)

    def test_what_is_not_finished_stays(self):
        data = self.cost_code_data("13-9", uom="pole")
        (parked,) = self.apply(self.event("cost_code.upserted", data=data, sequence=1))
        (waiting,) = [self.send(self.ping("waits")), self.stored("waits")][1:]
        self.age(parked, waiting)
        issue = parked.issue_ids
        self.run_retention()
        for event in (parked, waiting):
            self.assertTrue(event.payload and event.delivery_id.body, event.state)
        self.assertTrue(issue.exists())
        parked.action_discard("not ours")
        self.age(parked)
        self.run_retention()
        self.assertFalse(parked.payload or parked.delivery_id.body)
        self.assertFalse(issue.exists(), "closed long ago")

    def test_the_database_keeps_what_is_not_finished(self):
        self.send(self.ping("kept"))
        event = self.stored("kept")
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.CheckViolation),
            self.env.cr.savepoint(),
        ):
            self.sql("UPDATE construction_event SET payload = NULL, erased_at = now()"
                     " WHERE id = %s", event.id)  # fmt: skip

    def test_periods_by_company_and_for_ever(self):
        (event,) = self.process(self.ping("forever"))
        self.age(event, by=timedelta(days=1500))
        own = self.Retention.create({"kind": "event", "company_id": self.company.id, "days": 0})
        self.run_retention()
        self.assertTrue(event.payload, "0 keeps it for ever, whatever others do")
        own.days = 2000
        self.run_retention()
        self.assertTrue(event.payload)
        own.days = 1000
        self.run_retention()
        self.assertFalse(event.payload)

    def test_in_batches(self):
        events = self.process(*[self.ping(f"b{number}") for number in range(7)])
        self.age(events)
        self.patch(construction_retention, "BATCH", 3)
        self.run_retention()
        self.assertFalse(any(events.mapped("payload")))

    def test_too_short_periods_are_refused(self):
        for kind, days in (("event", 29), ("audit", 364), ("issue", -1)):
            period = self.env.ref(f"construction_sync_base.retention_{kind}")
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.CheckViolation),
                self.env.cr.savepoint(),
            ):
                period.days = days
                self.env.flush_all()
            period.invalidate_recordset()

    def test_a_changed_period_is_in_the_audit(self):
        manager = self.make_user("keeper", "integration_manager")
        period = self.env.ref("construction_sync_base.retention_event").with_user(manager)
        period.days = 900
        row = self.env["construction.audit"].search([("action", "=", "retention_changed")], limit=1)
        self.assertEqual(row.actor_id, manager)
        self.assertIn("900", row.detail)


@tagged("post_install", "-at_install")
class TestAuditRetention(KeepCase, TransactionCase):
    def given(self):
        super().given()
        self.old = self.append(5, texts=2)
        self.seal()
        self.Checkpoint = self.env["construction.audit.checkpoint"]

    def make_old(self, rows):
        """As if sealed long ago: rows, hashes, and a seal that says so."""
        for table in ("", "_detail", "_leaf", "_seal"):
            self.env.cr.execute(f"ALTER TABLE construction_audit{table} DISABLE TRIGGER USER")
        past = fields.Datetime.now() - OLD
        self.sql("UPDATE construction_audit SET at = %s WHERE id = ANY(%s)", past, rows)
        self.sql("DELETE FROM construction_audit_leaf")
        self.sql("DELETE FROM construction_audit_seal")
        self.sql("DELETE FROM construction_audit_unsealed")
        self.sql("INSERT INTO construction_audit_unsealed SELECT unnest(%s)", rows)
        self.seal()
        self.sql("INSERT INTO construction_audit_unsealed SELECT id FROM construction_audit a"
                 " WHERE NOT EXISTS (SELECT FROM construction_audit_leaf l"
                 " WHERE l.audit_id = a.id)")  # fmt: skip
        self.seal()
        for table in ("", "_detail", "_leaf", "_seal"):
            self.env.cr.execute(f"ALTER TABLE construction_audit{table} ENABLE TRIGGER USER")

    def left(self):
        return self.sql("SELECT count(*) FROM construction_audit WHERE id = ANY(%s)", self.old)[0][
            0
        ]

    def test_whole_segments_go_and_the_chain_still_verifies(self):
        self.append(2)
        self.make_old(self.old)
        self.run_retention()
        self.assertEqual(self.left(), 5, "no checkpoint vouches for them")
        checkpoint = self.Checkpoint._issue([self.chain])
        before = read_head(self.env.cr, self.chain)
        self.run_retention()
        self.assertEqual(self.left(), 0)
        details = "SELECT 1 FROM construction_audit_detail WHERE audit_id = ANY(%s)"
        self.assertFalse(self.sql(details, self.old))
        head = read_head(self.env.cr, self.chain)
        self.assertEqual((head.retired_through, head.rows), (1, 0))
        self.assertGreater(head.number, before.number)
        self.assertTrue(checkpoint.exists())
        self.assertFalse(self.verify(), "seals stay and the chain says what is gone")
        self.run_retention()
        self.assertEqual(read_head(self.env.cr, self.chain).number, head.number, "nothing new")

    def test_a_hold_stops_it(self):
        self.make_old(self.old)
        self.Checkpoint._issue([self.chain])
        hold = self.hold(date_to=fields.Date.today() - timedelta(days=3000))
        self.run_retention()
        self.assertEqual(self.left(), 5)
        hold.action_lift("settled")
        self.run_retention()
        self.assertEqual(self.left(), 0)

    def test_nobody_deletes_what_the_chain_has_not_given_up(self):
        self.assertEqual(self.sql("SELECT construction_audit_prune(1000)")[0][0], 0)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(psycopg2.Error, "append-only"),
            self.env.cr.savepoint(),
        ):
            self.sql("DELETE FROM construction_audit_detail WHERE audit_id = %s", self.old[0])

    def test_without_the_key_nothing_is_given_up(self):
        self.make_old(self.old)
        self.Checkpoint._issue([self.chain])
        self.patch(type(self.Seal), "_signer", lambda model: None)
        self.run_retention()
        self.assertEqual(self.left(), 5)
        # and a retirement that somebody writes past the application is found
        self.Seal._append(self.chain, retired_through=1)
        self.sql("SELECT construction_audit_prune(1000)")
        self.assertEqual(self.left(), 0)
        found = verify(self.env.cr, self.publics)
        self.assertEqual(found[0].row, self.old[0], found[:3])
