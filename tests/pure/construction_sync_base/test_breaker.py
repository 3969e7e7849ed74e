"""The breaker: opens after failures in a row, lets one probe through, closes by its success."""

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import breaker
from odoo.addons.construction_sync_base.lib.breaker import Breaker

START = 1_800_000_000.0


def opened(now=START):
    one = Breaker()
    for _failure in range(breaker.FAILURES):
        one = one.failed(now)
    return one


def test_a_success_forgets_failures():
    one = Breaker()
    for _round in range(10):
        for _failure in range(breaker.FAILURES - 1):
            one = one.failed(START)
        assert one.state(START) == breaker.CLOSED
        one = one.succeeded()
    assert one == Breaker()


def test_open_then_one_probe():
    one = opened()
    assert one.state(START) == breaker.OPEN
    assert one.admit(START + 10)[1] == breaker.COOL_OFF - 10
    later = START + breaker.COOL_OFF
    one, wait = one.admit(later)
    assert wait == 0
    assert one.admit(later + 1) == (one, breaker.PROBE - 1), "the others wait for the probe"
    assert one.succeeded().state(later) == breaker.CLOSED


def test_a_probe_that_fails_opens_for_twice_as_long():
    one, now = opened(), START
    for cool_off in (30, 60, 120, 240, 480, 600, 600):
        assert one.admit(now)[1] == cool_off
        now += cool_off
        one, wait = one.admit(now)
        assert wait == 0
        one = one.failed(now)


def test_a_probe_that_tells_nothing_is_given_up():
    one = opened()
    now = START + breaker.COOL_OFF
    one = one.admit(now)[0]
    now += breaker.PROBE
    assert one.admit(now)[1] == 0, "a worker that died does not keep it open for ever"


def test_calls_from_before_it_opened_tell_nothing_new():
    one = opened()
    assert one.failed(START + 5) == one


@given(st.lists(st.tuples(st.floats(0, 400), st.sampled_from("ask ok fail".split())), max_size=80))
def test_never_two_probes_at_a_time(steps):
    """Callers come at any moment; while it is not closed, no two are under way within the time
    of a probe. It starts open: few lists are long enough to open it."""
    one, now, probe_since = opened(), START, None
    for pause, what in steps:
        now += pause
        closed = one.state(now) == breaker.CLOSED
        if what == "ask":
            one, wait = one.admit(now)
            assert wait >= 0
            if not closed and wait == 0:
                assert probe_since is None or now >= probe_since + breaker.PROBE - 1e-6
                probe_since = now
        elif what == "ok" and (closed or one.probing):
            one, probe_since = one.succeeded(), None
        elif what == "fail":
            was = one.probing
            one = one.failed(now)
            if was:
                probe_since = None
        assert one.retry_at - now <= max(breaker.LONGEST, breaker.PROBE) + 1e-6
