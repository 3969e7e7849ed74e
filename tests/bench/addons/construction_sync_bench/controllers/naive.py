import hashlib

from odoo import SUPERUSER_ID, api
from odoo.http import Controller, request, route


class Naive(Controller):
    @route(
        "/construction_sync_bench/naive",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
        readonly=False,
    )
    def naive(self):
        """The usual pattern: create() a row and enqueue a job, in the request's transaction."""
        body = request.httprequest.get_data(cache=False)
        env = api.Environment(request.env.cr, SUPERUSER_ID, {})
        row = env["construction.bench.row"].create(
            {"payload": body.decode(), "digest": hashlib.sha256(body).hexdigest()}
        )
        env["construction.bench"].with_delay()._noop()
        return request.make_json_response({"id": row.id})
