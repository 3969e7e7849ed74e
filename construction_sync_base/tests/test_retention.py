"""What is removed when its period is over, what never is, and who can hold it."""

import base64
import json
from datetime import timedelta

import psycopg2
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..audit_reader import read_head, verify
from ..models import construction_retention
from .domain import DomainCase
from .test_audit_seals import SealCase

OLD = timedelta(days=5000)


class KeepCase(SealCase):
    def setUp(self):
        super().setUp()
        self.Retention = self.env["construction.retention"]

    def run_retention(self):
        with self.shared_cursors():
            self.Retention._run()
        self.env.invalidate_all()

    def age(self, *events, by=OLD):
        """Events, their deliveries and issues become old."""
        records = self.env["construction.event"].union(*events)
        past = fields.Datetime.now() - by
        self.env.flush_all()
        self.sql("UPDATE construction_event SET received_at = %s, processed_at = CASE WHEN"
                 " processed_at IS NOT NULL THEN %s::timestamp END WHERE id = ANY(%s)",
                 past, past, records.ids)  # fmt: skip
        self.sql("UPDATE construction_delivery SET received_at = %s WHERE id = ANY(%s)",
                 past, records.delivery_id.ids)  # fmt: skip
        self.sql("UPDATE construction_issue SET closed_at = %s WHERE event_id = ANY(%s)"
                 " AND closed_at IS NOT NULL", past, records.ids)  # fmt: skip
        self.env.invalidate_all()

    def ping(self, name, **more):
        return self.event("platform.pinged", subject=f"ping/{name}", id=name, **more)

    def hold(self, **values):
        return self.env["construction.legal.hold"].create(
            {"name": "Case", "reason": "asked", "company_id": self.company.id, **values}
        )


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
    def setUp(self):
        super().setUp()
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


@tagged("post_install", "-at_install")
class TestLegalHolds(KeepCase, DomainCase, TransactionCase):
    def test_by_period_platform_and_company(self):
        (event,) = self.process(self.ping("held"))
        self.age(event)
        day = event.received_at.date()
        other = self.make_platform("hold-other", self.company)
        for values, holds in (
            ({}, True),
            ({"date_from": day, "date_to": day}, True),
            ({"date_from": day + timedelta(days=1)}, False),
            ({"date_to": day - timedelta(days=1)}, False),
            ({"platform_id": self.platform.id}, True),
            ({"platform_id": other.id}, False),
            ({"company_id": self.env["res.company"].create({"name": "Elsewhere"}).id}, False),
        ):
            savepoint = self.env.cr.savepoint()
            hold = self.hold(**values)
            self.assertEqual(bool(hold.event_count), holds, values)
            self.run_retention()
            self.assertEqual(bool(event.payload and event.delivery_id.body), holds, values)
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all()

    def test_by_job_and_partner(self):
        self.setup_job("H1", "HV1", codes=("HO-100",))
        line = self.commitment_line(cost_code="HO-100")
        (event,) = self.process(
            self.event("commitment.approved", sequence=1,
                       data=self.commitment_data("HC1", "H1", "HV1", lines=[line]))
        )  # fmt: skip
        order = self.bound("commitment", "HC1")
        (ping,) = self.process(self.ping("not-held"))
        self.age(event, ping)
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        for values, holds in (
            ({"job_id": self.bound("job", "H1").id}, True),
            ({"job_id": self.make_job("26-777").id}, False),
            ({"partner_id": order.partner_id.id}, True),
            ({"partner_id": stranger.id}, False),
            ({"job_id": self.bound("job", "H1").id, "partner_id": order.partner_id.id}, True),
            ({"job_id": self.bound("job", "H1").id, "partner_id": stranger.id}, False),
        ):
            savepoint = self.env.cr.savepoint()
            self.hold(**values)
            self.run_retention()
            self.assertEqual(bool(event.payload and event.delivery_id.body), holds, values)
            self.assertFalse(ping.payload, "nothing but the case is held")
            savepoint.rollback()
            savepoint.close(rollback=False)
            self.env.invalidate_all()

    def test_lifted_with_a_reason_and_never_deleted(self):
        manager = self.make_user("holder", "integration_manager")
        hold = self.hold().with_user(manager)
        with self.assertRaisesRegex(UserError, "Say why"):
            hold.action_lift(" ")
        with self.assertRaises(AccessError):
            hold.write({"state": "lifted"})
        with self.assertRaises(UserError):
            hold.unlink()
        with self.assertRaisesRegex(UserError, "lifted, not deleted"):
            hold.sudo().unlink()
        with self.assertRaises(AccessError):
            hold.with_user(self.make_user("hold-au", "auditor")).action_lift("x")
        wizard = self.env["construction.reason"].with_user(manager).create(
            {"action": "lift", "res_ids": hold.ids, "reason": "settled"}
        )  # fmt: skip
        wizard.action_confirm()
        self.assertEqual(hold.state, "lifted")
        rows = self.env["construction.audit"].search(
            [("model", "=", hold._name), ("res_id", "=", hold.id)]
        )
        self.assertEqual(rows.mapped("action"), ["legal_hold_lifted", "legal_hold_set"])
        self.assertIn("settled", rows[0].detail)


