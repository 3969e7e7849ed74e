"""CloudEvents 1.0 as the public contract narrows it: from bytes to checked envelopes.

Only the envelope is judged here. ``data`` is checked against the schema of its
type when the event is processed, and a type that nobody knows is no fault of the
envelope: it is stored and becomes an issue.
"""

import hashlib
import json
import re
import urllib.parse
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from . import strict_json
from .errors import Malformed

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MAX_EVENT = 1024 * 1024  # bytes
MAX_BATCH = 1000  # events
MAX_ATTRIBUTE = 512  # characters
MAX_TYPE = 255  # characters

_TYPE = re.compile(r"construction\.([a-z0-9_.]+)\.([a-z0-9_]+)\.v([1-9][0-9]{0,5})")
# CloudEvents forbids C0 and C1 control characters in attributes.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TIME = re.compile(
    r"([0-9]{4})-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:([0-9]{2})(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
# Reads the id of an event that the strict parser refused: for the answer only.
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ATTRIBUTE_NAME = re.compile(r"ce-([a-z0-9]+)")
# What a binary message says in its Content-Type and its body.
_NOT_IN_HEADERS = {"data", "datacontenttype"}
_LENIENT = json.JSONDecoder(
    strict=False,
    object_pairs_hook=lambda pairs: {
        key: value
        for key, value in dict(pairs).items()
        if key != "id" or sum(name == "id" for name, _value in pairs) == 1
    },
    parse_int=lambda literal: None,
    parse_float=lambda literal: None,
    parse_constant=lambda literal: None,
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event whose envelope is valid."""

    id: str
    source: str
    type: str
    subject: str  # <object>/<id>, the ordering key
    time: datetime  # aware, UTC
    sequence: str | None  # decimal digits without leading zeros
    correlation_id: str | None
    traceparent: str | None
    data: dict
    object: str  # these three from the type; "", "" and 0 when it has another form
    fact: str
    version: int
    canonical: str  # the whole event
    digest: str  # SHA-256 of it, in hex: tells a duplicate from a conflict


def split(body, mimetype):
    """Every event of a post, as Envelope or as Malformed, in the order of the body.

    What cannot be divided into events is one Malformed.
    """
    if mimetype.partition(";")[0].strip().lower() == BATCH:
        try:
            items = strict_json.loads_items(body, MAX_BATCH)
        except Malformed as error:
            return [error]
        return [_item(value, text) for value, text in items]
    try:
        return [parse(strict_json.loads(body))]
    except Malformed as error:
        if error.event_id is None:
            error.event_id = _readable_id(body.decode(errors="replace"))
        return [error]


def binary(headers, body):
    """The one event of a binary message: attributes in ``ce-*`` headers, ``data`` in the
    body. A list like that of ``split``.

    ``headers``: (name, value) pairs, the values decoded as Latin-1, as WSGI has them.
    """
    event = {}
    try:
        for name, value in headers:
            known = _ATTRIBUTE_NAME.fullmatch(name.lower())
            if known and known[1] not in _NOT_IN_HEADERS:
                event[known[1]] = _header_value(known[1], value)
        for name in event:
            _attribute(event, name)
        event["data"] = strict_json.loads(body)
        return [parse(event)]
    except Malformed as error:
        error.event_id = _id_of(event)
        return [error]


def _header_value(name, value):
    """Text of an attribute (CloudEvents HTTP binding 3.1.3.2): double quotes of older
    senders come off first, then one round of percent-decoding."""
    if not value.isascii():
        raise Malformed(f"ce-{name} has to be percent-encoded")
    value = value.strip()
    quoted = _QUOTED.fullmatch(value)
    if quoted:
        value = re.sub(r"\\(.)", r"\1", quoted[1])
    try:
        return urllib.parse.unquote(value, errors="strict")
    except UnicodeDecodeError:
        raise Malformed(f"ce-{name} is not UTF-8") from None


def _item(value, text):
    if isinstance(value, Malformed):
        value.event_id = _readable_id(text)
        return value
    try:
        event = parse(value)
    except Malformed as error:
        return error
    if len(text) > MAX_EVENT // 4 and len(text.encode()) > MAX_EVENT:
        return Malformed("event larger than 1 MiB", event.id)
    return event


def _readable_id(text):
    """The id of a refused event, or None; never one that the database could not keep."""
    try:
        event_id = _id_of(_LENIENT.decode(text.removeprefix("\ufeff")))
        if event_id:
            event_id.encode()  # a lone surrogate has no UTF-8
    except (ValueError, RecursionError):
        return None
    return None if event_id and "\ufffd" in event_id else event_id


def _id_of(event):
    try:
        return _attribute(event, "id", required=True) if isinstance(event, dict) else None
    except Malformed:
        return None


def parse(event):
    """The Envelope of one parsed event; Malformed (with its id if it has one) if invalid."""
    if not isinstance(event, dict):
        raise Malformed("an event must be a JSON object")
    try:
        return _parse(event)
    except Malformed as error:
        error.event_id = _id_of(event)
        raise


def _parse(event):
    if event.get("specversion") != "1.0":
        raise Malformed('specversion must be "1.0"')
    event_type = _attribute(event, "type", required=True)
    if len(event_type) > MAX_TYPE:
        raise Malformed(f"type longer than {MAX_TYPE} characters")
    known = _TYPE.fullmatch(event_type)
    subject = _attribute(event, "subject", required=True)
    subject_object, _slash, subject_id = subject.partition("/")
    if not (subject_object and subject_id):
        raise Malformed("subject must be <object>/<id>")
    data = event.get("data")
    if not isinstance(data, dict):
        raise Malformed("data must be a JSON object")
    canonical = strict_json.dumps(event)
    return Envelope(
        id=_attribute(event, "id", required=True),
        source=_attribute(event, "source", required=True),
        type=event_type,
        subject=subject,
        time=_time(_attribute(event, "time", required=True)),
        sequence=_sequence(event.get("sequence")),
        correlation_id=_attribute(event, "correlationid"),
        traceparent=_attribute(event, "traceparent"),
        data=data,
        object=known[1] if known else "",
        fact=known[2] if known else "",
        version=int(known[3]) if known else 0,
        canonical=canonical,
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
    )


def _attribute(event, name, required=False):
    value = event.get(name)
    if not required and (value is None or value == ""):
        return None
    if type(value) is not str:
        raise Malformed(f"{name} is missing" if value is None else f"{name} must be a string")
    if not value:
        raise Malformed(f"{name} is empty")
    if len(value) > MAX_ATTRIBUTE:
        raise Malformed(f"{name} longer than {MAX_ATTRIBUTE} characters")
    if not value.isprintable() and _CONTROL.search(value):
        raise Malformed(f"{name} holds a control character")
    return value


def _sequence(value):
    if value is None:
        return None
    digits = str(value) if type(value) is int else value
    if type(digits) is not str or not (digits.isascii() and digits.isdigit()):
        raise Malformed("sequence must be decimal digits")
    if len(digits) > MAX_ATTRIBUTE:
        raise Malformed(f"sequence longer than {MAX_ATTRIBUTE} digits")
    return digits.lstrip("0") or "0"


def _time(value):
    """RFC 3339 with an offset, as UTC. A leap second is the first of the next minute."""
    match = _TIME.fullmatch(value)
    if not match:
        raise Malformed("time must be RFC 3339 with an offset")
    if not 1970 <= int(match[1]) <= 9998:
        raise Malformed("time out of range")
    leap = match[2] == "60"
    if leap:
        value = f"{value[:17]}59{value[19:]}"
    try:
        time = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except ValueError:
        raise Malformed("time is no date") from None
    return time.replace(microsecond=0) + timedelta(seconds=1) if leap else time
