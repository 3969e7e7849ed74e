"""When a failed event is tried again.

Quick at first, since most faults pass in seconds, then slow enough to last through
a long weekend: 72 hours, which is what the best senders do (Stripe, Standard
Webhooks). The delay is spread so that events which failed together do not come
back together.
"""

from datetime import timedelta

WINDOW = timedelta(hours=72)
JITTER = 0.2
_SCHEDULE = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800)
)


def next_delay(attempt, first_failure, now, rng):
    """How long to wait after the ``attempt``-th failure (from 1); None: give up.

    The window runs from the first failure. The last try stands exactly at its end,
    so an outage of just under 72 hours is always survived. ``rng`` has ``uniform``.
    """
    # A clock that was set back must not lengthen the window.
    remaining = WINDOW - max(now - first_failure, timedelta(0))
    if remaining <= timedelta(0):
        return None
    delay = _SCHEDULE[min(max(attempt, 1), len(_SCHEDULE)) - 1]
    return min(delay * rng.uniform(1 - JITTER, 1 + JITTER), remaining)
