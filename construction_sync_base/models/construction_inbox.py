import base64
import json
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from odoo import SUPERUSER_ID, api, models, tools
from odoo.tools import SQL

from ..lib import strict_json
from ..lib.errors import Malformed
from .construction_drain import WAITING_LANES

EVENT_COLUMNS = (
    "event_id", "source", "type", "subject", "sequence", "time", "correlation_id",
    "traceparent", "payload", "digest", "data_digest", "lane",
)  # fmt: skip


def _place(name):
    return f"%({name})s::{'timestamp' if name == 'time' else 'varchar'}[]"


# One statement and not two or a function: it can be a transaction of its own, without round
# trips for BEGIN and COMMIT, and Odoo's pool forgets prepared plans between two requests.
_STORE = f"""
    WITH delivery AS MATERIALIZED (
        SELECT nextval('construction_delivery_id_seq')::integer AS id,
               now() AT TIME ZONE 'UTC' AS arrival
    ), fresh AS (
        INSERT INTO construction_event (platform_id, company_id, delivery_id, state, attempts,
                    crashes, failures, received_at, next_try_at, {", ".join(EVENT_COLUMNS)})
             SELECT %(platform)s, %(company)s, delivery.id, %(state)s, 0, 0, 0, arrival, arrival,
                    {", ".join(f"sent.{name}" for name in EVENT_COLUMNS)}
               FROM delivery, unnest({", ".join(_place(name) for name in EVENT_COLUMNS)})
                 AS sent ({", ".join(EVENT_COLUMNS)})
        ON CONFLICT (platform_id, source, event_id) DO NOTHING
          RETURNING source, event_id, delivery_id, lane
    ), evidence AS (
        INSERT INTO construction_delivery (id, platform_id, company_id, received_at,
                    source_address, headers, body, body_sha256, verdict)
             SELECT id, %(platform)s, %(company)s, arrival, %(source_address)s, %(headers)s,
                    %(body)s::bytea, %(sha256)s, 'accepted'
               FROM delivery WHERE EXISTS (SELECT FROM fresh)
    )
    SELECT source, event_id, delivery_id, lane, lane IN ({WAITING_LANES}) FROM fresh
"""


@dataclass(slots=True)
class Receipt:
    """What storing one request brought.

    :param results: list of (event id or None, verdict), in the order of the body
    :param delivery_id: id of the delivery; None when nothing of it was new
    :param asleep: lanes of new events for which no drain waits to run
    """

    correlation: str
    results: list
    delivery_id: int | None = None
    asleep: set = field(default_factory=set)

    @property
    def open_ends(self):
        """Whether `_follow_up` has anything to do."""
        return bool(self.asleep) or any(verdict != "accepted" for _id, verdict in self.results)


