"""Collects what happened at the platform and turns it into CloudEvents in order of time."""

import random
from datetime import UTC, datetime, timedelta, timezone

SOURCE = "https://platform.example/cedar-ridge"
#: Denver before the first of November 2026
LOCAL = timezone(timedelta(hours=-6))


def local(day, hour=8, minute=0, second=0):
    """A moment of October 2026 on the contractor's clock."""
    return datetime(2026, 10, day, hour, minute, second, tzinfo=LOCAL)


class Timeline:
    """What happened, when, to which object; the versions of an object are counted at the end.

    Numbering after sorting keeps the promise a platform makes: a later change of an object has
    a higher `sequence` and a later `time`.
    """

    def __init__(self):
        self._facts = []

    def add(self, when, fact, subject, data, correlation=None):
        self._facts.append((when, fact, subject, data, correlation))

    def events(self, rng: random.Random) -> list[dict]:
        versions: dict[str, int] = {}
        events = []
        for when, fact, subject, data, correlation in sorted(self._facts, key=lambda f: f[0]):
            versions[subject] = versions.get(subject, 0) + 1
            event = {
                "specversion": "1.0",
                "id": f"evt-{rng.getrandbits(64):016x}",
                "source": SOURCE,
                "type": f"construction.{fact}.v1",
                "subject": subject,
                "time": when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "sequence": str(versions[subject]),
                "datacontenttype": "application/json",
                "data": data,
            }
            if correlation:
                event["correlationid"] = correlation
            events.append(event)
        return events
