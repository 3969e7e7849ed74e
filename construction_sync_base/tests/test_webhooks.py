"""A platform's own webhook format: stored raw at the door, translated in the drain."""

import hashlib
import json
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..lib import strict_json
from ..lib.errors import UnknownKind
from .http_case import InboxCase, standard_webhooks

JSON = "application/json"


class WebhookCase(InboxCase):
    """The adapter of the test platform has a translator that knows two kinds: `code`, which
    becomes a cost code, and `noise`, which says nothing."""

    def setUp(self):
        super().setUp()
        self.seen = []

        def translate(_translator, platform, body, headers):
            self.seen.append((platform, body, headers))
            hook = strict_json.loads(body)
            if hook["kind"] == "noise":
                return []
            if hook["kind"] == "crash":
                raise RuntimeError("a bug of ours")
            if hook["kind"] != "code":
                raise UnknownKind(hook["kind"])
            return [
                self.event(
                    "cost_code.upserted",
                    data=self.cost_code_data(code, name=hook.get("name", "Code")),
                    id=f"hook-{code}",
                    time="2026-03-02T10:00:00Z",
                )
                for code in hook["codes"]
            ]

        base = self.env.registry["construction.translator"]
        names = {"canonical": "construction.translator"}
        self.patch(base, "_names", lambda _self: names)
        self.patch(base, "_translate", translate)
        self.env.registry.clear_cache()
        self.addCleanup(self.env.registry.clear_cache)

    def hook(self, body, mimetype=JSON, message=None, **extra):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers = standard_webhooks(self.secret, body, message or self.unique("msg_"))
        return self.post(body, mimetype, headers=headers, door="webhooks", **extra)

    def raw(self, identity):
        return self.env["construction.event"].search(
            [("platform_id", "=", self.platform.id), ("subject", "=", f"webhook/{identity}")]
        )


@tagged("post_install", "-at_install")
class TestWebhookDoor(WebhookCase):
    def test_stored_raw_and_translated_in_the_drain(self):
        body = b'{ "kind": "code",  "codes": ["21-100", "21-200"] }'
        answer = self.assertVerdicts(self.hook(body, message="msg_a"), "accepted")
        self.assertEqual(answer["results"][0]["event_id"], "msg_a")
        self.assertFalse(self.seen, "the request only stores")
        raw = self.raw("msg_a")
        self.assertEqual((raw.state, raw.type), ("pending", "construction.webhook.received.v1"))
        self.assertEqual(raw.delivery_id.body_text.encode(), body)
        self.drain()
        self.assertEqual(raw.state, "processed")
        self.assertEqual(self.seen[0][0], self.platform)
        self.assertEqual(self.seen[0][1], body)
        self.assertEqual(self.seen[0][2]["Webhook-Id"], "msg_a")
        made = self.stored("hook-21-100") | self.stored("hook-21-200")
        self.assertEqual(made.mapped("state"), ["processed", "processed"])
        self.assertEqual(made.delivery_id, raw.delivery_id, "they lead back to the bytes")
        self.assertEqual(set(made.mapped("correlation_id")), {raw.correlation_id})
        self.assertEqual(set(made.mapped("received_at")), {raw.received_at})
        self.assertTrue(self.bound("cost_code", "CC-21-200"))

    def test_a_webhook_that_says_nothing(self):
        self.hook({"kind": "noise"}, message="msg_n")
        self.drain()
        self.assertEqual(self.raw("msg_n").state, "processed")
        self.assertEqual(self.raw("msg_n").delivery_id.event_ids, self.raw("msg_n"))

    def test_identity_is_the_delivery_id(self):
        body = {"kind": "noise"}
        self.assertVerdicts(self.hook(body, message="msg_1"), "accepted")
        self.assertVerdicts(self.hook(body, message="msg_1"), "duplicate", status=200)
        self.assertVerdicts(self.hook({"kind": "noise", "n": 2}, message="msg_1"), "conflict")
        self.assertVerdicts(self.hook(body, message="msg_2"), "accepted")

    def test_identity_is_the_hash_where_no_delivery_id_comes(self):
        self.platform.auth_scheme = "static_header"
        token = self.platform.rotate_secret()
        body = b'{"kind": "noise"}'
        headers = {"Authorization": token}
        sha256 = hashlib.sha256(body).hexdigest()
        answer = self.post(body, JSON, headers=headers, door="webhooks")
        self.assertEqual(self.assertVerdicts(answer, "accepted")["results"][0]["event_id"], sha256)
        again = self.post(body, JSON, headers=headers, door="webhooks")
        self.assertVerdicts(again, "duplicate", status=200)
        other = self.post(body + b" ", JSON, headers=headers, door="webhooks")
        self.assertVerdicts(other, "accepted")
        self.assertNotIn(token, self.raw(sha256).delivery_id.headers)

    def test_the_translator_s_own_delivery_header(self):
        base = self.env.registry["construction.translator"]
        self.patch(base, "_delivery_header", "X-Adsk-Delivery-Id")
        self.platform.auth_scheme = "static_header"
        token = self.platform.rotate_secret()
        headers = {"Authorization": token, "X-Adsk-Delivery-Id": "d-77"}
        answer = self.post(b'{"kind": "noise"}', JSON, headers=headers, door="webhooks")
        self.assertEqual(answer.json()["results"][0]["event_id"], "d-77")
        self.assertIn("d-77", self.raw("d-77").delivery_id.headers)

    def test_any_json_content_type(self):
        for mimetype in (JSON, "application/json; charset=utf-8", "application/vnd.x+json"):
            self.assertVerdicts(self.hook({"kind": "noise"}, mimetype), "accepted")
        for mimetype in ("text/plain", "application/x-www-form-urlencoded", "", "multipart/x"):
            self.assertProblem(self.hook({"kind": "noise"}, mimetype), 415, "media-type")

    def test_same_refusals_as_for_events(self):
        body = b'{"kind": "noise"}'
        unsigned = self.post(body, JSON, headers={}, door="webhooks")
        self.assertProblem(unsigned, 401, "unauthorized")
        encoded = self.hook(body, **{"Content-Encoding": "gzip"})
        self.assertProblem(encoded, 415, "content-encoding")
        huge = self.hook(b" " * (8 * 1024 * 1024 + 1))
        self.assertProblem(huge, 413, "too-large")
        self.platform.active = False
        self.assertProblem(self.hook(body), 410, "deleted-platform")
        self.assertFalse(self.deliveries())

    def test_a_paused_platform_stores_and_translates_later(self):
        self.platform.action_pause()
        self.assertVerdicts(self.hook({"kind": "code", "codes": ["22-1"]}, message="p"), "accepted")
        self.drain()
        self.assertEqual(self.raw("p").state, "parked")
        self.platform.action_activate()
        self.drain()
        self.assertEqual(self.raw("p").state, "processed")
        self.assertEqual(self.state("hook-22-1"), "processed")


