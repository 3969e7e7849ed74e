"""Procore's OAuth 2.0: client credentials, authorization code, refresh, revocation.

Login and API have hosts of their own at Procore; here one server is both.
"""

import base64
import hashlib
import html
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from .wire import Refused, Reply

CODE_LIFETIME = 600.0  # seconds
LIFETIME = 5400  # seconds; the documentation also names others, so clients obey `expires_in`


@dataclass(frozen=True)
class App:
    """One integration that is registered at the platform.

    :param number: how webhooks name it (`source_application_id`)
    :param user: its service account, or the person who authorises it
    :param redirects: addresses it may send a person back to; None: any
    """

    client_id: str = "sim-client"
    secret: str = "sim-secret"
    number: int = 4711
    user: int = 987654321
    redirects: tuple | None = None


@dataclass
class Grant:
    """A pair of tokens. `service`: by client credentials, so without a refresh token."""

    app: App
    access: str
    ends: float
    refresh: str = ""
    service: bool = False
    dead: bool = False


class Tokens:
    """What was granted to whom, and until when."""

    def __init__(self, clock, apps, lifetime=LIFETIME):
        self.clock, self.lifetime = clock, lifetime
        self.apps = {app.client_id: app for app in apps}
        self._grants, self._codes = {}, {}
        self.made = 0  # pairs given so far
        self.asked = []  # grant types that were asked for, in order

    def answer(self, call) -> Reply:
        """Everything below `/oauth`."""
        routes = {
            ("POST", "/oauth/token"): self._token,
            ("GET", "/oauth/authorize"): self._page,
            ("POST", "/oauth/authorize"): self._decide,
            ("POST", "/oauth/revoke"): self._revoke,
            ("GET", "/oauth/token/info"): self._info,
        }
        handler = routes.get((call.method, call.path))
        if handler is None:
            raise Refused(404, {"error": "not_found"})
        fields = parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
        fields = {name: values[0] for name, values in (call.query | fields).items()}
        return handler(call, fields)

    def holder(self, header) -> Grant:
        """Whose token it is.

        :raises Refused: 401; its body is unverified
        """
        kind, _blank, access = (header or "").partition(" ")
        grant = self._grants.get(access) if kind.lower() == "bearer" else None
        if grant is None or grant.dead or self.clock.now() >= grant.ends:
            raise Refused(
                401,
                {"error": "invalid_token", "error_description": "The access token is invalid"},
                {"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        return grant

    def expire(self):
        """Every access token ends now; refresh tokens stay good."""
        for grant in self._grants.values():
            grant.ends = 0.0

    def revoke(self):
        """Somebody disconnects the app: access and refresh tokens are dead."""
        for grant in self._grants.values():
            grant.dead = True

    def _token(self, _call, fields):
        kind = fields.get("grant_type", "")
        self.asked.append(kind)
        app = self._app(fields)
        if kind == "client_credentials":
            return self._grant(app, service=True)
        if kind == "authorization_code":
            return self._exchange(app, fields)
        if kind == "refresh_token":
            return self._renew(app, fields.get("refresh_token", ""))
        raise _error(400, "unsupported_grant_type")

    def _app(self, fields):
        """Id and secret are fields of the form."""
        app = self.apps.get(fields.get("client_id", ""))
        if app is None or not secrets.compare_digest(
            app.secret.encode(), fields.get("client_secret", "").encode()
        ):
            raise _error(401, "invalid_client")
        return app

    def _grant(self, app, service=False):
        now = self.clock.now()
        grant = Grant(app, secrets.token_urlsafe(24), now + self.lifetime, service=service)
        answer = {
            "access_token": grant.access,
            "token_type": "bearer",
            "expires_in": self.lifetime,
            "created_at": int(now),
        }
        if not service:
            grant.refresh = answer["refresh_token"] = secrets.token_urlsafe(24)
        self._grants[grant.access] = grant
        self.made += 1
        return Reply(200, answer, {"Cache-Control": "no-store"})

    def _renew(self, app, token):
        """A refresh token is good once, also where its answer was lost on the way."""
        for grant in self._grants.values():
            good = token and grant.refresh == token and grant.app == app and not grant.dead
            if good:
                grant.refresh = ""
                return self._grant(app)
        raise _error(400, "invalid_grant")  # the status is that of RFC 6749; unverified

    def _exchange(self, app, fields):
        kept = self._codes.pop(fields.get("code", ""), None)
        if kept is None or kept["client_id"] != app.client_id or self.clock.now() >= kept["ends"]:
            raise _error(400, "invalid_grant")
        if kept["redirect_uri"] != fields.get("redirect_uri"):
            raise _error(400, "invalid_grant")
        if kept["challenge"] and kept["challenge"] != _challenge(fields.get("code_verifier", "")):
            raise _error(400, "invalid_grant")
        return self._grant(app)

    def _asked(self, fields):
        """The app that a person is asked about; nobody is sent to an address that is not its."""
        app = self.apps.get(fields.get("client_id", ""))
        target = fields.get("redirect_uri", "")
        known = app and (app.redirects is None or target in app.redirects)
        if not known or urlsplit(target).scheme not in ("http", "https"):
            raise Refused(400, "The app or the address to return to is not known")
        return app, target

    def _page(self, _call, fields):
        app, _target = self._asked(fields)
        kept = "".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in fields.items()
        )
        page = (
            f"<!doctype html><title>Procore simulator</title><h1>Connect {app.client_id}?</h1>"
            f'<form method="post" action="/oauth/authorize">{kept}'
            '<button name="decision" value="allow">Allow</button> '
            '<button name="decision" value="deny">Deny</button></form>'
        )
        return Reply(200, None, {}, page.encode(), "text/html; charset=utf-8")

    def _decide(self, _call, fields):
        app, target = self._asked(fields)
        if fields.get("decision") == "deny" or fields.get("response_type") != "code":
            back = {"error": "access_denied"}
        else:
            code = secrets.token_urlsafe(16)
            back = {"code": code}
            self._codes[code] = {
                "client_id": app.client_id,
                "redirect_uri": target,
                # the documentation does not speak of PKCE: taken where it is offered
                "challenge": fields.get("code_challenge", ""),
                "ends": self.clock.now() + CODE_LIFETIME,
            }
        if "state" in fields:
            back["state"] = fields["state"]
        mark = "&" if urlsplit(target).query else "?"
        return Reply(302, None, {"Location": f"{target}{mark}{urlencode(back)}"}, b"")

    def _revoke(self, _call, fields):
        """Both tokens end; an unknown one is no error."""
        app = self._app(fields)
        grant = self._grants.get(fields.get("token", ""))
        if grant and grant.app == app:
            grant.dead = True
        return Reply(200, {})

    def _info(self, call, _fields):
        grant = self.holder(call.headers.get("authorization"))
        left = int(grant.ends - self.clock.now())
        return Reply(200, {"resource_owner_id": grant.app.user, "expires_in_seconds": left})


def _challenge(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _error(status, name):
    return Refused(status, {"error": name, "error_description": name.replace("_", " ")})
