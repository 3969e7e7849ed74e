"""A circuit breaker as four values, so that one row of a table holds it for every worker.

Closed: calls go through, failures in a row are counted. Open: none goes through until a
cool-off is over. Half open: one call is the probe, the others wait for what becomes of it;
it closes the breaker, or opens it for twice as long. Only a fault of the other side or of the
way there counts as a failure: an answer that refuses what was asked is an answer.
"""

from dataclasses import dataclass, replace

FAILURES = 5  # in a row, before it opens
COOL_OFF = 30.0  # seconds of the first one
LONGEST = 600.0  # seconds; further ones double up to here
PROBE = 60.0  # seconds after which a probe that told nothing is given up

CLOSED, OPEN, HALF_OPEN = "closed", "open", "half_open"


@dataclass(frozen=True, slots=True)
class Breaker:
    """
    :param failures: in a row, the last ones
    :param opened: how often it opened since it was closed last
    :param retry_at: no call before this moment, in seconds since 1970; 0 while it is closed
    :param probing: a probe is under way, and has until `retry_at` to tell how it ended
    """

    failures: int = 0
    opened: int = 0
    retry_at: float = 0.0
    probing: bool = False

    def state(self, now):
        """`closed`, `open`, or `half_open`: the next call is the probe."""
        if not self.opened:
            return CLOSED
        return OPEN if now < self.retry_at else HALF_OPEN

    def admit(self, now):
        """(breaker afterwards, seconds to wait); 0 seconds: the call may be made.

        Whoever is admitted by an open one makes the probe, and tells how it ended.
        """
        state = self.state(now)
        if state == CLOSED:
            return self, 0.0
        if state == OPEN:
            return self, self.retry_at - now
        return replace(self, retry_at=now + PROBE, probing=True), 0.0

    def succeeded(self):
        """After a call that was answered."""
        return Breaker()

    def failed(self, now):
        """After a call that was not answered as it should be. One that was admitted before the
        breaker opened tells nothing new."""
        failures = self.failures + 1
        if self.opened and not self.probing:
            return self
        if not self.opened and failures < FAILURES:
            return replace(self, failures=failures)
        opened = self.opened + 1
        return Breaker(failures, opened, now + cool_off(opened))


def cool_off(opened):
    """Seconds for which a breaker stays open that opened for the ``opened``-th time."""
    return min(COOL_OFF * 2.0 ** min(opened - 1, 20), LONGEST)
