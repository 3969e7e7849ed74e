import hashlib
import json
import uuid
from datetime import UTC, datetime, timedelta

from odoo import api, models

from odoo.addons.construction_sync_base.lib import envelope


class ConstructionBench(models.AbstractModel):
    """What the benchmark asks a running server to do, over RPC."""

    _name = "construction.bench"
    _description = "Benchmark"

    def _now(self):
        """The clock that the benchmark compares with."""
        self.env.cr.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(self.env.cr.fetchone()[0])

    @api.model
    def store_pings(self, key, count):
        """Store no-op events as the endpoint does and wake the drain.

        :return: the database's time just before the commit
        """
        events = [self._event("platform.pinged", f"platform/{number}") for number in range(count)]
        for start in range(0, count, envelope.MAX_BATCH):
            self._store(key, events[start : start + envelope.MAX_BATCH])
        return self._now()

    @api.model
    def enqueue_noops(self, count):
        """One job per event, as the usual pattern has it.

        :return: the database's time just before the commit
        """
        for _number in range(count):
            self.sudo().with_delay()._noop()
        return self._now()

    @api.model
    def enqueue_for_next_week(self):
        self.sudo().with_delay(eta=datetime.now() + timedelta(days=7))._noop()
        return True

    @api.model
    def store_held(self, key, pid_file):
        """Store an event that hangs in its first attempt; its id."""
        unique = uuid.uuid4().hex
        self._store(key, [self._event("bench.held", f"bench/{unique}", pid_file=pid_file)])
        return self.env["construction.event"].search([("subject", "=", f"bench/{unique}")]).id

    def _noop(self):
        return True

    def _event(self, kind, subject, **data):
        return {
            "specversion": "1.0",
            "id": uuid.uuid4().hex,
            "source": "https://platform.example",
            "type": f"construction.{kind}.v1",
            "subject": subject,
            "time": datetime.now(UTC).isoformat(),
            "data": {"note": "bench"} | data,
        }

    def _store(self, key, events):
        inbox = self.env["construction.inbox"].sudo()
        route = inbox.env["construction.platform"]._route(key)
        body = json.dumps(events).encode()
        delivery = {
            "source_address": "127.0.0.1",
            "headers": {},
            "body": body,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        parsed = envelope.split(body, envelope.BATCH)
        inbox._store(route, parsed, delivery)
