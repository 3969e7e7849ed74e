import functools
import hashlib
import json
import logging
import time
from contextlib import contextmanager

from odoo import SUPERUSER_ID, api, fields
from odoo.http import Response, request
from psycopg2.extensions import ISOLATION_LEVEL_DEFAULT, TRANSACTION_STATUS_IDLE

from ..lib import envelope, logs, networks, signatures
from ..models.construction_apply import CONFLICTS, LOST, QUICK_TRIES
from ..models.construction_platform import API_SCOPE, KEY_FORM

_logger = logging.getLogger(__name__)

BASE = "/construction_sync/v1"
MEBIBYTE = 1024 * 1024
# options of the routes: no session, for the callers are programs
READS = {"type": "http", "auth": "none", "methods": ["GET"], "save_session": False}
TAKES = {"type": "http", "auth": "none", "csrf": False, "save_session": False, "readonly": False}
# stored with a delivery; anything that could carry a secret is not on the list
KEPT_HEADERS = (
    "Content-Type", "Content-Length", "User-Agent", "Webhook-Id", "Webhook-Timestamp",
    "X-Forwarded-For", "Traceparent",
)  # fmt: skip


class Refusal(Exception):
    """A request that is answered with a problem before anything is written.

    :param kind: end of the stable `type` that a client may branch on (RFC 9457)
    """

    def __init__(self, status, kind, title, headers=None):
        super().__init__(title)
        self.status, self.kind, self.headers = status, kind, headers

    def response(self):
        body = {
            "type": f"urn:construction-sync:{self.kind}",
            "title": str(self),
            "status": self.status,
        }
        return Response(
            json.dumps(body),
            status=self.status,
            content_type="application/problem+json",
            headers=self.headers,
        )


def remote_address():
    """Address of the caller; in proxy mode what the reverse proxy says it is."""
    return request.httprequest.remote_addr


def environment():
    """The superuser's environment in the database that the request is for.

    :raises Refusal: PostgreSQL is away, or the server has several databases and no filter to
        tell by; Odoo serves the request without one then
    """
    if not request.db:
        raise Refusal(503, "unavailable", "Try again later", {"Retry-After": "30"})
    return api.Environment(request.env.cr, SUPERUSER_ID, {})


def bearer_user(scope):
    """Id of the user whose API key of exactly this scope comes as bearer token, or None."""
    scheme, _blank, key = request.httprequest.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    env = api.Environment(request.env.cr, SUPERUSER_ID, {})
    return env["res.users.apikeys"]._scoped_user(scope, key)


@contextmanager
def _each_statement_alone():
    """Every statement is a transaction of its own, in the server's default isolation (READ
    COMMITTED, see `construction.inbox`). None of these settings travels to the server."""
    cr = request.env.cr
    connection = cr.connection
    if connection.info.transaction_status != TRANSACTION_STATUS_IDLE:
        cr.rollback()  # only looked something up so far
    if connection.info.transaction_status != TRANSACTION_STATUS_IDLE:  # in a test
        yield
        cr.commit()  # pylint: disable=invalid-commit
        return
    connection.set_isolation_level(ISOLATION_LEVEL_DEFAULT)
    connection.readonly = None
    connection.autocommit = True
    try:
        yield
    finally:
        if not connection.closed:
            connection.autocommit = False


@contextmanager
def reachable():
    """A database that cannot be written is no fault of the sender, who tries again."""
    try:
        yield
    except LOST as error:
        _logger.error("the inbox could not be written: %s", logs.trace(error))
        cr = request.env.cr
        cr.clear() if cr.closed else cr.rollback()  # Odoo flushes and commits afterwards
        title = "Try again later"
        raise Refusal(503, "unavailable", title, {"Retry-After": "30"}) from error


def answering(endpoint):
    """Every refusal is an answer, and so is a fault of ours: the sender tries again, and reads
    nothing of it. Odoo would repeat some requests, whose body is gone by then."""

    @functools.wraps(endpoint)
    def answer(*args, **kwargs):
        try:
            return endpoint(*args, **kwargs)
        except Refusal as refusal:
            return refusal.response()
        except Exception as error:
            _logger.error("the request failed: %s", logs.trace(error))
            if request.env:
                cr = request.env.cr
                cr.clear() if cr.closed else cr.rollback()
            return Refusal(503, "unavailable", "Try again later", {"Retry-After": "30"}).response()

    return answer


