import hashlib
import json
import logging
import re
import time
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api, fields
from odoo.http import Controller, Response, request, route
from psycopg2.extensions import ISOLATION_LEVEL_DEFAULT, TRANSACTION_STATUS_IDLE

from ..lib import envelope, signatures
from ..models.construction_apply import CONFLICTS, LOST, QUICK_TRIES
from ..models.construction_handler import SCHEMAS
from ..models.construction_platform import API_SCOPE

_logger = logging.getLogger(__name__)

BASE = "/construction_sync/v1"
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
MAX_BYTES = {STRUCTURED: 1024 * 1024, BATCHED: 8 * 1024 * 1024}
TYPE_NAME = re.compile(r"construction\.[a-z_.]{1,100}\.v[0-9]{1,3}")
# stored with a delivery; anything that could carry a secret is not on the list
KEPT_HEADERS = (
    "Content-Type", "Content-Length", "User-Agent", "Webhook-Id", "Webhook-Timestamp",
    "X-Forwarded-For", "Traceparent",
)  # fmt: skip


def _limit(_controller):
    """None where `_body` judges the length before it reads; Odoo reads forms by itself, and
    refuses long ones with an answer of its own."""
    return None if request.httprequest.mimetype in MAX_BYTES else MAX_BYTES[BATCHED]


@contextmanager
def _each_statement_alone(connection):
    """Every statement is a transaction of its own, in the server's default isolation (READ
    COMMITTED, see `construction.inbox`). None of these settings travels to the server."""
    if connection.info.transaction_status != TRANSACTION_STATUS_IDLE:  # in a test
        yield
        return
    connection.set_isolation_level(ISOLATION_LEVEL_DEFAULT)
    connection.readonly = None
    connection.autocommit = True
    try:
        yield
    finally:
        if not connection.closed:
            connection.autocommit = False