class ConstructionInbox(models.AbstractModel):
    """Stores what arrived, in one short transaction: the delivery, and its events that are
    new. The transaction is READ COMMITTED: a duplicate that commits at the same moment is
    then a clean "already there" and not a serialization failure.
    """

    _name = "construction.inbox"
    _description = "Inbox"

    @api.model
    @tools.ormcache("event_type", "company_id", "platform_id")
    def _lane_of(self, event_type, company_id, platform_id):
        """Lane by the policy of the type's object, where one stands; else the handler's."""
        parts = event_type.split(".")
        policy = self.env["construction.sync.policy"]
        policy_id = policy._lookup(parts[1], company_id, platform_id) if len(parts) > 1 else None
        lane = policy.sudo().browse(policy_id).lane if policy_id else None
        handler = self.env["construction.handler"]._for_type(event_type)
        return lane or (handler._lane if handler is not None else "standard")

    @api.model
    def _store(self, route, parsed, delivery):
        """Store the events of one request and wake the drains of their lanes.

        :param route: `construction.platform._route()` of the platform
        :param parsed: list of `Envelope` and `Malformed`, in the order of the body
        :param delivery: dict of `source_address`, `headers`, `body` (bytes), `sha256`
        :return: list of (event id or None, verdict) in the same order, and the
            correlation id of the delivery
        """
        receipt = self._insert(route, parsed, delivery)
        self._follow_up(route, parsed, delivery, receipt)
        return receipt.results, receipt.correlation

    @api.model
    def _insert(self, route, parsed, delivery):
        """The first half of `_store`. What it writes is one statement, which may be a
        transaction of its own.

        :return: `Receipt`; when its `open_ends` are not done, the request is not answered
        """
        receipt = Receipt(correlation=str(uuid.uuid4()), results=[None] * len(parsed))
        first = {}
        for position, entry in enumerate(parsed):
            if isinstance(entry, Malformed):
                receipt.results[position] = (getattr(entry, "event_id", None), "malformed")
            else:
                first.setdefault((entry.source, entry.id), position)
        fresh = self._insert_new(route, [parsed[p] for p in first.values()], delivery, receipt)
        known = self._known_digests(route["id"], first.keys() - fresh)
        for position, entry in enumerate(parsed):
            if receipt.results[position] is None:
                key = entry.source, entry.id
                twin = known.get(key) or parsed[first[key]].digest
                new = key in fresh and first[key] == position
                repeated = "duplicate" if twin == entry.digest else "conflict"
                receipt.results[position] = (entry.id, "accepted" if new else repeated)
        return receipt

    def _insert_new(self, route, entries, delivery, receipt):
        """:return: {(source, event id)} of the events that were new"""
        if not entries:
            return set()
        rows = [self._row(route, entry, receipt.correlation) for entry in entries]
        self.env.cr.execute(
            _STORE,
            {
                "platform": route["id"],
                "company": route["company_id"],
                "state": "parked" if route["state"] == "paused" else "pending",
                "source_address": delivery["source_address"],
                "headers": json.dumps(delivery["headers"]),
                "body": base64.b64encode(delivery["body"]).decode(),
                "sha256": delivery["sha256"],
                **dict(zip(EVENT_COLUMNS, map(list, zip(*rows, strict=True)), strict=True)),
            },
            log_exceptions=False,  # the log is no place for bodies
        )
        fresh = set()
        for source, event_id, receipt.delivery_id, lane, waiting in self.env.cr.fetchall():
            fresh.add((source, event_id))
            if not waiting:
                receipt.asleep.add(lane)
        return fresh

    def _known_digests(self, platform_id, keys):
        """:return: {(source, event id): digest} of events that are stored already"""
        if not keys:
            return {}
        self.env.cr.execute(
            "SELECT source, event_id, digest FROM construction_event"
            " WHERE platform_id = %s AND (source, event_id) IN %s",
            (platform_id, tuple(keys)),
        )
        return {(source, event_id): digest for source, event_id, digest in self.env.cr.fetchall()}

    def _row(self, route, entry, correlation):
        """Values of `EVENT_COLUMNS`."""
        time = entry.time.astimezone(UTC).replace(tzinfo=None) if entry.time else None
        return (
            entry.id, entry.source, entry.type, entry.subject, entry.sequence, time,
            entry.correlation_id or correlation, entry.traceparent, entry.canonical,
            entry.digest, strict_json.digest(entry.data),
            self._lane_of(entry.type, route["company_id"], route["id"]),
        )  # fmt: skip

    @api.model
    def _follow_up(self, route, parsed, delivery, receipt):
        """The second half of `_store`. A sender whose request ends before it repeats the
        request, which reports the same trouble; lanes that still sleep wake by the sweeper."""
        self._report_trouble(route, parsed, receipt.results, delivery, receipt.delivery_id)
        if route["state"] == "active":
            for lane in sorted(receipt.asleep):
                self.env["construction.drain"]._enqueue(lane)
        repeats = Counter(verdict for _event_id, verdict in receipt.results)
        repeats.pop("accepted", None)
        self.env["construction.traffic"]._count(route["id"], repeats)

    def _report_trouble(self, route, parsed, results, delivery, delivery_id):
        """Malformed and conflicting entries are kept with their delivery and an issue."""
        trouble = [
            (entry, verdict)
            for entry, (_event_id, verdict) in zip(parsed, results, strict=True)
            if verdict in ("malformed", "conflict")
        ]
        if not trouble:
            return
        env = self.env(user=SUPERUSER_ID)
        verdict = "malformed" if any(v == "malformed" for _e, v in trouble) else "conflict"
        delivery_id = self._keep_trouble(route, verdict, delivery, delivery_id)
        if not delivery_id:
            return  # the sender repeats a body that stands in the issues already
        env["construction.issue"]._open_issues(
            [
                {
                    "delivery_id": delivery_id,
                    "platform_id": route["id"],
                    "company_id": route["company_id"],
                    "category": "malformed" if verdict == "malformed" else "duplicate",
                    "severity": "high",
                    "message": self._trouble_message(entry, verdict),
                    "suggestion": env._(
                        "Open the delivery to see what arrived, and tell the sender. "
                        "A corrected event needs an id of its own."
                    ),
                }
                for entry, verdict in trouble
            ]
        )

    def _keep_trouble(self, route, verdict, delivery, delivery_id):
        """Keep the delivery of what could not be taken.

        :param delivery_id: the one that was stored with what was new of it, or None
        :return: its id, None where this very body was kept before
        """
        if self._seen_before(route["id"], delivery, verdict):
            return None
        deliveries = self.env(user=SUPERUSER_ID)["construction.delivery"]
        if delivery_id:
            deliveries.browse(delivery_id).write({"verdict": verdict})
            return delivery_id
        return deliveries.create(
            {
                "platform_id": route["id"],
                "company_id": route["company_id"],
                "received_at": datetime.now(UTC).replace(tzinfo=None),
                "source_address": delivery["source_address"],
                "headers": json.dumps(delivery["headers"]),
                "body": base64.b64encode(delivery["body"]),
                "body_sha256": delivery["sha256"],
                "verdict": verdict,
            }
        ).id

    def _trouble_message(self, entry, verdict):
        if verdict == "malformed":
            return self.env._("The platform sent something unreadable: %s", entry)
        return self.env._(
            "Event %(id)s arrived again with other content. The first one stays; the second "
            "is kept with its delivery.",
            id=entry.id,
        )

    def _seen_before(self, platform_id, delivery, verdict):
        """Whether this very message stands in the issues already: a binary one is its body
        and the attributes in its headers."""
        self.env.cr.execute(
            SQL(
                "SELECT headers FROM construction_delivery WHERE platform_id = %s"
                " AND body_sha256 = %s AND verdict = %s",
                platform_id,
                delivery["sha256"],
                verdict,
            )
        )
        attributes = _attributes(delivery["headers"])
        return any(
            _attributes(json.loads(headers or "{}")) == attributes
            for (headers,) in self.env.cr.fetchall()
        )

    @api.model
    def _ping(self, platform):
        """Store one no-op event of our own."""
        subject = f"platform/{uuid.uuid4().hex}"
        return self._own_event(
            platform, "construction.platform.pinged.v1", subject, {"note": "test"}
        )

    @api.model
    def _own_event(self, platform, event_type, subject, data):
        """Store an event that no platform sent: what Odoo itself has to tell the pipeline."""
        now = datetime.now(UTC)
        unique = uuid.uuid4().hex
        event = {
            "specversion": "1.0",
            "id": unique,
            "source": "odoo",
            "type": event_type,
            "subject": subject,
            "time": now.isoformat(),
            "data": data,
        }
        return self.env["construction.event"].create(
            {
                "platform_id": platform.id,
                "company_id": platform.company_id.id,
                "event_id": unique,
                "source": event["source"],
                "type": event_type,
                "subject": subject,
                "time": now.replace(tzinfo=None),
                "correlation_id": unique,
                "payload": strict_json.dumps(event),
                "digest": strict_json.digest(event),
                "data_digest": strict_json.digest(data),
                "state": "parked" if platform.state == "paused" else "pending",
                "received_at": now.replace(tzinfo=None),
                "next_try_at": now.replace(tzinfo=None),
            }
        )


def _attributes(headers):
    return {name: value for name, value in headers.items() if name.lower().startswith("ce-")}