class Door:
    """Steps that the public endpoints share: which platform, how many bytes, who sent
    them, and storing what came. Each raises `Refusal` where the answer is a problem."""

    def _platform(self, key):
        """What `construction.platform._route` knows of the platform that the address names."""
        if not KEY_FORM.fullmatch(key):
            raise Refusal(404, "unknown-platform", "No such platform")
        platform = environment()["construction.platform"]._route(key)
        if platform is not None and not platform["active"]:
            raise Refusal(410, "deleted-platform", "This platform was deleted")
        if platform is None or platform["state"] == "draft":
            raise Refusal(404, "unknown-platform", "No such platform")
        if not networks.allows(platform["networks"], remote_address()):
            raise self._unauthorized()
        if platform["halted"]:  # a restored copy must not take what belongs to production
            raise Refusal(503, "wrong-database", "Try again later", {"Retry-After": "600"})
        return platform

    def _body(self, limit):
        """The raw body, of at most `limit` bytes."""
        incoming = request.httprequest
        if incoming.headers.get("Content-Encoding", "identity") != "identity":
            raise Refusal(415, "content-encoding", "Send the body unencoded")
        if incoming.headers.get("Transfer-Encoding") or incoming.content_length is None:
            raise Refusal(411, "length-required", "Send Content-Length")
        if incoming.content_length > limit:
            raise Refusal(413, "too-large", "Send less at a time")
        try:
            body = incoming.get_data(cache=False)
        except Exception:  # a client that stalls or goes away; werkzeug has several names for it
            body = None
        if body is None or len(body) != incoming.content_length:
            raise Refusal(400, "length-mismatch", "The body ended early")
        return body

    def _check_sender(self, platform, body):
        """The request has to carry a valid proof for this platform."""
        now = fields.Datetime.now()
        secrets = [stored for stored, until in platform["secrets"] if not until or until > now]
        headers, scheme = request.httprequest.headers, platform["scheme"]
        presented = headers.get(platform["header"], "")
        if scheme == "standard_webhooks":
            proven = signatures.verify_standard_webhooks(secrets, headers, body, time.time())
        elif scheme == "static_header":
            proven = signatures.verify_token(secrets, presented)
        elif scheme in signatures.HMAC_SCHEMES:
            prefix = platform["prefix"]
            proven = signatures.verify_hmac(scheme, secrets, presented, body, prefix)
        else:
            self._check_bearer(platform)
            proven = True
        if not proven:
            raise self._unauthorized()

    def _check_bearer(self, platform):
        """An API key of the platform's own user has to come with the request."""
        user_id = bearer_user(API_SCOPE)
        if not user_id or user_id != platform["user_id"]:
            raise self._unauthorized()

    def _unauthorized(self):
        """One answer for every reason: it must not tell a stranger which one it was."""
        return Refusal(401, "unauthorized", "Not authenticated")

    def _delivery(self, platform, body, more=()):
        """The evidence that is stored with what the request brought.

        :param more: names of headers that mean something for this request
        """
        headers = request.httprequest.headers
        token = platform["header"].lower()
        names = (*KEPT_HEADERS, *more)
        return {
            "source_address": remote_address(),
            "headers": {
                name: headers[name][:500]
                for name in names
                if name in headers and name.lower() != token
            },
            "body": body,
            "sha256": hashlib.sha256(body).hexdigest(),
        }

    def _take_token(self, platform):
        """The platform must not be faster than its rate limit. Only who has proven to be the
        platform takes from it: a stranger must not use it up."""
        if not platform["rate"]:
            return
        with reachable(), _each_statement_alone():
            rate = api.Environment(request.env.cr, SUPERUSER_ID, {})["construction.rate"]
            seconds = rate._take(platform["id"], platform["rate"])
        if seconds:
            title = "Too many requests"
            raise Refusal(429, "rate-limited", title, {"Retry-After": str(seconds)})

    def _store(self, platform, parsed, delivery):
        """Store what came, and answer with a verdict per event."""
        with reachable(), logs.private():
            results, correlation = self._store_surely(platform, parsed, delivery)
        return self._verdicts(results, correlation, self._hints(parsed))

    def _hints(self, parsed):
        """Headers that warn of event types that are to go."""
        return request.env["construction.contract"]._hints(
            entry.type for entry in parsed if isinstance(entry, envelope.Envelope)
        )

    def _store_surely(self, platform, parsed, delivery):
        """Two batches with the same events in another order may meet in a deadlock."""
        for _attempt in range(QUICK_TRIES):
            try:
                return self._store_once(platform, parsed, delivery)
            except CONFLICTS:
                request.env.cr.rollback()
        return self._store_once(platform, parsed, delivery)

    def _store_once(self, platform, parsed, delivery):
        """Store on the request's own cursor, as borrowing another costs more than the insert.

        What is acknowledged is durable: the insert is a transaction of its own, and one that
        fails is answered with 503.
        """
        cr = request.env.cr
        inbox = api.Environment(cr, SUPERUSER_ID, {})["construction.inbox"]
        with _each_statement_alone():
            receipt = inbox._insert(platform, parsed, delivery)
        if receipt.open_ends:
            inbox._follow_up(platform, parsed, delivery, receipt)
            cr.commit()  # pylint: disable=invalid-commit
        return receipt.results, receipt.correlation

    def _verdicts(self, results, correlation, headers):
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
        return request.make_json_response(body, headers=headers, status=status)
