"""The cost formulas of the accounting rules."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.budget import (
    alert_level,
    available,
    committed_line,
    for_work,
    open_amount,
)

cents = st.integers(-(10**12), 10**12).map(lambda n: Decimal(n).scaleb(-2))


def test_accrual_example():
    """100,000 committed, 40,000 billed, 55 percent in place: projected stays 100,000."""
    committed, billed, accrued = Decimal(100_000), Decimal(40_000), Decimal(15_000)
    still_open = open_amount(committed, billed, accrued)
    assert still_open == 45_000
    assert billed + accrued + still_open == committed


@given(cents, cents, cents, cents)
def test_available_and_used_are_the_budget(revised, actual, still_open, pending):
    assert (
        available(revised, actual, still_open, pending) + actual + still_open + pending == revised
    )


@given(cents, cents)
def test_a_bill_moves_cost_from_open_to_actual(committed, billed):
    before = available(committed, Decimal(0), open_amount(committed, Decimal(0), Decimal(0)), 0)
    after = available(committed, billed, open_amount(committed, billed, Decimal(0)), 0)
    assert before == after == 0


@pytest.mark.parametrize(
    ("revised", "used", "level"),
    [
        ("1000", "799.99", 0),
        ("1000", "800", 80),
        ("1000", "899.99", 80),
        ("1000", "900", 90),
        ("1000", "999.99", 90),
        ("1000", "1000", 100),
        ("1000", "5000", 100),
        ("1000", "-5", 0),
        ("0", "0", 0),
        ("0", "0.01", 100),
        ("0", "-1", 0),
        ("-10", "0", 100),
        ("-10", "-10", 0),
        ("0.03", "0.024", 80),
    ],
)
def test_levels(revised, used, level):
    assert alert_level(Decimal(revised), Decimal(used)) == level


@given(cents, cents, cents)
def test_more_used_never_lowers_the_level(revised, a, b):
    assert alert_level(revised, min(a, b)) <= alert_level(revised, max(a, b))


@given(cents.filter(lambda n: n > 0), cents)
def test_over_budget_is_level_100(revised, used):
    over = available(revised, used, Decimal(0), Decimal(0)) <= 0
    assert (alert_level(revised, used) == 100) == over


@pytest.mark.parametrize(
    ("revised", "released", "billed", "final", "committed"),
    [
        (1000, 0, 400, False, 1000),
        (1000, 600, 400, False, 400),  # closing released the rest
        (1000, 1000, 250, False, 250),  # a late bill takes its release back
        (1000, 0, 1200, False, 1200),  # a bill beyond the order does not hide
        (-100, 0, 0, False, -100),
        (-100, 0, -150, False, -150),
        (-100, -60, -40, False, -40),
        (1000, 600, 300, True, 300),  # nothing is open after the final close
    ],
)
def test_committed_line(revised, released, billed, final, committed):
    assert committed_line(revised, released, billed, final) == committed
    assert open_amount(committed, billed, 0) * (-1 if revised < 0 else 1) >= 0


@given(cents, cents)
def test_a_reserve_is_no_budget_for_work(left, reserve):
    found = for_work(left, reserve)
    assert found <= left
    assert found == (left - reserve if reserve > 0 else left)


def test_an_overdrawn_reserve_lends_nothing():
    assert for_work(Decimal(100), Decimal(-30)) == 100
