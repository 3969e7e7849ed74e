from odoo import http
from odoo.http import request

from ..lib.oauth import Attempt
from .common import BASE

SESSION_KEY = "construction_authorize"


class Authorize(http.Controller):
    """A person's walk to a platform's authorisation page and back. What proves that it is the
    same walk stays in the person's session."""

    @http.route(f"{BASE}/authorize/<int:platform_id>", type="http", auth="user", methods=["GET"])
    def authorize(self, platform_id):
        platform = request.env["construction.platform"].browse(platform_id)
        platform._check_caller()
        platform.check_access("write")
        attempt = Attempt.new()
        request.session[SESSION_KEY] = [platform_id, attempt.state, attempt.verifier]
        page = attempt.address(
            platform.authorize_url,
            platform.call_user or "",
            platform._authorized_url(),
            platform.call_scope or "",
        )
        return request.redirect(page, local=False)

    @http.route(f"{BASE}/authorized", type="http", auth="user", methods=["GET"])
    def authorized(self, code=None, state=None, **_more):
        kept = request.session.pop(SESSION_KEY, None)
        if not kept or not code or not Attempt(kept[1], kept[2]).is_mine(state):
            return request.redirect("/odoo/construction-platforms")
        platform = request.env["construction.platform"].browse(kept[0])
        platform._take_code(code, kept[2])
        return request.redirect(f"/odoo/construction-platforms/{platform.id}")
