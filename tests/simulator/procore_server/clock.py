"""The time of the simulated platform, which a test can move."""

import time
from datetime import UTC, datetime


class Clock:
    """Seconds since 1970, standing still until somebody moves it.

    It starts at the real time unless told otherwise: what the platform answers in absolute
    time (`X-Rate-Limit-Reset`) is compared with the real clock of whoever calls it.

    :param at: where it starts
    :param runs: whether it goes on with the real time as well
    """

    def __init__(self, at: float | None = None, runs: bool = False):
        self._at = time.time() if at is None else float(at)
        self._since = time.monotonic() if runs else None
        self.listeners = []

    def now(self) -> float:
        return self._at + (0.0 if self._since is None else time.monotonic() - self._since)

    def advance(self, seconds: float):
        """Move on, and tell those who wait for a moment. Never back."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._at += seconds
        for listener in self.listeners:
            listener()


def stamp(moment: float) -> str:
    """An instant as Procore writes it: UTC, whole seconds."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fine_stamp(moment: float) -> str:
    """An instant as webhooks write it: UTC, microseconds."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant(text: str) -> float:
    """Seconds since 1970 of an ISO 8601 instant or day; ValueError for anything else."""
    moment = datetime.fromisoformat(text.strip().strip('"'))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
