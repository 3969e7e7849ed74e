from datetime import UTC, datetime

from odoo.http import Controller, request, route

from ..lib import webhook
from .common import BASE, MEBIBYTE, TAKES, Door, Refusal, answering

MAX_BYTES = 8 * MEBIBYTE  # as a batch: some platforms send many changes at once


def _is_json(mimetype):
    return mimetype == "application/json" or mimetype.endswith("+json")


def _limit(_controller):
    """As for the canonical door: what Odoo would read by itself as a form, it refuses."""
    return None if _is_json(request.httprequest.mimetype) else MAX_BYTES


class Webhooks(Door, Controller):
    """The door for a platform's own webhook format. The body is stored as it came; its
    translator reads it in the drain."""

    @route(f"{BASE}/<string:key>/webhooks", methods=["POST"], max_content_length=_limit, **TAKES)
    @answering
    def post_webhook(self, key, **_ignored):
        platform = self._platform(key)
        if not platform["translator"]:
            raise Refusal(404, "no-translator", "This platform posts canonical events")
        if not _is_json(request.httprequest.mimetype):
            raise Refusal(415, "media-type", "Send application/json")
        body = self._body(MAX_BYTES)
        self._check_sender(platform, body)
        self._take_token(platform)
        header = platform["delivery_header"]
        delivery = self._delivery(platform, body, [header] if header else [])
        presented = request.httprequest.headers.get(header) if header else None
        event = webhook.envelope(presented, delivery["sha256"], datetime.now(UTC))
        return self._store(platform, [event], delivery)
