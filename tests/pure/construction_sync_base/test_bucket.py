"""The token bucket: never more than it allows, never less, and what it tells to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.bucket import Limit

limits = st.builds(Limit, st.integers(1, 600_000), st.integers(1, 2_000))
START = 1_800_000_000.0
ROUNDING = 2.4e-7  # seconds; what a double of this size can tell apart
SLACK = 1e-6


def arrivals(limit, pauses):
    """(time, admitted) of requests with these pauses between them, and the last state."""
    now, full_at, found = START, 0.0, []
    for pause in pauses:
        now += pause
        after = limit.take(full_at, now)
        found.append((now, after is not None))
        full_at = full_at if after is None else after
    return found, full_at


@given(limits, st.lists(st.floats(0, 10), max_size=200))
def test_no_window_holds_more_than_burst_and_refill(limit, pauses):
    found, _full_at = arrivals(limit, pauses)
    times = [time for time, admitted in found if admitted]
    for first in range(len(times)):
        for last in range(first, len(times)):
            count = last - first + 1
            most = limit.burst + (times[last] - times[first] + count * ROUNDING) / limit.gap
            assert count <= most + 1e-3


@given(st.integers(1, 600_000), st.integers(1, 500))
def test_a_full_bucket_lets_exactly_the_burst_through_at_once(per_minute, burst):
    limit = Limit(per_minute, burst)
    found, full_at = arrivals(limit, [0] * (burst + 3))
    admitted = sum(ok for _time, ok in found)
    assert burst * (1 - ROUNDING / limit.gap) - 1 <= admitted <= burst
    assert limit.take(full_at, START + limit.reach + limit.gap) is not None


@given(limits, st.lists(st.floats(0, 1), max_size=100))
def test_who_keeps_to_the_rate_is_never_refused(limit, more):
    found, _full_at = arrivals(limit, [limit.gap + SLACK + pause for pause in more])
    assert all(admitted for _time, admitted in found)


@given(limits, st.lists(st.floats(0, 2), min_size=1, max_size=100))
def test_the_told_wait_is_enough_and_no_longer_than_needed(limit, pauses):
    found, full_at = arrivals(limit, [*pauses, *[0] * limit.burst])
    now = found[-1][0]
    if limit.take(full_at, now) is None:
        wait = limit.retry_after(full_at - now)
        assert wait >= 1
        assert limit.take(full_at, now + wait + SLACK) is not None
        assert wait == 1 or limit.take(full_at, now + wait - 1 - SLACK) is None


def test_a_clock_that_jumps_back_does_not_lock_out_for_long():
    limit = Limit(60, 5)
    full_at = limit.take(START + 100, START + 100)
    assert limit.take(full_at, START) is None
    assert limit.retry_after(full_at - START) == 97  # 101 s ahead, of which 5 may be


@pytest.mark.parametrize("numbers", [(0, 5), (-1, 5), (60, 0)])
def test_what_lets_nothing_through_is_no_limit(numbers):
    with pytest.raises(ValueError, match="lets something"):
        Limit(*numbers)


@given(limits, st.floats(-5, 5), st.integers(1, 50))
def test_several_tokens_cost_what_as_many_single_ones_do(limit, ahead, count):
    roomy = Limit(limit.per_minute, limit.burst + 60)
    full_at = single = START + min(ahead, limit.reach)
    for _token in range(count):
        single = roomy.take(single, START)
    together = roomy.take(full_at, START, count)
    assert abs(together - single) <= (count + 1) * ROUNDING
    after = limit.take(full_at, START, count)
    if after is None:
        assert limit.retry_after(max(full_at - START, 0), count) >= 1
    else:
        assert after == together and after <= START + limit.reach
