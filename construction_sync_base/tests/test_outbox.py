"""What Odoo tells subscribers: once it is committed, in order, signed, and again until it is
taken (faults 38 to 41, 44)."""

import json
import os
import time
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged

from ..lib import signatures
from .test_calls import CallCase

FAILED = "construction.event.failed.v1"
PARKED = "construction.event.parked.v1"


class OutboxCase(CallCase):
    """A subscriber that answers on this machine."""

    def setUp(self):
        super().setUp()
        self.server.plays((200, {}, {}))
        self.subscriber, self.signing = self.subscribe("Warehouse")

    def subscribe(self, name, platform=None, **values):
        """An active subscription, and the secret it was given."""
        one = self.env["construction.subscription"].create(
            {
                "name": name,
                "platform_id": (platform or self.platform).id,
                "url": f"{self.there}/{name.lower()}",
                **values,
            }
        )
        secret = one.action_new_secret()["context"]["default_secret"]
        one.action_activate()
        return one, secret

    def tell(self, *subjects, **more):
        return self.env["construction.outbox"]._tell(
            [
                {
                    "type": PARKED,
                    "subject": subject,
                    "company_id": self.company.id,
                    "data": {"message": "m"},
                    **more,
                }
                for subject in subjects
            ]
        )

    def sent(self, subscriber=None):
        """How many were taken now; what was told is as committed."""
        self.env.flush_all()
        try:
            sender = self.env["construction.outbox.sender"]
            return sender._send((subscriber or self.subscriber).id)
        finally:
            self.env.invalidate_all()

    def bodies(self):
        return [json.loads(self.heard(number)[2]) for number in range(len(self.server.requests))]

    def rest_is_over(self):
        self.subscriber.sudo().retry_at = 1.0

    def make_due(self, rows):
        rows.sudo().next_try_at = fields.Datetime.now() - timedelta(minutes=1)


