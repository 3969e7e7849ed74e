"""Procore's two rate windows: an hour, and a spike of ten seconds."""

from dataclasses import dataclass

from .wire import Refused

HOUR, SPIKE = 3600.0, 10.0  # seconds


@dataclass
class Window:
    length: float
    limit: int
    since: float = -1e18
    used: int = 0

    def at(self, now):
        """A window begins with the first call after the last one ended."""
        if now >= self.since + self.length:
            self.since, self.used = now, 0
        return self

    @property
    def left(self):
        return max(self.limit - self.used, 0)


class Limits:
    """Calls that are left, by app. The platform's own numbers differ from app to app."""

    def __init__(self, clock, hourly=100_000, spike=10_000):
        self.clock = clock
        self.set(hourly, spike)

    def set(self, hourly, spike):
        """New limits; what was used is forgotten."""
        self.hourly, self.spike = hourly, spike
        self._apps = {}

    def take(self, app) -> dict:
        """Headers of one call.

        They describe the window that will be used up first.

        :raises Refused: 429 with the same headers; one that is refused uses up nothing.
            The wording of its body is ours
        """
        now = self.clock.now()
        windows = self._apps.setdefault(app, (Window(SPIKE, self.spike), Window(HOUR, self.hourly)))
        windows = [window.at(now) for window in windows]
        full = [window for window in windows if not window.left]
        if full:
            nearest = max(full, key=lambda window: window.since + window.length)
            wait = max(int(nearest.since + nearest.length - now + 0.999), 1)
            raise Refused(429, "Too many requests", _headers(nearest) | {"Retry-After": str(wait)})
        for window in windows:
            window.used += 1
        return _headers(min(windows, key=lambda window: window.left))


def _headers(window):
    return {
        "X-Rate-Limit-Limit": str(window.limit),
        "X-Rate-Limit-Remaining": str(window.left),
        "X-Rate-Limit-Reset": str(int(window.since + window.length + 0.999)),
    }