@tagged("post_install", "-at_install")
class TestErasure(KeepCase, DomainCase, TransactionCase):
    NAME = "Jürgen Weiß"
    EMAIL = "j.weiss@example.com"
    TEXT_TYPES = ("character varying", "text", "jsonb", "json")

    def setUp(self):
        super().setUp()
        self.setup_job("E1", "EV1", codes=("ER-100",))
        self.manager = self.make_user("eraser", "integration_manager")

    def commitment(self, external_id="EC1", **over):
        line = self.commitment_line(cost_code=over.pop("cost_code", "ER-100"))
        data = self.commitment_data(
            external_id, "E1", "EV1", lines=[line],
            approved_by={"name": self.NAME, "email": self.EMAIL}, **over,
        )  # fmt: skip
        return self.event("commitment.approved", data=data, sequence=1)

    def wizard(self, *terms, user=None, **values):
        return (
            self.env["construction.person.erase"]
            .with_user(user or self.manager)
            .create(
                {"terms": "\n".join(terms or (self.NAME, self.EMAIL)),
                 "reason": f"{self.NAME} asked for it", **values}
            )
        )  # fmt: skip

    def places(self, needle):
        """Tables and columns of the database where a text stands, native documents left out."""
        self.env.flush_all()
        found = set()
        for table, column in self.sql(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = ANY(%s)"
            " AND (table_name LIKE 'construction%%' OR table_name IN"
            " ('mail_message', 'mail_tracking_value', 'queue_job'))", list(self.TEXT_TYPES),
        ):  # fmt: skip
            if self.sql(f'SELECT 1 FROM "{table}" WHERE "{column}"::text ILIKE %s LIMIT 1',
                        f"%{needle}%"):  # fmt: skip
                found.add(f"{table}.{column}")
        for (body,) in self.sql("SELECT body FROM construction_delivery WHERE body IS NOT NULL"):
            raw = base64.b64decode(bytes(body)).decode("utf-8", "replace")
            if needle in raw or needle in raw.encode().decode("unicode_escape", "replace"):
                found.add("construction_delivery.body")
        return found

    def test_erased_everywhere_and_the_books_are_untouched(self):
        (event,) = self.process(self.commitment())
        order = self.bound("commitment", "EC1")
        self.env["construction.audit"]._record(order, "noted", {"by": self.NAME})
        (other,) = self.process(self.event("vendor.upserted", data=self.vendor_data("EV9")))
        issue = self.env["construction.issue"].create(
            {"event_id": event.id, "platform_id": self.platform.id, "state": "resolved",
             "company_id": self.company.id, "category": "approval", "message": f"ask {self.NAME}"}
        )  # fmt: skip
        issue.message_post(body=f"called {self.NAME} today")
        self.seal()
        moves = self.books(order)
        payload, digest, untouched = event.payload, event.digest, other.payload
        self.assertGreaterEqual(
            self.places(self.NAME),
            {"construction_event.payload", "construction_issue.message", "mail_message.body",
             "construction_audit_detail.text", "construction_delivery.body"},
        )  # fmt: skip
        wizard = self.wizard()
        wizard.action_search()
        self.assertFalse(wizard.kept_count)
        self.assertEqual(
            sorted(wizard.line_ids.mapped("model")),
            ["construction.approval", "construction.audit", "construction.delivery",
             "construction.event", "construction.issue", "construction.person"],
        )  # fmt: skip
        wizard.action_erase()
        self.env.invalidate_all()
        self.assertFalse(self.places(self.NAME) | self.places(self.EMAIL))
        self.assertEqual(self.books(order), moves)
        self.assertNotEqual(event.payload, payload)
        self.assertEqual(event.digest, digest)
        self.assertEqual(
            json.loads(event.payload)["data"]["lines"], json.loads(payload)["data"]["lines"]
        )
        self.assertTrue(event.erased_at)
        self.assertEqual(other.payload, untouched)
        self.seal()
        self.assertFalse(self.verify(), "the chain still verifies")
        rows = self.env["construction.audit"].search([("action", "=", "person_erased")])
        self.assertEqual(rows.actor_id, self.manager)
        self.assertIn("asked for it", "".join(row.detail or "" for row in rows))
        erased = self.env["construction.audit"].search([("action", "=", "noted")])
        self.assertTrue(erased.detail_erased)

    def books(self, order):
        return (
            order.amount_total, order.partner_id.name, order.name,
            order.order_line.mapped("analytic_distribution"),
            self.sql("SELECT count(*), sum(debit) FROM account_move_line")[0],
        )  # fmt: skip

    def test_a_repeated_delivery_is_still_recognised(self):
        sent = self.commitment("EC2")
        self.process(sent)
        self.wizard().action_erase()
        self.env.invalidate_all()
        self.assertEqual(self.send(sent), ["duplicate"])
        changed = {**sent, "data": {**sent["data"], "number": "other"}}
        self.assertEqual(self.send(changed), ["conflict"])

    def test_unfinished_and_held_stay_and_it_says_so(self):
        (parked,) = self.apply(self.commitment("EC3", cost_code="NO-SUCH"))
        (held,) = self.process(self.commitment("EC4"))
        hold = self.hold(date_from=held.received_at.date())
        wizard = self.wizard()
        wizard.action_search()
        self.assertEqual(wizard.found_count, 0)
        self.assertTrue(all("legal hold" in line.kept for line in wizard.line_ids))
        with self.assertRaisesRegex(UserError, "has to stay"):
            wizard.action_erase()
        hold.action_lift("settled")
        wizard.action_search()
        kept = wizard.line_ids.filtered("kept")
        self.assertIn(parked.id, kept.filtered(lambda k: k.model == parked._name).mapped("res_id"))
        self.assertIn("Not finished", kept[0].kept)
        wizard.action_erase()
        self.env.invalidate_all()
        self.assertIn(self.NAME, parked.payload)
        self.assertTrue(parked.delivery_id.body)
        self.assertNotIn(self.NAME, held.payload)

    def test_a_body_that_an_event_still_needs_stays(self):
        """An event may hold less than its body, which is then read when it is applied."""
        body = json.dumps({"who": self.NAME}).encode()
        self.send(self.ping("raw"))
        event = self.stored("raw")
        event.delivery_id.body = base64.b64encode(body)
        wizard = self.wizard()
        wizard.action_search()
        self.assertIn("Not finished", wizard.line_ids.kept)
        self.drain()
        wizard.action_erase()
        self.env.invalidate_all()
        self.assertFalse(event.delivery_id.body)

    def test_malformed_bodies_are_found_by_their_bytes(self):
        for ascii_only in (False, True):
            body = json.dumps({"who": self.NAME}, ensure_ascii=ascii_only).encode() + b"\xff\x00"
            delivery = self.env["construction.delivery"].create(
                {"platform_id": self.platform.id, "company_id": self.company.id,
                 "received_at": fields.Datetime.now(), "headers": "{}", "verdict": "malformed",
                 "body": base64.b64encode(body), "body_sha256": "x"}
            )  # fmt: skip
            self.wizard(self.NAME.lower()).action_erase()
            delivery.invalidate_recordset()
            self.assertFalse(delivery.body)

    def test_who_may_and_what_is_asked(self):
        for group in ("finance", "auditor", "project_manager"):
            with self.assertRaises(AccessError):
                self.wizard(user=self.make_user(f"no-{group}", group))
        self.process(self.commitment("EC5"))
        with self.assertRaisesRegex(UserError, "Say why"):
            self.wizard(reason=" ").action_erase()
        with self.assertRaisesRegex(UserError, "three characters"):
            self.wizard("ab").action_search()
        with self.assertRaisesRegex(UserError, "Nothing found"):
            self.wizard("Nobody At All").action_erase()

    def test_another_company_is_not_touched(self):
        company = self.make_company("Apart")
        platform = self.make_platform("apart", company)
        data = self.vendor_data("AV1", name=f"Firm of {self.NAME}")
        (event,) = self.process(self.event("vendor.upserted", data=data), platform=platform)
        self.process(self.commitment("EC6"))
        self.wizard().action_erase()
        self.env.invalidate_all()
        self.assertIn(self.NAME, event.payload)

    def test_terms_of_a_contact(self):
        partner = self.env["res.partner"].create(
            {"name": self.NAME, "email": self.EMAIL, "phone": "+1 555 0100"}
        )
        wizard = self.env["construction.person.erase"].new({"partner_id": partner.id})
        wizard._onchange_partner_id()
        self.assertEqual(wizard.terms.splitlines(), [self.NAME, self.EMAIL, "+1 555 0100"])
