from odoo.http import Controller, Response, route

from .common import BASE, READS, Refusal, environment

JSON_SCHEMA = "application/schema+json"


class Contract(Controller):
    """The public contract, open to everybody: documents and schemas."""

    @route(f"{BASE}/openapi.json", **READS)
    def openapi(self, **_ignored):
        return _answer(lambda env: _json(env["construction.contract"]._openapi()))

    @route(f"{BASE}/asyncapi.json", **READS)
    def asyncapi(self, **_ignored):
        return _answer(_asyncapi)

    @route(f"{BASE}/schemas/<string:name>", **READS)
    def schema(self, name, **_ignored):
        return _answer(lambda env: _schema(env, name))


def _answer(make):
    """What `make` answers in the database of the request, or why there is none."""
    try:
        return make(environment())
    except Refusal as refusal:
        return refusal.response()


def _asyncapi(env):
    base_url = env["ir.config_parameter"].get_base_url()
    return _json(env["construction.contract"]._asyncapi(base_url))


def _schema(env, name):
    """The schema file that validates, as it is."""
    outbox = env["construction.outbox"]
    if name in outbox._catalogue():
        return _json(outbox._schema_path(name).read_bytes(), JSON_SCHEMA)
    handler = env["construction.handler"]._for_type(name)
    if handler is None or name not in handler._catalogue():
        raise Refusal(404, "unknown-schema", "No such schema")
    hints = env["construction.contract"]._hints([name])
    return _json(handler._schema_path().read_bytes(), JSON_SCHEMA, hints)


def _json(text, content_type="application/json", headers=None):
    return Response(text, status=200, content_type=content_type, headers=headers)
