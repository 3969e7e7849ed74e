"""A platform's own webhook on its way to a translator: one event that names its bytes."""

import hashlib

from . import strict_json
from .envelope import Envelope

TYPE = "construction.webhook.received.v1"
SOURCE = "/webhooks"
MAX_IDENTITY = 200  # characters


def identity(presented, sha256):
    """What tells a repeated delivery from a new one: the platform's delivery id, or the
    SHA-256 of the body where it sends none that can be kept as text."""
    text = presented.strip() if isinstance(presented, str) else ""
    usable = 0 < len(text) <= MAX_IDENTITY and text.isascii() and text.isprintable()
    return text if usable else sha256


def envelope(presented, sha256, received):
    """The event that stands for one delivery.

    :param presented: value of the platform's delivery id header, or None
    :param sha256: of the raw body, in hex
    :param received: aware; not part of the content, so that a repetition is a duplicate
    """
    name = identity(presented, sha256)
    event = {
        "specversion": "1.0",
        "id": name,
        "source": SOURCE,
        "type": TYPE,
        "subject": f"webhook/{name}",
        "data": {"sha256": sha256},
    }
    canonical = strict_json.dumps(event)
    return Envelope(
        id=name,
        source=SOURCE,
        type=TYPE,
        subject=event["subject"],
        time=received,
        sequence=None,
        correlation_id=None,
        traceparent=None,
        data=event["data"],
        object="webhook",
        fact="received",
        version=1,
        canonical=canonical,
        digest=hashlib.sha256(canonical.encode()).hexdigest(),
    )
