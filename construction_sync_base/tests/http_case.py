"""A client of the endpoint for the HTTP tests of this addon."""

import base64
import hashlib
import hmac
import json
import time

from odoo.tests import HttpCase

from .common import SyncCase

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"


def standard_webhooks(secret, body, message="msg_1", timestamp=None):
    """Headers of a Standard Webhooks signature, written from the specification."""
    timestamp = str(int(time.time()) if timestamp is None else timestamp)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{message}.{timestamp}.".encode() + body
    digest = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    return {
        "webhook-id": message,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{digest}",
    }


class InboxCase(SyncCase, HttpCase):
    def url(self, platform=None, door="events"):
        return f"/construction_sync/v1/{(platform or self.platform).key}/{door}"

    def ping(self, **more):
        return self.event("platform.pinged", subject=self.unique("ping/"), **more)

    def post(self, body, mimetype=STRUCTURED, headers=None, platform=None, door="events", **extra):
        """Post a body (bytes, or JSON values), signed unless `headers` are given."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if headers is None:
            headers = standard_webhooks(self.secret, body)
        headers = {"Content-Type": mimetype, **headers, **extra}
        return self.url_open(self.url(platform, door), data=body, headers=headers)

    def assertProblem(self, response, status, kind):
        """An RFC 9457 answer with a stable type."""
        self.assertEqual(response.status_code, status, response.text[:300])
        self.assertEqual(response.headers["Content-Type"], "application/problem+json")
        body = response.json()
        self.assertEqual(body["status"], status)
        self.assertEqual(body["type"], f"urn:construction-sync:{kind}")
        self.assertTrue(body["title"])

    def assertVerdicts(self, response, *verdicts, status=202):
        self.assertEqual(response.status_code, status, response.text[:300])
        body = response.json()
        self.assertEqual([result["status"] for result in body["results"]], list(verdicts))
        for plural, word in (
            ("accepted", "accepted"),
            ("duplicates", "duplicate"),
            ("conflicts", "conflict"),
            ("malformed", "malformed"),
        ):
            self.assertEqual(body[plural], verdicts.count(word))
        self.assertTrue(body["correlation_id"])
        return body

    def deliveries(self):
        return self.env["construction.delivery"].search([("platform_id", "=", self.platform.id)])
