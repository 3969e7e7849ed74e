"""What one company charges another, and what of two sides has no counterpart."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import intercompany

D = Decimal
amounts = st.decimals("-1000000", "1000000", places=2, allow_nan=False)
rates = st.decimals("-99", "500", places=4, allow_nan=False)


@pytest.mark.parametrize(
    ("basis", "cost", "quantity", "rate", "due"),
    [
        ("cost", "100.00", "3", "50", "100.00"),
        ("percent", "33.33", "0", "10", "36.66"),
        ("percent", "-33.35", "0", "10", "-36.69"),  # half away from zero
        ("unit", "600.00", "7.5", "95.55", "716.63"),
        ("unit", "0.00", "-2", "120", "-240.00"),
    ],
)
def test_written_cases(basis, cost, quantity, rate, due):
    assert intercompany.charge(basis, D(cost), D(quantity), D(rate), 2) == D(due)


def test_another_basis_is_refused():
    with pytest.raises(ValueError, match="agreed"):
        intercompany.charge("agreed", D(1), D(1), D(1), 2)


@given(amounts, rates)
def test_a_reversal_charges_what_was_charged(cost, rate):
    due = intercompany.charge("percent", cost, D(0), rate, 2)
    assert intercompany.charge("percent", -cost, D(0), rate, 2) == -due


@given(amounts, st.lists(st.tuples(amounts, amounts), max_size=5))
def test_the_books_balance(due, parts):
    costs, profits = [c for c, _p in parts], [p for _c, p in parts]
    left = intercompany.exchange(due, costs, profits)
    assert due - sum(costs) - sum(profits) - left == 0


items = st.lists(
    st.tuples(st.sampled_from([None, 1, 2, 3]), st.integers(-3, 3).map(D), st.just("x")),
    max_size=8,
)


@given(items, items)
def test_what_is_left_is_the_difference(ours, theirs):
    def total(rows):
        return sum(amount for _key, amount, _what in rows)

    left = intercompany.unmatched(ours, theirs)
    assert total(left[0]) - total(left[1]) == total(ours) - total(theirs)
    for rows, all_rows in zip(left, (ours, theirs), strict=True):
        assert all(row in all_rows for row in rows)


def test_pairs_and_payments_are_no_difference():
    ours = [(7, D(100), "pair"), (None, D(-100), "cash in"), (None, D(5), "stray")]
    theirs = [(None, D(-100), "cash out"), (7, D(100), "pair")]
    assert intercompany.unmatched(ours, theirs) == ([(None, D(5), "stray")], [])
    assert intercompany.unmatched([(7, D(100), "pair")], [(7, D(90), "pair")]) == (
        [(7, D(100), "pair")],
        [(7, D(90), "pair")],
    )
