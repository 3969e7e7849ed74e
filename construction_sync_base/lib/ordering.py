"""Which of two states of one object is the newer one.

The rules are the contract's ("Envelope"): the version at the source decides, the
time only where a version is missing. Our own clock never orders anything.
"""

from dataclasses import dataclass
from datetime import datetime

APPLY = "apply"
SUPERSEDED = "superseded"
DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Version:
    """What the source says about the age of a state."""

    sequence: str | None  # decimal digits without leading zeros, of any length
    time: datetime | None  # aware


def _by_sequence(a, b):
    return bool(a.sequence) and bool(b.sequence)


def compare(a, b):
    """-1, 0 or 1 as ``a`` is older, equal or newer; 0 too where nothing can be compared."""
    if _by_sequence(a, b):
        # Digits without leading zeros: the longer is the greater. No int(), which
        # refuses more than 4,300 digits.
        left, right = (len(a.sequence), a.sequence), (len(b.sequence), b.sequence)
    elif a.time is None or b.time is None:
        return 0
    else:
        left, right = a.time, b.time
    return (left > right) - (left < right)


def decide(event_version, event_digest, applied_version, applied_digest, replaces):
    """What to do with an event: "apply", "superseded" or "duplicate" (an issue).

    ``applied_version`` is None where nothing was applied yet. The digests are those
    of ``data``: two events with one content have different ids and times.
    ``replaces``: the type is a snapshot (R); a movement (D) is never superseded.
    """
    if not replaces or applied_version is None:
        return APPLY
    order = compare(event_version, applied_version)
    if order:
        return APPLY if order > 0 else SUPERSEDED
    if event_digest == applied_digest:
        return SUPERSEDED
    # Equal times say nothing about content, so the one that arrived last holds.
    return DUPLICATE if _by_sequence(event_version, applied_version) else APPLY
