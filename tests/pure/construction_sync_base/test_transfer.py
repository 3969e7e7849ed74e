"""Cost transfers: no account changes, no item gives more than it has."""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.transfer import fits, items, left_of

cents = st.integers(-(10**12), 10**12).map(lambda n: Decimal(n).scaleb(-2))
keys = st.integers(1, 5)


@given(st.lists(st.tuples(st.integers(1, 3), keys, keys, cents)))
def test_every_account_adds_up_to_zero_and_each_key_moves_by_its_lines(lines):
    accounts, moved = defaultdict(Decimal), defaultdict(Decimal)
    for account, key, amount in items(lines):
        accounts[account] += amount
        moved[key] += amount
    assert not any(accounts.values())
    for key in range(1, 6):
        come = sum((line[3] for line in lines if line[2] == key), Decimal(0))
        gone = sum((line[3] for line in lines if line[1] == key), Decimal(0))
        assert moved[key] == come - gone


@given(cents, st.lists(cents, max_size=4), cents)
def test_what_fits_leaves_no_less_than_nothing(balance, moved, amount):
    left = left_of(balance, moved)
    if fits(amount, left):
        rest = left_of(balance, [*moved, amount])
        assert rest * left >= 0
        assert abs(rest) < abs(left)


@pytest.mark.parametrize(
    ("amount", "left", "verdict"),
    [
        ("100", "100", True),
        ("0.01", "100", True),
        ("100.01", "100", False),
        ("0", "100", False),
        ("-1", "100", False),
        ("-1", "-1", True),
        ("1", "-1", False),
        ("1", "0", False),
    ],
)
def test_limits(amount, left, verdict):
    assert fits(Decimal(amount), Decimal(left)) is verdict
