"""The retry schedule: 72 hours, spread, never past its end."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.retry import JITTER, WINDOW, next_delay

START = datetime(2026, 11, 3, 12, tzinfo=UTC)


class Middle:
    """No jitter."""

    @staticmethod
    def uniform(low, high):
        return (low + high) / 2


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [(0, 5), (1, 5), (2, 30), (3, 120), (4, 600), (5, 1800), (6, 3600), (7, 7200), (8, 14400)]
    + [(attempt, 28800) for attempt in (9, 10, 50, 10**9)],
)
def test_schedule(attempt, seconds):
    assert next_delay(attempt, START, START, Middle) == timedelta(seconds=seconds)


@given(st.integers(1, 100), st.floats(0, 80 * 3600), st.integers())
def test_delay_stays_inside_jitter_and_window(attempt, seconds, seed):
    now = START + timedelta(seconds=seconds)
    delay = next_delay(attempt, START, now, random.Random(seed))
    remaining = WINDOW - (now - START)
    if remaining <= timedelta(0):
        assert delay is None
        return
    plain = next_delay(attempt, START, START, Middle)
    assert timedelta(0) < delay <= min(plain * (1 + JITTER), remaining)
    assert delay >= min(plain * (1 - JITTER), remaining)


@given(st.integers())
def test_the_last_try_is_at_the_end_of_72_hours(seed):
    rng, now, attempts = random.Random(seed), START, 0
    while (delay := next_delay(attempts + 1, START, now, rng)) is not None:
        now, attempts = now + delay, attempts + 1
    assert now == START + timedelta(hours=72)
    assert 15 <= attempts <= 20


def test_a_clock_that_was_set_back_does_not_lengthen_the_window():
    delay = next_delay(99, START, START - timedelta(days=30), Middle)
    assert delay == timedelta(hours=8)


def test_naive_times_of_odoo_work_too():
    naive = START.replace(tzinfo=None)
    assert next_delay(1, naive, naive + WINDOW, Middle) is None
