from odoo import SUPERUSER_ID, api
from odoo.http import Controller, request, route

from ..lib import envelope
from .common import BASE, MEBIBYTE, READS, TAKES, Door, Refusal, answering

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
BINARY = "application/json"  # with attributes in ce-* headers
MAX_BYTES = {STRUCTURED: MEBIBYTE, BATCHED: 8 * MEBIBYTE, BINARY: MEBIBYTE}


def _limit(_controller):
    """None where `_body` judges the length before it reads; Odoo reads forms by itself, and
    refuses long ones with an answer of its own."""
    return None if request.httprequest.mimetype in MAX_BYTES else MAX_BYTES[BATCHED]


class Inbox(Door, Controller):
    """The canonical door. The request verifies bytes, reads the envelope and commits; what
    can fail for a business reason happens later, in the drain."""

    @route(f"{BASE}/<string:key>/events", methods=["POST"], max_content_length=_limit, **TAKES)
    @answering
    def post_events(self, key, **_ignored):
        # before the body is read: `request.env` without a user costs no query
        platform = self._platform(key)
        mimetype, attributes = self._mode()
        body = self._body(MAX_BYTES[mimetype])
        self._check_sender(platform, body)
        self._take_token(platform)
        if mimetype == BINARY:
            parsed = envelope.binary(attributes, body)
        else:
            parsed = envelope.split(body, mimetype)
        delivery = self._delivery(platform, body, [name for name, _value in attributes])
        return self._store(platform, parsed, delivery)

    def _mode(self):
        """Media type of the body, and the headers that are attributes of a binary event."""
        mimetype = request.httprequest.mimetype
        if mimetype != BINARY:
            attributes = []
        else:
            headers = request.httprequest.headers.items()
            attributes = [pair for pair in headers if pair[0].lower().startswith("ce-")]
        if mimetype not in MAX_BYTES or (mimetype == BINARY and not attributes):
            title = f"Send {STRUCTURED}, {BATCHED}, or {BINARY} with ce-* headers"
            raise Refusal(415, "media-type", title)
        return mimetype, attributes

    @route(f"{BASE}/<string:key>/events", **READS)
    @answering
    def get_event(self, key, source="", id="", **_ignored):  # noqa: A002 (the contract's name)
        platform = self._platform(key)
        self._check_bearer(platform)
        return request.make_json_response(self._state(platform, source, id))

    def _state(self, platform, source, event_id):
        if "\0" in source + event_id:  # which PostgreSQL does not take as text
            raise Refusal(404, "unknown-event", "No such event")
        env = api.Environment(request.env.cr, SUPERUSER_ID, {})
        event = env["construction.event"].search(
            [
                ("platform_id", "=", platform["id"]),
                ("source", "=", source),
                ("event_id", "=", event_id),
            ]
        )
        if not event:
            raise Refusal(404, "unknown-event", "No such event")
        return {
            "state": event.state,
            "correlation_id": event.correlation_id,
            "attempts": event.attempts,
            "issues": [
                {"category": issue.category, "message": issue.message, "state": issue.state}
                for issue in event.issue_ids
            ],
            "documents": [
                {"model": binding.res_model, "display_name": record.display_name, "id": record.id}
                for binding in event.binding_ids
                if (record := binding._record())
            ],
        }

    @route(f"{BASE}/health", **READS)
    def health(self, **_ignored):
        return request.make_json_response({"status": "pass"})
