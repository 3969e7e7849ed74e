from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..lib import logs
from ..lib.oauth import Attempt

SESSION_KEY = "construction_authorize"


class Authorize(http.Controller):
    """A person's walk to a platform's authorisation page and back. What proves that it is the
    same walk stays in the person's session."""

    @http.route(
        "/construction_sync/authorize/<int:platform_id>", type="http", auth="user", methods=["GET"]
    )
    def authorize(self, platform_id):
        platform = request.env["construction.platform"].browse(platform_id)
        platform._check_authorizable()
        attempt = Attempt.new()
        request.session[SESSION_KEY] = [platform_id, attempt.state, attempt.verifier]
        page = attempt.address(
            platform.authorize_url,
            platform.call_user or "",
            platform._authorized_url(),
            platform.call_scope or "",
        )
        return request.redirect(page, local=False)

    @http.route("/construction_sync/authorized", type="http", auth="user", methods=["GET"])
    def authorized(self, code=None, state=None, error=None, **_more):
        kept = request.session.pop(SESSION_KEY, None)
        if not kept or not Attempt(kept[1], kept[2]).is_mine(state) or not code:
            raise UserError(
                request.env._(
                    "Nothing was authorised (%s). Press “Authorise” on the platform again.",
                    logs.shown(error or "not begun here", 60),
                )
            )
        platform = request.env["construction.platform"].browse(kept[0])
        platform._take_code(code, kept[2])
        return request.redirect(f"/odoo/construction-platforms/{platform.id}")
