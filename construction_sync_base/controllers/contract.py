from odoo import SUPERUSER_ID, api
from odoo.http import Controller, Response, request, route

from .common import BASE, Refusal

JSON_SCHEMA = "application/schema+json"


class Contract(Controller):
    """The public contract, open to everybody: documents and schemas."""

    @route(f"{BASE}/openapi.json", type="http", auth="none", methods=["GET"], save_session=False)
    def openapi(self, **_ignored):
        return _json(_env()["construction.contract"]._openapi())

    @route(f"{BASE}/asyncapi.json", type="http", auth="none", methods=["GET"], save_session=False)
    def asyncapi(self, **_ignored):
        base_url = _env()["ir.config_parameter"].get_base_url()
        return _json(_env()["construction.contract"]._asyncapi(base_url))

    @route(
        f"{BASE}/schemas/<string:name>",
        type="http",
        auth="none",
        methods=["GET"],
        save_session=False,
    )
    def schema(self, name, **_ignored):
        """The schema file that validates, as it is."""
        handler = _env()["construction.handler"]._for_type(name)
        if handler is None or name not in handler._catalogue():
            return Refusal(404, "unknown-schema", "No such schema").response()
        hints = _env()["construction.contract"]._hints([name])
        return _json(handler._schema_path().read_bytes(), JSON_SCHEMA, hints)


def _env():
    return api.Environment(request.env.cr, SUPERUSER_ID, {})


def _json(text, content_type="application/json", headers=None):
    return Response(text, status=200, content_type=content_type, headers=headers)
