"""OAuth 2.0 as a client: what is posted to the token endpoint, what comes back, and when a
token is renewed.

Sources: RFC 6749 (4.1, 4.4, 5, 6), RFC 7636 (PKCE). A refresh token may be good for one use
only: whoever renews keeps the new pair before anybody uses it, and nobody renews beside him.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from . import remote

RENEW_BEFORE = 120.0  # seconds; a call that starts with it should still be good when it arrives
REVOKED = ("invalid_grant", "invalid_client", "unauthorized_client")  # RFC 6749 5.2
LIFETIME = 900.0  # seconds, where the answer does not say
MOST_LIFETIME = 30 * 86400.0
GRANTS = ("oauth_client", "oauth_code")  # ways of calling that need a token of ours
FORM = "application/x-www-form-urlencoded"


class Revoked(Exception):
    """The server does not take the grant (any more): somebody has to authorise anew."""


class NoToken(Exception):
    """No token this time. May be tried again.

    :param wait: seconds that the server asked to wait, or None
    """

    def __init__(self, text, wait=None):
        super().__init__(text)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Token:
    """
    :param renew_at: seconds since 1970, a while before it ends
    :param refresh: empty where the grant gives none
    """

    access: str
    renew_at: float
    refresh: str = ""

    def is_due(self, now):
        """Whether it has to be renewed before the next call."""
        return now >= self.renew_at


def client_credentials(scope=""):
    return {"grant_type": "client_credentials"} | ({"scope": scope} if scope else {})


def refresh(token):
    return {"grant_type": "refresh_token", "refresh_token": token}


def code_grant(code, redirect_uri, verifier):
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }


def request(fields, client_id, secret, in_body=True):
    """(headers, body) of a POST to the token endpoint.

    :param in_body: client id and secret as fields (Procore), else as Basic authentication,
        each part form-encoded first (RFC 6749 2.3.1)
    """
    headers = {"Content-Type": FORM, "Accept": "application/json"}
    if in_body:
        fields = fields | {"client_id": client_id, "client_secret": secret}
    else:
        pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    return headers, urlencode(fields).encode()


def read(reading, now, before=None):
    """The token that the token endpoint answered with.

    :param reading: `remote.Reading` of its answer
    :param before: the `Token` that was renewed; its refresh token stays good where the answer
        brings no new one
    :raises Revoked: the grant is not taken, or the client is not known
    :raises NoToken: anything else, such as the page of a firewall
    """
    value = reading.value if isinstance(reading.value, dict) else {}
    if reading.verdict == remote.TOKEN or value.get("error") in REVOKED:
        raise Revoked(reading.text)
    if reading.verdict != remote.DONE:
        raise NoToken(reading.text, reading.wait)
    access = value.get("access_token")
    if not isinstance(access, str) or not access.isascii() or not access.isprintable():
        raise NoToken("the answer holds no token")
    if str(value.get("token_type", "bearer")).lower() != "bearer":
        raise NoToken("the token is of a kind that is not used here")
    renewed = value.get("refresh_token")
    renewed = renewed if isinstance(renewed, str) and renewed else before and before.refresh
    lifetime = _lifetime(value.get("expires_in"))
    return Token(access, now + lifetime - min(RENEW_BEFORE, lifetime / 4), renewed or "")


def _lifetime(seconds):
    try:
        seconds = float(seconds)
    except (TypeError, ValueError):
        return LIFETIME
    return min(seconds, MOST_LIFETIME) if 0 < seconds < float("inf") else LIFETIME


@dataclass(frozen=True, slots=True)
class Attempt:
    """One walk of a person to the authorisation page and back.

    :param state: comes back with the code; tells that it is the same walk
    :param verifier: kept here until the code is exchanged (PKCE)
    """

    state: str
    verifier: str

    @classmethod
    def new(cls):
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(48))

    def address(self, page, client_id, redirect_uri, scope=""):
        """Where the person's browser goes.

        :param page: https address of the authorisation page, without a query
        """
        challenge = hashlib.sha256(self.verifier.encode()).digest()
        fields = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return f"{page}?{urlencode(fields | ({'scope': scope} if scope else {}))}"

    def is_mine(self, state):
        return hmac.compare_digest(self.state.encode(), (state or "").encode())
