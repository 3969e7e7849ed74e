"""A token bucket kept as one number: the moment at which the bucket is full again.

``burst`` tokens fit in, one comes back every ``gap`` seconds, a request takes one. With
``full_at`` in the past the bucket is full; each second that it lies in the future is one
that still has to be refilled. One number is one atomic update for any number of workers.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """How many requests are let through: ``burst`` at once, ``per_minute`` in the long run."""

    per_minute: int
    burst: int

    def __post_init__(self):
        if self.per_minute <= 0 or self.burst < 1:
            raise ValueError("a limit lets something through")

    @property
    def gap(self):
        """Seconds until one token is back."""
        return 60 / self.per_minute

    @property
    def reach(self):
        """Seconds until an empty bucket is full."""
        return self.burst * self.gap

    def take(self, full_at, now, count=1):
        """The new ``full_at`` when ``count`` tokens are asked for at ``now``, or None when they
        are refused.

        The database does the same in one statement (`construction.rate`).
        """
        after = max(full_at, now) + count * self.gap
        return after if after <= now + self.reach else None

    def retry_after(self, ahead, count=1):
        """Whole seconds, at least one, after which ``count`` tokens are there.

        ``ahead``: seconds from now to the moment at which the bucket is full
        """
        return max(1, math.ceil(ahead + count * self.gap - self.reach))
