"""The envelope of an event as JSON Schema, from the limits by which `envelope` judges."""

from .envelope import MAX_ATTRIBUTE, MAX_TYPE

_YEAR = r"(?:19[7-9]\d|[2-8]\d{3}|9[0-8]\d{2}|99[0-8]\d|999[0-8])"
_TIME = rf"^{_YEAR}-" + r"\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$"
_PRINTABLE = r"^[^\u0000-\u001f\u007f-\u009f]*$"


def _text(description, maximum=MAX_ATTRIBUTE, **more):
    return {
        "description": description,
        "type": "string",
        "minLength": 1,
        "maxLength": maximum,
        "pattern": _PRINTABLE,
        **more,
    }


ATTRIBUTES = {
    "specversion": {"description": "Version of CloudEvents.", "type": "string", "const": "1.0"},
    "id": _text("Unique within the source. Sent again with equal content it is a duplicate."),
    "source": _text("Where the event comes from. Identity is (platform, source, id)."),
    "type": _text("Event type with its version.", MAX_TYPE),
    "subject": _text(
        "<object>/<id>, the ordering key: events with one subject are applied in order.",
        pattern=r"^[^/\u0000-\u001f\u007f-\u009f]+/[^\u0000-\u001f\u007f-\u009f]+$",
    ),
    "time": {
        "description": "When it happened, RFC 3339 with an offset.",
        "type": "string",
        "format": "date-time",
        "pattern": _TIME,
    },
    "sequence": {
        "description": "Version of the object at the source, decimal digits. Without it the "
        "time decides which of two states is the newer one.",
        "type": ["string", "integer"],
        "pattern": "^[0-9]+$",
        "maxLength": MAX_ATTRIBUTE,
        "minimum": 0,
    },
    "correlationid": _text("Follows the event through both systems; generated when absent."),
    "traceparent": _text("W3C trace context; kept."),
    "datacontenttype": {"description": "Media type of data.", "const": "application/json"},
}
REQUIRED = ("specversion", "id", "source", "type", "subject", "time")
EXAMPLE = {
    "specversion": "1.0",
    "id": "8f14e45f-1",
    "source": "//platform.example",
    "type": "construction.platform.pinged.v1",
    "subject": "platform/8f14e45f",
    "time": "2026-10-31T17:00:00-07:00",
    "data": {"note": "test"},
}


def event(event_type, data):
    """The schema of a whole event of one type.

    :param data: schema of its data, or a reference to it
    """
    own_type = {"description": "Event type with its version.", "const": event_type}
    return {
        "type": "object",
        "required": [*REQUIRED, "data"],
        "properties": ATTRIBUTES | {"type": own_type, "data": data},
    }
