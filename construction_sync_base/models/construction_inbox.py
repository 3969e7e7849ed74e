import base64
import json
import uuid
from datetime import UTC, datetime

from odoo import SUPERUSER_ID, api, models, tools
from odoo.tools import SQL

from ..lib import strict_json
from ..lib.errors import Malformed

EVENT_COLUMNS = (
    "event_id", "source", "type", "subject", "sequence", "time", "correlation_id",
    "traceparent", "payload", "digest", "data_digest", "lane",
)  # fmt: skip


class ConstructionInbox(models.AbstractModel):
    """Stores what arrived, in one short transaction: the delivery, and its events that are
    new. The transaction is READ COMMITTED: a duplicate that commits at the same moment is
    then a clean "already there" and not a serialization failure. Two plain inserts that
    travel together cost half of what one statement with both inside costs to plan.
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
        correlation = str(uuid.uuid4())
        results = [None] * len(parsed)
        rows = []
        seen = {}
        for position, entry in enumerate(parsed):
            if isinstance(entry, Malformed):
                results[position] = (getattr(entry, "event_id", None), "malformed")
                continue
            twin = seen.get((entry.source, entry.id))
            if twin is not None:
                same = twin.digest == entry.digest
                results[position] = (entry.id, "duplicate" if same else "conflict")
                continue
            seen[entry.source, entry.id] = entry
            rows.append(self._row(route, entry, correlation))
        delivery_id, fresh, asleep = self._insert(route, rows, delivery)
        for position, entry in enumerate(parsed):
            if results[position] is None and (entry.source, entry.id) in fresh:
                results[position] = (entry.id, "accepted")
        missing = [p for p, result in enumerate(results) if result is None]
        if missing:
            known = self._known_digests(route["id"], [parsed[p] for p in missing])
            for position in missing:
                entry = parsed[position]
                same = known.get((entry.source, entry.id)) == entry.digest
                results[position] = (entry.id, "duplicate" if same else "conflict")
        self._report_trouble(route, parsed, results, delivery, delivery_id)
        if route["state"] == "active":
            for lane in asleep:
                self.env["construction.drain"]._enqueue(lane)
        return results, correlation

    def _row(self, route, entry, correlation):
        time = entry.time.astimezone(UTC).replace(tzinfo=None) if entry.time else None
        return (
            entry.id, entry.source, entry.type, entry.subject, entry.sequence, time,
            entry.correlation_id or correlation, entry.traceparent, entry.canonical,
            entry.digest, strict_json.digest(entry.data),
            self._lane_of(entry.type, route["company_id"], route["id"]),
        )  # fmt: skip

    def _insert(self, route, rows, delivery):
        """:return: the delivery's id (None when nothing of it was new), {(source, event id)}
        of the events that were new, and their lanes for which no drain waits to run"""
        if not rows:
            return None, set(), []
        state = "parked" if route["state"] == "paused" else "pending"
        common = SQL(
            "%s, %s, currval('construction_delivery_id_seq'), %s, 0, 0, 0,"
            " now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'",
            route["id"],
            route["company_id"],
            state,
        )
        places = f"(%s, {', '.join(['%s'] * len(EVENT_COLUMNS))})"
        self.env.cr.execute(
            SQL(
                """
                %(delivery)s;
                INSERT INTO construction_event (
                    platform_id, company_id, delivery_id, state, attempts, crashes, failures,
                    received_at, next_try_at, %(columns)s)
                VALUES %(rows)s
                ON CONFLICT (platform_id, source, event_id) DO NOTHING
                RETURNING source, event_id, delivery_id, lane, lane IN (%(waiting)s)
                """,
                delivery=self._delivery_insert(route, delivery),
                columns=SQL(", ").join(SQL.identifier(name) for name in EVENT_COLUMNS),
                rows=SQL(", ").join(SQL(places, common, *row) for row in rows),
                waiting=self.env["construction.drain"]._waiting_lanes(),
            ),
            log_exceptions=False,  # the log is no place for bodies
        )
        fetched = self.env.cr.fetchall()
        if not fetched:
            self.env.cr.execute(
                "DELETE FROM construction_delivery"
                " WHERE id = currval('construction_delivery_id_seq')"
            )
        return (
            fetched[0][2] if fetched else None,
            {(source, event_id) for source, event_id, *_rest in fetched},
            sorted({lane for *_ids, lane, waiting in fetched if not waiting}),
        )

    def _delivery_insert(self, route, delivery):
        return SQL(
            """
            INSERT INTO construction_delivery (platform_id, company_id, received_at,
                source_address, headers, body, body_sha256, verdict)
            VALUES (%s, %s, now() AT TIME ZONE 'UTC', %s, %s, %s, %s, 'accepted')
            """,
            route["id"],
            route["company_id"],
            delivery["source_address"],
            json.dumps(delivery["headers"]),
            base64.b64encode(delivery["body"]),
            delivery["sha256"],
        )

    def _known_digests(self, platform_id, entries):
        self.env.cr.execute(
            SQL(
                "SELECT source, event_id, digest FROM construction_event"
                " WHERE platform_id = %s AND (source, event_id) IN %s",
                platform_id,
                tuple((entry.source, entry.id) for entry in entries),
            )
        )
        return {(source, event_id): digest for source, event_id, digest in self.env.cr.fetchall()}

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
        if self._seen_before(route["id"], delivery["sha256"], verdict):
            return  # the sender repeats a body that stands in the issues already
        if delivery_id:
            env["construction.delivery"].browse(delivery_id).write({"verdict": verdict})
        else:
            delivery_id = (
                env["construction.delivery"]
                .create(
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
                )
                .id
            )
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

    def _trouble_message(self, entry, verdict):
        if verdict == "malformed":
            return self.env._("The platform sent something unreadable: %s", entry)
        return self.env._(
            "Event %(id)s arrived again with other content. The first one stays; the second "
            "is kept with its delivery.",
            id=entry.id,
        )

    def _seen_before(self, platform_id, sha256, verdict):
        self.env.cr.execute(
            SQL(
                "SELECT 1 FROM construction_delivery WHERE platform_id = %s"
                " AND body_sha256 = %s AND verdict = %s LIMIT 1",
                platform_id,
                sha256,
                verdict,
            )
        )
        return bool(self.env.cr.fetchone())

    @api.model
    def _ping(self, platform):
        """Store one no-op event of our own."""
        now = datetime.now(UTC)
        unique = uuid.uuid4().hex
        event = {
            "specversion": "1.0",
            "id": unique,
            "source": "odoo",
            "type": "construction.platform.pinged.v1",
            "subject": f"platform/{unique}",
            "time": now.isoformat(),
            "data": {"note": "test"},
        }
        return self.env["construction.event"].create(
            {
                "platform_id": platform.id,
                "company_id": platform.company_id.id,
                "event_id": event["id"],
                "source": event["source"],
                "type": event["type"],
                "subject": event["subject"],
                "time": now.replace(tzinfo=None),
                "correlation_id": unique,
                "payload": strict_json.dumps(event),
                "digest": strict_json.digest(event),
                "data_digest": strict_json.digest(event["data"]),
                "received_at": now.replace(tzinfo=None),
                "next_try_at": now.replace(tzinfo=None),
            }
        )
