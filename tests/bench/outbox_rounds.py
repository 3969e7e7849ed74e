"""Messages to a subscriber that answers as one far away does: out of the outbox, signed, each
try kept, and by bare requests. Runs inside Odoo's shell."""

import json
import time

import requests

from .call_rounds import CallRounds
from .rounds import PLATFORM

TYPE = "construction.event.parked.v1"


class OutboxRounds(CallRounds):
    """Both sides open a connection for each message and wait until it is taken."""

    def __init__(self, registry, count, latency):
        super().__init__(registry, count, latency)
        with self._env() as env:
            platform = env["construction.platform"].search([("key", "=", PLATFORM)])
            values = {"name": "Bench", "platform_id": platform.id, "url": f"{self.there}/told"}
            one = env["construction.subscription"].create(values)
            one.action_new_secret()
            one.action_activate()
            self.subscription_id = one.id

    def ours(self, prefix):
        with self._env() as env:
            platform = env["construction.platform"].search([("key", "=", PLATFORM)])
            rows = env["construction.outbox"]._tell(
                [self._fact(platform, f"{prefix}/{number}") for number in range(self.count)]
            )
            self.bodies = rows.mapped("payload")
        started = time.perf_counter()
        with self._env() as env:
            taken = env["construction.outbox.sender"]._send(self.subscription_id)
        seconds = time.perf_counter() - started
        if taken != self.count:
            raise ValueError(f"{taken} were taken")
        return seconds

    def theirs(self, _prefix):
        headers = {"Content-Type": "application/cloudevents+json"}
        started = time.perf_counter()
        for body in self.bodies:
            requests.post(
                f"{self.there}/told", data=body.encode(), headers=headers,
                verify=str(self.server.ca), timeout=20,
            ).raise_for_status()  # fmt: skip
        return time.perf_counter() - started

    def _fact(self, platform, subject):
        return {
            "type": TYPE,
            "subject": subject,
            "company_id": platform.company_id.id,
            "platform_id": platform.id,
            "data": {"category": "schema", "message": json.dumps(["x"] * 50)},
        }