class Inbox(Controller):
    """The HTTP doors. The request verifies bytes, reads the envelope and commits; what
    can fail for a business reason happens later, in the drain."""

    @route(
        f"{BASE}/<string:key>/events",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
        max_content_length=_limit,
    )
    def post_events(self, key, **_ignored):
        # before the body is read: `request.env` without a user costs no query
        platform, refusal = self._platform(key)
        if refusal:
            return refusal
        body, mimetype, refusal = self._body()
        if refusal:
            return refusal
        if not self._authentic(platform, body):
            return self._problem(401, "unauthorized", "Not authenticated")
        parsed = envelope.split(body, mimetype)
        delivery = {
            "source_address": request.httprequest.remote_addr,
            "headers": self._kept_headers(platform),
            "body": body,
            "sha256": hashlib.sha256(body).hexdigest(),
        }
        try:
            results, correlation = self._store_surely(platform, parsed, delivery)
        except LOST:
            _logger.exception("the inbox could not be written")
            cr = request.env.cr
            cr.clear() if cr.closed else cr.rollback()  # Odoo flushes and commits afterwards
            return self._problem(503, "unavailable", "Try again later", {"Retry-After": "30"})
        return self._verdicts(results, correlation)

    @route(
        f"{BASE}/<string:key>/events",
        type="http",
        auth="none",
        methods=["GET"],
        csrf=False,
        save_session=False,
    )
    def get_event(self, key, source="", id="", **_ignored):  # noqa: A002 (the contract's name)
        platform, refusal = self._platform(key)
        if refusal:
            return refusal
        if not self._bearer(platform):
            return self._problem(401, "unauthorized", "Not authenticated")
        env = api.Environment(request.env.cr, SUPERUSER_ID, {})
        event = env["construction.event"].search(
            [
                ("platform_id", "=", platform["id"]),
                ("source", "=", source),
                ("event_id", "=", id),
            ]
        )
        if not event:
            return self._problem(404, "unknown-event", "No such event")
        return request.make_json_response(
            {
                "state": event.state,
                "correlation_id": event.correlation_id,
                "attempts": event.attempts,
                "issues": [
                    {"category": issue.category, "message": issue.message, "state": issue.state}
                    for issue in event.issue_ids
                ],
                "documents": [
                    {
                        "model": binding.res_model,
                        "display_name": record.display_name,
                        "id": record.id,
                    }
                    for binding in event.binding_ids
                    if (record := binding._record())
                ],
            }
        )

    @route(f"{BASE}/health", type="http", auth="none", methods=["GET"], save_session=False)
    def health(self, **_ignored):
        return request.make_json_response({"status": "pass"})

    @route(
        f"{BASE}/schemas/<string:name>",
        type="http",
        auth="none",
        methods=["GET"],
        save_session=False,
    )
    def schema(self, name, **_ignored):
        """The schema file that validates, as it is."""
        path = SCHEMAS / f"{name}.json"
        if not TYPE_NAME.fullmatch(name) or not path.is_file():
            return self._problem(404, "unknown-schema", "No such schema")
        return Response(path.read_bytes(), content_type="application/schema+json", status=200)

    # ---------------------------------------------------------------- steps
    def _platform(self, key):
        env = api.Environment(request.env.cr, SUPERUSER_ID, {})
        platform = env["construction.platform"]._route(key)
        if platform is None:
            return None, self._problem(404, "unknown-platform", "No such platform")
        if not platform["active"]:
            return None, self._problem(410, "deleted-platform", "This platform was deleted")
        if platform["state"] == "draft":
            return None, self._problem(404, "unknown-platform", "No such platform")
        return platform, None

    def _body(self):
        """:return: raw body, media type, and a refusal or None"""
        incoming = request.httprequest
        mimetype = incoming.mimetype
        if mimetype not in MAX_BYTES:
            return None, None, self._problem(415, "media-type", f"Send {STRUCTURED} or {BATCHED}")
        if incoming.headers.get("Content-Encoding", "identity") != "identity":
            return None, None, self._problem(415, "content-encoding", "Send the body unencoded")
        if incoming.headers.get("Transfer-Encoding") or incoming.content_length is None:
            return None, None, self._problem(411, "length-required", "Send Content-Length")
        if incoming.content_length > MAX_BYTES[mimetype]:
            return None, None, self._problem(413, "too-large", "Send smaller batches")
        try:
            body = incoming.get_data(cache=False)
        except Exception:  # a client that stalls or goes away; werkzeug has several names for it
            return None, None, self._problem(400, "length-mismatch", "The body ended early")
        if len(body) != incoming.content_length:
            return None, None, self._problem(400, "length-mismatch", "The body ended early")
        return body, mimetype, None

    def _kept_headers(self, platform):
        headers = request.httprequest.headers
        token = platform["header"].lower() if platform["scheme"] == "static_header" else None
        return {
            name: headers[name][:500]
            for name in KEPT_HEADERS
            if name in headers and name.lower() != token
        }

    def _authentic(self, platform, body):
        """Whether the request carries a valid proof for this platform. Never raises."""
        now = fields.Datetime.now()
        secrets = [stored for stored, until in platform["secrets"] if not until or until > now]
        headers = request.httprequest.headers
        if platform["scheme"] == "standard_webhooks":
            return signatures.verify_standard_webhooks(secrets, headers, body, time.time())
        if platform["scheme"] == "static_header":
            return signatures.verify_token(secrets, headers.get(platform["header"], ""))
        return self._bearer(platform)

    def _bearer(self, platform):
        scheme, _blank, key = request.httprequest.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip() or not platform["user_id"]:
            return False
        env = api.Environment(request.env.cr, SUPERUSER_ID, {})
        try:
            user_id = env["res.users.apikeys"]._check_credentials(scope=API_SCOPE, key=key.strip())
        except Exception:  # a key of an odd form is a wrong key
            return False
        return user_id == platform["user_id"]

    def _store_surely(self, platform, parsed, delivery):
        """Two batches with the same events in another order may meet in a deadlock."""
        for _attempt in range(QUICK_TRIES):
            try:
                return self._store(platform, parsed, delivery)
            except CONFLICTS:
                request.env.cr.rollback()
        return self._store(platform, parsed, delivery)

    def _store(self, platform, parsed, delivery):
        """Store on the request's own cursor, as borrowing another costs more than the insert.

        What is acknowledged is durable: the insert is a transaction of its own, and one that
        fails is answered with 503.
        """
        cr = request.env.cr
        if cr.connection.info.transaction_status != TRANSACTION_STATUS_IDLE:
            cr.rollback()  # only looked something up so far
        inbox = api.Environment(cr, SUPERUSER_ID, {})["construction.inbox"]
        with _each_statement_alone(cr.connection):
            receipt = inbox._insert(platform, parsed, delivery)
        if receipt.open_ends:
            inbox._follow_up(platform, parsed, delivery, receipt)
            cr.commit()  # pylint: disable=invalid-commit
        return receipt.results, receipt.correlation

    def _verdicts(self, results, correlation):
        counts = {"accepted": 0, "duplicate": 0, "conflict": 0, "malformed": 0}
        for _event_id, verdict in results:
            counts[verdict] += 1
        body = {
            "correlation_id": correlation,
            "accepted": counts["accepted"],
            "duplicates": counts["duplicate"],
            "conflicts": counts["conflict"],
            "malformed": counts["malformed"],
            "results": [{"event_id": event_id, "status": verdict} for event_id, verdict in results],
        }
        status = 200 if results and counts["duplicate"] == len(results) else 202
        return request.make_json_response(body, status=status)

    def _problem(self, status, kind, title, headers=None):
        """RFC 9457; `type` is stable and a client may branch on it."""
        body = {"type": f"urn:construction-sync:{kind}", "title": title, "status": status}
        return Response(
            json.dumps(body),
            status=status,
            content_type="application/problem+json",
            headers=headers,
        )
