"""A platform on a running server: signs, sends, and looks at what became of its events."""

import itertools
import json
import time
import uuid
from datetime import UTC, datetime

import requests

from tests.simulator.signing import StandardWebhooks

from .server import wait_for

SOURCE = "//e2e.example"
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"


class Platform:
    """One active platform of the server's first company, with Standard Webhooks."""

    def __init__(self, server, key=None):
        self.server = server
        self.key = key or f"e2e-{uuid.uuid4().hex[:8]}"
        self.numbers = itertools.count(1)
        values = {
            "name": f"Platform {self.key}",
            "key": self.key,
            "adapter": "canonical",
            "auth_scheme": "standard_webhooks",
        }
        (self.id,) = server.execute("construction.platform", "create", [[values]])
        self._complete_account_map()
        server.execute("construction.platform", "action_activate", [[self.id]])
        self.secret = server.execute("construction.platform", "rotate_secret", [[self.id]])
        self.url = f"{server.url}/construction_sync/v1/{self.key}/events"

    def _complete_account_map(self):
        if not self.server.execute("account.account", "search_count", [[]], {"limit": 1}):
            self.server.execute("account.chart.template", "try_loading", ["generic_coa", 1, False])
        wizard = self.server.execute(
            "construction.platform.setup", "create", [[{"platform_id": self.id}]]
        )
        self.server.execute("construction.platform.setup", "action_propose", [wizard])

    def event(self, event_type, data, sequence=None, subject=None, event_id=None):
        name = event_type.split(".")[0]
        external_id = data.get("job") if name == "budget" else data.get("external_id")
        event = {
            "specversion": "1.0",
            "id": event_id or f"{self.key}-{next(self.numbers)}",
            "source": SOURCE,
            "type": f"construction.{event_type}.v1",
            "subject": subject or f"{name}/{external_id}",
            "time": datetime.now(UTC).isoformat(),
            "data": data,
        }
        if sequence is not None:
            event["sequence"] = str(sequence)
        return event

    def headers(self, body, mimetype=STRUCTURED, now=None):
        signer = StandardWebhooks(self.secret)
        message = f"msg_{uuid.uuid4().hex}"
        return {"Content-Type": mimetype} | signer.headers(message, body, now or time.time())

    def post(self, body, mimetype=STRUCTURED, headers=None):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        answer = requests.post(
            self.url, data=body, headers=headers or self.headers(body, mimetype), timeout=60
        )
        if answer.status_code in (200, 202):
            self.server.acknowledged.update(
                (self.id, result["event_id"])
                for result in answer.json()["results"]
                if result["status"] == "accepted"
            )
        return answer

    def send(self, *events):
        """Post events as one batch; every one has to be taken."""
        answer = self.post(list(events), BATCHED)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    def states(self, *events):
        rows = self.server.psql(
            "SELECT event_id, state FROM construction_event"
            " WHERE platform_id = %s AND event_id = ANY(%s)",
            (self.id, [event["id"] for event in events]),
        )
        found = dict(rows)
        return [found.get(event["id"]) for event in events]

    def wait(self, *events, states=("processed",), timeout=180):
        """Wait until every event is in one of the states; returns their states."""

        def reached():
            now = self.states(*events)
            return now if all(state in states for state in now) else None

        return wait_for(reached, timeout, 0.3, lambda: f"states are {self.states(*events)}")

    def issues(self, event):
        return self.server.psql(
            "SELECT i.category, i.message, i.state FROM construction_issue i"
            " JOIN construction_event e ON e.id = i.event_id"
            " WHERE e.platform_id = %s AND e.event_id = %s",
            (self.id, event["id"]),
        )

    # ------------------------------------------------------------- payloads
    def job(self, external_id="J1", sequence=1, **over):
        number = f"{self.key[-4:]}-{external_id}"
        data = {"external_id": external_id, "number": number, "name": "A job", "status": "active"}
        return self.event("job.upserted", data | over, sequence)

    def vendor(self, external_id="V1", sequence=1, **over):
        data = {"external_id": external_id, "name": f"Vendor {external_id} of {self.key}"}
        return self.event("vendor.upserted", data | over, sequence)

    def cost_code(self, code, sequence=1, **over):
        data = {"external_id": f"CC-{code}", "code": code, "name": f"Code {code}"}
        return self.event("cost_code.upserted", data | over, sequence)

    def commitment(self, external_id="C1", sequence=1, amount="1000.00", **over):
        data = {
            "external_id": external_id,
            "number": f"PO-{external_id}",
            "kind": "purchase_order",
            "job": "J1",
            "vendor": "V1",
            "currency": "USD",
            "date": "2026-10-02",
            "approved_by": {"name": "P. Manager"},
            "approved_at": "2026-10-02T10:00:00-07:00",
            "lines": [
                {
                    "line_id": "1",
                    "description": "Concrete",
                    "cost_code": self.code,
                    "cost_type": "material",
                    "amount": amount,
                }
            ],
        }
        return self.event("commitment.approved", data | over, sequence)

    @property
    def code(self):
        """A cost code of this platform's own, so that tests do not meet."""
        return f"{self.key[-4:]}-100"

    def masters(self):
        """Job, vendor and cost code that `commitment()` refers to, applied."""
        events = [self.job(), self.vendor(), self.cost_code(self.code)]
        self.send(*events)
        self.wait(*events)

    def orders(self, external_id="C1"):
        """(state, untaxed amount) of the orders bound to a commitment."""
        return self.server.psql(
            "SELECT o.state, o.amount_untaxed FROM construction_binding b"
            " JOIN purchase_order o ON o.id = b.res_id"
            " WHERE b.platform_id = %s AND b.object = 'commitment' AND b.external_id = %s",
            (self.id, external_id),
        )