@tagged("post_install", "-at_install")
class TestTranslation(WebhookCase):
    def parked(self, identity, category):
        raw = self.raw(identity)
        self.assertEqual(raw.state, "parked", raw.last_error)
        self.assertEqual(raw.issue_ids.mapped("category"), [category])
        return raw.issue_ids

    def test_what_cannot_be_read_is_an_issue_and_holds_up_nobody(self):
        self.assertVerdicts(self.hook(b'{"kind": ', message="broken"), "accepted")
        self.assertVerdicts(self.hook(b" ", message="empty"), "accepted")
        self.assertVerdicts(self.hook({"kind": "code", "codes": ["23-1"]}), "accepted")
        self.drain()
        self.assertEqual(self.parked("broken", "malformed").severity, "high")
        self.parked("empty", "malformed")
        self.assertEqual(self.state("hook-23-1"), "processed")

    def test_an_unknown_kind_is_parked_as_schema(self):
        self.hook({"kind": "dance"}, message="d")
        self.drain()
        self.assertIn("dance", self.parked("d", "schema").message)

    def test_a_bug_of_the_translator_is_tried_again(self):
        self.hook({"kind": "crash"}, message="c")
        self.hook({"kind": "code", "codes": ["23-2"]})
        with mute_logger("odoo.addons.construction_sync_base.models.construction_apply"):
            self.drain()
        raw = self.raw("c")
        self.assertEqual((raw.state, raw.failures), ("pending", 1))
        self.assertIn("a bug of ours", raw.last_error)
        self.assertEqual(self.state("hook-23-2"), "processed")

    def test_two_webhooks_of_one_fact_make_one_event(self):
        hook = {"kind": "code", "codes": ["24-1"]}
        self.hook(hook, message="one")
        self.hook(hook, message="two")
        self.drain()
        self.hook(hook, message="three")
        self.drain()
        raws = self.raw("one") | self.raw("two") | self.raw("three")
        self.assertEqual(raws.mapped("state"), ["processed"] * 3)
        self.assertEqual(self.stored("hook-24-1").delivery_id, self.raw("one").delivery_id)
        self.assertFalse(raws.issue_ids)

    def test_the_same_event_with_other_content_is_told(self):
        self.hook({"kind": "code", "codes": ["24-2"]}, message="one")
        self.hook({"kind": "code", "codes": ["24-2"], "name": "Other"}, message="two")
        self.drain()
        self.assertEqual(self.raw("two").state, "processed")
        self.assertEqual(self.raw("two").issue_ids.mapped("category"), ["duplicate"])
        self.assertEqual(self.bound("cost_code", "CC-24-2").name, "Code")

    def test_an_event_that_only_claims_to_be_a_webhook(self):
        forged = self.event("webhook.received", subject="webhook/x", data={"sha256": "0" * 64})
        self.assertVerdicts(self.post(forged), "accepted")
        self.drain()
        self.assertEqual(self.state(forged["id"]), "parked")
        self.assertFalse(self.seen)

    def test_big_bodies_are_read_in_groups(self):
        handler = "odoo.addons.construction_sync_base.handlers.webhook_received"
        with patch(f"{handler}.READ_BYTES", 100):
            for number in range(5):
                self.hook({"kind": "code", "codes": [f"25-{number}"]})
            self.drain()
        for number in range(5):
            self.assertEqual(self.state(f"hook-25-{number}"), "processed")


@tagged("post_install", "-at_install")
class TestNoTranslator(InboxCase):
    def test_an_adapter_without_translator_is_404(self):
        answer = self.post({"kind": "code"}, JSON, door="webhooks")
        self.assertProblem(answer, 404, "no-translator")
        self.assertFalse(self.deliveries())

    def test_the_addon_that_translates_was_removed(self):
        """Webhooks that arrived before wait as an issue."""
        body = b"{}"
        event = {
            "platform_id": self.platform.id, "company_id": self.company.id, "event_id": "old",
            "source": "/webhooks", "type": "construction.webhook.received.v1",
            "subject": "webhook/old", "digest": "d",
            "payload": json.dumps({"data": {"sha256": hashlib.sha256(body).hexdigest()}}),
            "received_at": "2026-01-01 00:00:00", "next_try_at": "2026-01-01 00:00:00",
        }  # fmt: skip
        raw = self.env["construction.event"].create(event)
        self.drain()
        self.assertEqual(raw.state, "parked")
        self.assertEqual(raw.issue_ids.category, "schema")
