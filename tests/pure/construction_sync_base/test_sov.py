"""Schedule-of-values lines: contract, "Money and measure" 8 and 14; row 61."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.errors import AmountError
from odoo.addons.construction_sync_base.lib.money import EXACT, round_half_up
from odoo.addons.construction_sync_base.lib.sov import check_total, line_method


def method(pricing, quantity, unit_cost, amount, decimals=2):
    numbers = [None if n is None else Decimal(n) for n in (quantity, unit_cost, amount)]
    return line_method(pricing, *numbers, decimals)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (("unit", "10", "12.50", "125.00"), "unit"),
        ((None, "10", "12.50", "125.00"), "unit"),
        (("unit", "3", "33.333333", "100.00"), "unit"),
        (("unit", "3", "33.33", "100.00"), "amount"),
        (("unit", "3", "33.34", "100.01"), "amount"),
        (("unit", "-2", "50", "-100"), "unit"),
        (("unit", "0.001", "5", "0.01"), "unit"),
        (("lump_sum", "10", "12.50", "999.00"), "amount"),
        (("milestone", "10", "1", "999.00"), "amount"),
        ((None, None, None, "999.00"), "amount"),
        ((None, "0", "5", "999.00"), "amount"),
        ((None, "10", None, "999.00"), "amount"),
        (("unit", None, "5", "999.00"), "amount"),
        (("unit", "0", "5", "999.00"), "amount"),
        (("unit", "3", "333", "1000", 0), "amount"),
    ],
)
def test_methods(case, expected):
    if case == ("unit", "3", "333", "1000", 0):
        assert method("unit", "3", "333", "999", 0) == "unit"
    assert method(*case) == expected


@pytest.mark.parametrize(
    "case",
    [
        ("unit", "3", "33.33", "100.01"),
        (None, "10", "12.50", "126.00"),
        ("unit", "2", "50", "-100"),
        ("unit", "2", None, "100"),
        ("unit", "3", "333", "1001", 0),
    ],
)
def test_price_and_amount_contradict(case):
    with pytest.raises(AmountError):
        method(*case)


numbers = st.integers(1, 10**16).map(Decimal)


@given(numbers.map(lambda n: n.scaleb(-6)), numbers.map(lambda n: n.scaleb(-8)), st.integers(-3, 3))
def test_one_minor_unit_is_the_limit(quantity, unit_cost, cents):
    amount = round_half_up(EXACT.multiply(quantity, unit_cost), 2) + Decimal(cents).scaleb(-2)
    if abs(cents) > 1:
        with pytest.raises(AmountError):
            line_method("unit", quantity, unit_cost, amount, 2)
    else:
        expected = "amount" if cents else "unit"
        assert line_method("unit", quantity, unit_cost, amount, 2) == expected


def test_61_total():
    lines = [Decimal("0.10"), Decimal("0.20"), Decimal("-0.05")]
    assert check_total(Decimal("0.25"), lines) == check_total(None, lines) == Decimal("0.25")
    assert check_total(None, []) == 0
    with pytest.raises(AmountError, match=r"0\.01"):
        check_total(Decimal("0.26"), lines)