@tagged("post_install", "-at_install")
class TestOutbox(OutboxCase, TransactionCase):
    def test_what_arrives_and_how_it_is_proved(self):
        row = self.tell("x/1")
        self.assertEqual(self.sent(), 1)
        first, headers, body = self.heard()
        self.assertEqual(first, "POST /warehouse HTTP/1.1")
        self.assertTrue(
            signatures.verify_standard_webhooks([self.signing], headers, body, time.time())
        )
        event = json.loads(body)
        self.assertEqual(
            [event[name] for name in ("specversion", "type", "subject", "sequence", "id")],
            ["1.0", PARKED, "x/1", str(row.id), row.idempotency_key],
        )
        self.assertEqual(headers["Webhook-Id"], row.idempotency_key)
        self.assertEqual(event["data"]["legal_entity"], self.company.name)
        self.assertEqual((row.state, row.attempts, row.try_ids.status), ("sent", 1, 200))
        self.assertEqual(self.sent(), 0, "once")

    def test_two_secrets_during_a_rotation(self):
        new = self.subscriber.action_new_secret()["context"]["default_secret"]
        self.tell("x/1")
        self.sent()
        _first, headers, body = self.heard()
        for secret in (self.signing, new):
            self.assertTrue(
                signatures.verify_standard_webhooks([secret], headers, body, time.time())
            )
        stranger = signatures.new_secret()
        self.assertFalse(
            signatures.verify_standard_webhooks([stranger], headers, body, time.time())
        )

    def test_a_failure_holds_back_its_own_subject_alone(self):
        first, second, other = self.tell("x/1", "x/1", "x/2")
        self.server.plays((400, {"message": "bad sum"}, {}), (200, {}, {}))
        self.assertEqual(self.sent(), 1)
        self.assertEqual([r.state for r in (first, second, other)], ["pending", "pending", "sent"])
        self.assertIn("bad sum", first.last_error)
        self.assertEqual(first.try_ids.mapped("verdict"), ["again"])
        self.make_due(first)
        self.assertEqual(self.sent(), 2)
        told = self.bodies()
        self.assertEqual([one["subject"] for one in told], ["x/1", "x/2", "x/1", "x/1"])
        self.assertEqual(told[0], told[2], "the same id, the same words")

    def test_41_a_lost_answer_is_sent_again_under_its_id(self):
        row = self.tell("x/1")
        self.server.play = lambda line: None  # it took it, and the line broke
        self.assertEqual(self.sent(), 0)
        self.assertEqual((row.state, row.try_ids.verdict), ("pending", "none"))
        self.server.plays((200, {}, {}))
        self.make_due(row)
        self.sent()
        keys = [self.heard(number)[1]["Webhook-Id"] for number in (0, 1)]
        self.assertEqual(keys, [row.idempotency_key] * 2)

    def test_38_who_is_asked_to_wait_waits(self):
        row = self.tell("x/1")
        self.server.plays((429, b"", {"Retry-After": "120"}))
        self.sent()
        self.assertEqual((row.state, row.failures), ("pending", 0), "no attempt is used up")
        self.assertAlmostEqual(self.subscriber.retry_at, time.time() + 120, delta=5)
        self.sent()
        self.assertEqual(len(self.server.requests), 1, "it is left alone")
        self.server.plays((200, {}, {}))
        self.rest_is_over()
        self.assertEqual(self.sent(), 1)
        self.assertEqual((self.subscriber.failures, self.subscriber.opened), (0, 0))

    def test_39_a_subscriber_that_is_down_is_asked_less_and_less(self):
        self.tell(*(f"x/{number}" for number in range(8)))
        self.server.plays((500, b"", {}))
        self.sent()
        self.assertEqual(len(self.server.requests), 5, "five failures in a row end the round")
        waits = []
        for _round in range(3):
            self.rest_is_over()
            self.make_due(self.subscriber.env["construction.outbox"].search([]))
            before = len(self.server.requests)
            self.sent()
            self.assertEqual(len(self.server.requests), before + 1, "one probe")
            waits.append(round(self.subscriber.retry_at - time.time(), -1))
        self.assertEqual(waits, [60, 120, 240])
        self.server.plays((200, {}, {}))
        self.rest_is_over()
        self.make_due(self.env["construction.outbox"].search([]))
        self.assertEqual(self.sent(), 8, "nothing is lost")

    def test_who_says_410_is_told_nothing_more(self):
        row = self.tell("x/1", "x/2")
        self.server.plays((410, b"", {}))
        self.sent()
        self.assertEqual(self.subscriber.state, "gone")
        self.assertEqual(len(self.server.requests), 1)
        self.assertEqual(row.mapped("state"), ["pending"] * 2)
        self.assertFalse(self.tell("x/3"), "it is told nothing")
        self.assertIn("410", " ".join(self.subscriber.message_ids.mapped("body")))

    def test_after_72_hours_a_person_is_told(self):
        row, other = self.tell("x/1", "x/2")
        self.server.plays((400, {"message": "no"}, {}))
        (row | other).sudo().first_failed_at = fields.Datetime.now() - timedelta(hours=73)
        self.sent()
        self.assertEqual((row.state, other.state), ("dead", "dead"))
        key = self.subscriber._issue_key()
        issue = self.env["construction.issue"].search([("wait_key", "=", key)])
        self.assertEqual((issue.category, issue.state), ("platform_error", "open"))
        self.assertIn("Warehouse", issue.message)
        manager = self.make_user("outbox-im", "integration_manager")
        with self.assertRaisesRegex(UserError, "why"):
            row.with_user(manager).action_replay(" ")
        row.with_user(manager).action_replay("they mended it")
        self.assertEqual((row.state, issue.state), ("pending", "open"))
        other.with_user(manager).action_discard("not theirs")
        self.assertEqual(issue.state, "resolved", "once nothing is given up any more")
        self.server.plays((200, {}, {}))
        self.sent()
        self.assertEqual(row.state, "sent")

    def test_what_is_discarded_lets_the_next_go(self):
        first, second = self.tell("x/1", "x/1")
        manager = self.make_user("outbox-im", "integration_manager")
        first.with_user(manager).action_discard("not theirs")
        self.assertEqual(self.sent(), 1)
        self.assertEqual((first.state, second.state), ("discarded", "sent"))
        with self.assertRaisesRegex(UserError, "sent already"):
            second.with_user(manager).action_discard("too late")

    def test_what_is_rolled_back_is_not_told(self):
        outbox = self.env["construction.outbox"]
        order = self.env["purchase.order"].create(
            {"partner_id": self.company.partner_id.id, "company_id": self.company.id}
        )
        told = "construction.document.returned.v1"
        try:
            with self.env.cr.savepoint():
                outbox._touch(told, order)
                raise ValueError
        except ValueError:
            self.env.cr.precommit.run()
        self.assertFalse(outbox.search([("type", "=", told)]))
        outbox._touch(told, order)
        outbox._touch(told, order)
        self.env.cr.precommit.run()
        self.assertEqual(len(outbox.search([("type", "=", told)])), 1, "once")

    def test_filters(self):
        self.subscriber.event_types = f"{FAILED}\nconstruction.commitment.*"
        self.assertFalse(self.tell("x/1"))
        self.assertTrue(self.tell("x/1", type=FAILED))
        self.assertFalse(self.tell("x/1", type=FAILED, company_id=self.company.id + 1000))
        other = self.make_platform("tests-other", self.company)
        self.assertFalse(self.tell("x/1", type=FAILED, platform_id=other.id))
        with self.assertRaisesRegex(ValidationError, "construction.bill"):
            self.subscriber.event_types = "construction.bill.posted.v1"

    def test_each_subscriber_is_told_under_one_id(self):
        second, _secret = self.subscribe("Second")
        rows = self.tell("x/1")
        self.assertEqual(rows.subscription_id, self.subscriber | second)
        self.assertEqual(len(set(rows.mapped("idempotency_key"))), 1)

    def test_a_paused_platform_or_subscriber_is_sent_nothing(self):
        row = self.tell("x/1")
        self.platform.action_pause()
        self.assertEqual(self.sent(), 0)
        self.platform.action_activate()
        self.subscriber.action_pause()
        self.assertEqual(self.sent(), 0)
        self.assertFalse(self.server.requests)
        self.subscriber.action_activate()
        self.assertEqual(self.sent(), 1)
        self.assertEqual(row.attempts, 1)

    def test_44_the_own_network_is_not_called(self):
        row = self.tell("x/1")
        with patch.dict(os.environ, {"CONSTRUCTION_SYNC_TRUSTED_NETWORKS": ""}):
            self.sent()
        self.assertEqual((row.state, row.try_ids.verdict), ("pending", "none"))
        self.assertIn("may not be called", row.last_error)

    def test_whoever_moves_the_address_gets_no_old_secret(self):
        self.subscriber.url = "https://elsewhere.example.com/x"
        self.assertEqual(self.subscriber.state, "paused")
        self.assertFalse(self.subscriber.has_secret)
        with self.assertRaisesRegex(UserError, "secret"):
            self.subscriber.action_activate()

    def test_who_may(self):
        row = self.tell("x/1")
        for group in ("finance", "auditor"):
            user = self.make_user(f"outbox-{group}", group)
            self.assertTrue(row.with_user(user).read(["state"]))
            for act in (
                lambda user=user: row.with_user(user).action_discard("no"),
                lambda user=user: self.subscriber.with_user(user).action_pause(),
                lambda user=user: self.subscriber.with_user(user).action_new_secret(),
                lambda user=user: row.with_user(user).write({"state": "sent"}),
            ):
                with self.assertRaises(AccessError):
                    act()
        manager = self.make_user("outbox-im", "integration_manager")
        with self.assertRaisesRegex(UserError, "buttons"):
            self.subscriber.with_user(manager).state = "gone"
        with self.assertRaises(AccessError):
            self.subscriber.with_user(manager).read(["secret_ids"])

    def test_nobody_listens_and_nothing_is_asked(self):
        self.subscriber.action_pause()
        self.env["construction.subscription"]._listening()
        with self.assertQueryCount(0):
            self.env["construction.outbox"]._touch(PARKED, self.platform)
            self.assertFalse(self.tell("x/1"))

    def test_queries_do_not_grow_with_what_is_told(self):
        self.tell("x/0")
        self.env.flush_all()

        def count(number):
            before = self.env.cr.sql_log_count
            self.tell(*(f"y/{number}/{each}" for each in range(number)))
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        count(2)
        self.assertEqual(count(3), count(30))
