import logging

import psycopg2.errors
from odoo import api
from odoo.http import Controller, Response, request, route

from ..lib import exposition, logs
from ..models.construction_platform import METRICS_SCOPE
from .common import BASE, READS, Refusal, bearer_user, environment

_logger = logging.getLogger(__name__)


class Operations(Controller):
    """What machines of the operator read."""

    @route(f"{BASE}/metrics", **READS)
    def metrics(self, **_ignored):
        """Prometheus' text format, for a key of an Integration Manager."""
        try:
            return Response(self._text(self._reader()), content_type=exposition.CONTENT_TYPE)
        except Refusal as refusal:
            return refusal.response()

    def _text(self, reader):
        companies = {"allowed_company_ids": reader.company_ids.ids}
        env = api.Environment(request.env.cr, reader.id, companies)
        try:
            return exposition.render(env["construction.metrics"]._families())
        except psycopg2.errors.QueryCanceled as error:
            _logger.error("a reading for the metrics took too long: %s", logs.trace(error))
            title = "Try again later"
            raise Refusal(503, "unavailable", title, {"Retry-After": "60"}) from error

    def _reader(self):
        """The Integration Manager to whom the request's key belongs."""
        user = environment()["res.users"].browse(bearer_user(METRICS_SCOPE))
        if not user or not user.has_group("construction_sync_base.group_integration_manager"):
            bearer = {"WWW-Authenticate": "Bearer"}
            raise Refusal(401, "unauthorized", "Not authenticated", bearer)
        return user
