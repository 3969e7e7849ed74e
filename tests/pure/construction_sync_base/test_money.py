"""Money and measure: contract rules 1, 2, 10, 11; fault catalogue rows 60 and 64."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import money
from odoo.addons.construction_sync_base.lib.errors import AmountError
from odoo.addons.construction_sync_base.lib.strict_json import JsonFloat, loads

decimals_of_currencies = st.sampled_from([0, 2, 3])


def amounts(places=2, bound=10**13):
    """Decimals with ``places`` decimals and an absolute value below ``bound``."""
    units = bound * 10**places - 1
    return st.integers(-units, units).map(lambda n: Decimal(n).scaleb(-places))


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        ("0.1", 2, "0.10"),
        ("12500.00", 2, "12500.00"),
        ("7", 0, "7"),
        (7, 2, "7.00"),
        ("1.5000000", 2, "1.50"),
        ("007.10", 2, "7.10"),
        ("-0", 2, "0.00"),
        ("-0.000", 2, "0.00"),
        ("1.234", 3, "1.234"),
        ("9999999999999.99", 2, "9999999999999.99"),
        (9999999999999, 2, "9999999999999.00"),
    ],
)
def test_60_accepted(value, decimals, expected):
    result = money.parse_amount(value, decimals)
    assert str(result) == expected


@pytest.mark.parametrize(
    "value",
    ["", " ", "1,234.56", "1e3", "1E3", "+1", "1.", ".5", "$5", "5 USD", " 5", "5\n", "--5", "0x10"]
    + ["NaN", "Infinity", "٣", "１", "1_000", "5-", "1" * 65, "0." + "0" * 70]
    + [None, True, False, 1.5, 5.0, float("nan"), [], {}, b"5", Decimal(5)]
    + [JsonFloat("1.5"), JsonFloat("1e3"), JsonFloat("-0.0")],
)
def test_60_form(value):
    with pytest.raises(AmountError, match="plain decimal") as caught:
        money.parse_amount(value, 2, signed=True)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 120


def test_60_floats_of_the_wire():
    for body in (b"0.30000000000000004", b"1e3", b"-0.0", b"5.0"):
        with pytest.raises(AmountError):
            money.parse_amount(loads(body), 2)
    assert money.parse_amount(loads(b"5"), 2) == 5


@pytest.mark.parametrize(("value", "decimals"), [("1.001", 2), ("1.5", 0), ("0.0001", 3)])
def test_60_too_many_decimals_are_never_rounded(value, decimals):
    with pytest.raises(AmountError, match="decimals"):
        money.parse_amount(value, decimals)


@pytest.mark.parametrize("value", ["1" + "0" * 13, 10**13, 10**18, -(10**13), 10**99, "9" * 60])
def test_64_too_large(value):
    for parse in (money.parse_quantity, money.parse_price):
        with pytest.raises(AmountError, match="large"):
            parse(value, signed=True)


def test_sign():
    for value in ("-0.01", -1):
        with pytest.raises(AmountError, match="negative"):
            money.parse_amount(value, 2)
        assert money.parse_amount(value, 2, signed=True) < 0


def test_quantity_price_percent():
    assert str(money.parse_quantity("1.123456")) == "1.123456"
    assert str(money.parse_price("0.00000001")) == "1E-8"
    assert money.parse_quantity("-1", signed=True) == -1
    assert money.parse_percent("10") == 10 and money.parse_percent(100) == 100
    for parse, value in [
        (money.parse_quantity, "1.1234567"),
        (money.parse_price, "0.000000001"),
        (money.parse_price, "-1"),
        (money.parse_percent, "100.01"),
        (money.parse_percent, "-1"),
        (money.parse_percent, "10%"),
    ]:
        with pytest.raises(AmountError):
            parse(value)


@given(
    st.decimals(0, 10**13, places=8, allow_nan=False, allow_infinity=False)
    | st.decimals(0, 10**13, places=6, allow_nan=False, allow_infinity=False)
)
def test_what_is_read_fits_into_a_field(value):
    try:
        result = money.parse_price(f"{value:f}")
    except AmountError:
        return
    assert money.from_float(money.to_float(result, 8), 8) == value


@pytest.mark.parametrize(
    ("parse", "value"),
    [
        (money.parse_quantity, "9999999999999.123456"),
        (money.parse_price, "1234567890123.12345678"),
    ],
)
def test_more_digits_than_a_field_keeps_are_refused(parse, value):
    with pytest.raises(AmountError, match="more digits than can be kept"):
        parse(value)


@given(
    decimals_of_currencies.flatmap(
        lambda d: st.tuples(st.just(d), amounts(d, 10**13 if d < 3 else 10**12))
    )
)
def test_every_amount_is_read_exactly(case):
    decimals, value = case
    result = money.parse_amount(f"{value:f}", decimals, signed=True)
    assert result == value and not (result == 0 and result.is_signed())


@given(st.text() | st.text(st.sampled_from("0123456789.-+e,")), st.integers(0, 8))
def test_any_text_is_an_amount_or_an_amount_error(value, decimals):
    try:
        assert money.parse_amount(value, decimals, signed=True) == Decimal(value)
    except AmountError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("0.0049", "0.00"),
        ("-0.001", "0.00"),
        ("2.675", "2.68"),
    ],
)
def test_rounding_is_half_up(value, expected):
    assert str(money.round_half_up(Decimal(value), 2)) == expected


@given(amounts(8), st.integers(0, 8))
def test_rounding_moves_at_most_half_a_unit(value, decimals):
    result = money.round_half_up(value, decimals)
    assert abs(result - value) * 2 <= Decimal(1).scaleb(-decimals)
    assert money.round_half_up(-value, decimals) == -result


def spread(total, weights, decimals=2):
    return [str(s) for s in money.spread(Decimal(total), [Decimal(w) for w in weights], decimals)]


def test_spread_examples():
    assert spread("100", ["1", "1", "1"]) == ["33.34", "33.33", "33.33"]
    assert spread("-100", ["1", "1", "1"]) == ["-33.34", "-33.33", "-33.33"]
    assert spread("0.01", ["1", "1"]) == ["0.01", "0.00"]
    assert spread("0.05", ["10.00", "20.00", "30"]) == ["0.01", "0.02", "0.02"]
    assert spread("10", ["1", "2"], 0) == ["3", "7"]
    assert spread("90", ["100", "-10"]) == ["100.00", "-10.00"]
    assert spread("90", ["-100", "10"]) == ["100.00", "-10.00"]
    assert spread("0", ["0", "0"]) == ["0.00", "0.00"]
    assert spread("7", ["1E+2", "0"]) == ["7.00", "0.00"]
    assert spread("0", []) == []


@pytest.mark.parametrize(
    "case", [("1", []), ("1", ["0", "0"]), ("1", ["5", "-5"]), ("0.001", ["1"])]
)
def test_spread_refused(case):
    with pytest.raises(AmountError):
        spread(*case)


@given(amounts(), st.lists(amounts(3, 10**6), min_size=1, max_size=30))
def test_shares_add_up_and_are_fair(total, weights):
    assume(sum(weights))
    shares = money.spread(total, weights, 2)
    assert sum(shares) == total
    assert [-share for share in shares] == money.spread(-total, weights, 2)
    for share, weight in zip(shares, weights, strict=True):
        exact = money.EXACT.divide(money.EXACT.multiply(total, weight), sum(weights))
        assert abs(share - exact) <= Decimal("0.01")


@given(amounts(2, 10**12), st.integers(2, 3))
def test_money_goes_through_a_float_field_unchanged(value, decimals):
    result = money.to_float(value, decimals)
    assert isinstance(result, float) and money.from_float(result, decimals) == value


@pytest.mark.parametrize(
    ("value", "decimals"),
    [
        ("9999999999999.123456", 6),
        ("0.001", 2),
        ("1E+400", 2),
        ("NaN", 2),
        ("12345678901.12345678", 8),
    ],
)
def test_to_float_refuses_what_comes_back_changed(value, decimals):
    with pytest.raises(AmountError):
        money.to_float(Decimal(value), decimals)


def test_from_float_drops_binary_noise():
    assert str(money.from_float(0.1 + 0.2, 2)) == "0.30"
    assert str(money.from_float(-0.001, 2)) == "0.00"
    assert str(money.from_float(5, 2)) == "5.00"
    assert str(money.from_float(1e15, 2)) == "1000000000000000.00"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300])
def test_from_float_refused(value):
    with pytest.raises(AmountError):
        money.from_float(value, 2)


@given(st.floats())
def test_any_float_is_an_amount_or_an_amount_error(value):
    try:
        result = money.from_float(value, 2)
    except AmountError:
        return
    assert abs(Decimal(repr(value)) - result) <= Decimal("0.005")
