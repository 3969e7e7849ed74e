import hashlib
import re

from odoo import SUPERUSER_ID, api
from odoo.http import Controller, request, route

from ..lib.attachment import MAX_BYTES
from ..models.construction_apply import CONFLICTS, QUICK_TRIES
from .common import BASE, TAKES, Door, Refusal, answering, reachable

HASH = re.compile(r"[0-9a-f]{64}")
# Odoo reads forms by itself, and leaves no body to check
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def _limit(_controller):
    """None where `_body` judges the length before it reads."""
    return MAX_BYTES if request.httprequest.mimetype in FORMS else None


class Files(Door, Controller):
    """The door for files that events name by their SHA-256."""

    @route(
        f"{BASE}/<string:key>/files/<string:sha256>",
        methods=["PUT"],
        max_content_length=_limit,
        **TAKES,
    )
    @answering
    def put_file(self, key, sha256, **_ignored):
        platform = self._platform(key)
        if request.httprequest.mimetype in FORMS:
            raise Refusal(415, "media-type", "Send the file itself as the body")
        body = self._body(MAX_BYTES)
        self._check_sender(platform, body)
        self._take_token(platform)
        if not HASH.fullmatch(sha256) or hashlib.sha256(body).hexdigest() != sha256:
            raise Refusal(400, "hash-mismatch", "The address is not the SHA-256 of the body")
        with reachable():
            new = self._store_file(platform, sha256, body)
        return request.make_json_response(
            {"sha256": sha256, "size": len(body)}, status=201 if new else 200
        )

    def _store_file(self, platform, sha256, body):
        """A cursor of its own: the request's is tried again by Odoo when it meets another,
        and then the body is gone."""
        for attempt in range(QUICK_TRIES):
            try:
                with request.env.registry.cursor() as cr:
                    env = api.Environment(cr, SUPERUSER_ID, {})
                    return env["construction.file"]._store(platform, sha256, body)
            except CONFLICTS:
                if attempt == QUICK_TRIES - 1:
                    raise
        return None
