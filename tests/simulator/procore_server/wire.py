"""One request and its answer, free of sockets."""

import json
from dataclasses import dataclass, field
from decimal import Decimal

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


@dataclass
class Reply:
    """An answer. `body` leads where it is given, else `value` is sent as JSON."""

    status: int = 200
    value: object = None
    headers: dict = field(default_factory=dict)
    body: bytes | None = None
    kind: str = JSON

    def bytes(self) -> bytes:
        if self.body is not None:
            return self.body
        return b"" if self.status == 204 else dumps(self.value)


class Refused(Exception):
    """The request is answered with an error."""

    def __init__(self, status, value, headers=None):
        super().__init__(f"{status} {value}")
        text = isinstance(value, str)
        body = value.encode() if text else None
        self.reply = Reply(status, value, headers or {}, body, TEXT if text else JSON)


def missing():
    """404 of what is not there, or not to be seen; body unverified."""
    return Refused(404, {"errors": "Not found"})


def invalid(**fields):
    """422 with what is wrong by field."""
    return Refused(422, {"errors": {name: [text] for name, text in fields.items()}})


@dataclass
class Call:
    """A request as the handlers see it.

    :param base: scheme and host by which the caller came, for links
    :param query: {name: [values]}
    :param value: the JSON of the body, {} without one
    :param app: `oauth.App` that calls, None before it has proved itself
    :param company: id of the `Procore-Company-Id` header
    """

    method: str
    path: str
    query: dict
    headers: dict
    body: bytes = b""
    base: str = ""
    value: object = None
    app: object = None
    user: int = 0
    company: int = 0
    places: dict = field(default_factory=dict)

    def one(self, name, default=None):
        values = self.query.get(name)
        return values[0] if values else default

    def number(self, name):
        """An id or count: of the path, else of the query, else of the body; None without."""
        value = self.places.get(name)
        if value is None:
            value = self.one(name)
        if value is None and isinstance(self.value, dict):
            value = self.value.get(name)
        if value in (None, ""):
            return None
        try:
            return int(value)
        except (TypeError, ValueError):
            raise Refused(400, {"errors": {name: ["is not a number"]}}) from None


def check_company(call):
    """The company of the path is that of the header.

    :raises Refused: 404
    """
    if call.number("company_id") not in (None, call.company):
        raise missing()


def loads(body: bytes):
    """The JSON of a body; decimals stay what they are.

    :raises Refused: 400, it is none
    """
    if not body.strip():
        return {}
    try:
        return json.loads(body, parse_float=Decimal)
    except ValueError:
        raise Refused(400, {"errors": "The body is not JSON"}) from None


def dumps(value) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_plain).encode()


def _plain(value):
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} is not sent")


def as_v2(value):
    """The same, as version 2 of the REST API writes it: ids are text."""
    if isinstance(value, list):
        return [as_v2(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: str(one) if _is_id(name) and isinstance(one, int) else as_v2(one)
        for name, one in value.items()
    }


def _is_id(name):
    return name == "id" or name.endswith("_id")
