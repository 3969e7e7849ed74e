from odoo.http import Controller, request, route


class Noop(Controller):
    @route(
        "/construction_sync_bench/noop",
        type="http",
        auth="none",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def noop(self):
        """What any Odoo endpoint costs: routing, environment, body, a small JSON answer."""
        body = request.httprequest.get_data(cache=False)
        return request.make_json_response({"bytes": len(body)})
