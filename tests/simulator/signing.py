"""How a platform proves who it is: the three schemes of the contract, written from its text.

Independent of the addon's own code on purpose, so that a mistake there is not repeated here.
Each scheme is an object with `headers(message_id, body, now)`.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True)
class StandardWebhooks:
    """HMAC-SHA256 over `id.timestamp.body`; the secret is `whsec_` and base64."""

    secret: str

    def headers(self, message_id: str, body: bytes, now: float) -> dict[str, str]:
        timestamp = str(int(now))
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signed = b".".join((message_id.encode(), timestamp.encode(), body))
        digest = hmac.new(key, signed, hashlib.sha256).digest()
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }


@dataclass(frozen=True)
class Bearer:
    """An API key of the platform's service user."""

    key: str

    def headers(self, _message_id: str, _body: bytes, _now: float) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@dataclass(frozen=True)
class StaticHeader:
    """A fixed token in a header whose name both sides agreed on."""

    token: str
    name: str = "Authorization"

    def headers(self, _message_id: str, _body: bytes, _now: float) -> dict[str, str]:
        return {self.name: self.token}


def scheme(name: str, secret: str, header: str = "Authorization"):
    """The scheme object for the contract's name of it; ValueError for an unknown name."""
    if name == "standard_webhooks":
        return StandardWebhooks(secret)
    if name == "bearer":
        return Bearer(secret)
    if name == "static_header":
        return StaticHeader(secret, header)
    raise ValueError(f"unknown authentication scheme: {name}")
