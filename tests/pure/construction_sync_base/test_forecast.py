"""Forecast to complete, at completion, fade and buyout."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import budget, forecast

D = Decimal
cents = st.integers(-(10**12), 10**12).map(lambda n: Decimal(n).scaleb(-2))
positive = st.integers(0, 10**12).map(lambda n: Decimal(n).scaleb(-2))


@pytest.mark.parametrize(
    ("method", "projected", "amount", "expected", "completion", "over"),
    [
        ("automatic", 95_000, 0, 20_000, 115_000, 0),
        ("manual", 95_000, 25_000, 25_000, 120_000, -5_000),
        ("automatic", 118_000, 0, 0, 118_000, -3_000),
    ],
)
def test_vf1(method, projected, amount, expected, completion, over):
    """100,000 + 5,000 + 10,000 of budget; 12,000 direct, the rest committed and pending."""
    revised, actual = D(115_000), D(12_000)
    committed = projected - actual
    coming = forecast.to_complete(method, revised, actual, committed, amount=D(amount))
    assert coming == expected
    total = forecast.at_completion(actual, committed, coming)
    assert total == completion
    assert revised - total == over


def test_vf2_a_bill_against_a_commitment_counts_once():
    committed, billed = D(50_000), D(20_000)  # gross: 18,000 payable and 2,000 retained
    still_open = budget.open_amount(committed, billed, D(0))
    assert still_open == 30_000
    assert forecast.at_completion(billed, still_open, D(0)) == 50_000


@given(cents, cents, cents, cents)
def test_lump_sum_is_the_cost_at_completion(revised, actual, committed, amount):
    coming = forecast.to_complete("lump_sum", revised, actual, committed, amount=amount)
    assert forecast.at_completion(actual, committed, coming) == amount


@given(cents, cents, cents, cents)
def test_an_estimate_counts_from_the_cost_to_date(revised, actual, committed, amount):
    coming = forecast.to_complete("estimate", revised, actual, committed, amount=amount)
    assert forecast.at_completion(actual, committed, coming) == actual + amount


@given(positive, cents, cents)
def test_automatic_is_the_larger_of_budget_and_projected(revised, actual, committed):
    coming = forecast.to_complete("automatic", revised, actual, committed)
    total = forecast.at_completion(actual, committed, coming)
    assert total == max(revised, actual + committed)


@given(positive, cents, cents)
def test_automatic_of_a_discount_mirrors_it(revised, actual, committed):
    coming = forecast.to_complete("automatic", -revised, -actual, -committed)
    total = forecast.at_completion(-actual, -committed, coming)
    if revised:
        assert total == -max(revised, actual + committed)


def test_per_unit():
    coming = forecast.to_complete(
        "per_unit", D(0), D(0), D(0), units=D("12.5"), unit_cost=D("80.00")
    )
    assert coming == D("1000.000")


def test_unknown_method():
    with pytest.raises(ValueError, match="guess"):
        forecast.to_complete("guess", D(0), D(0), D(0))


def test_fade():
    assert forecast.fade(D(120), D(115)) == 5
    assert forecast.fade(D(110), D(115)) == -5


@given(positive, positive, st.booleans())
def test_buyout_adds_up(revised, awarded, bought_out):
    to_award, saving = forecast.buyout(revised, awarded, bought_out)
    assert awarded + to_award + saving == revised
    assert to_award >= 0
    assert not (bought_out and to_award)
