"""Totals of invoices: contract, "Money and measure" 3, 4, 8 and 11."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import invoice_totals
from odoo.addons.construction_sync_base.lib.errors import AmountError
from odoo.addons.construction_sync_base.lib.invoice_totals import Header
from odoo.addons.construction_sync_base.lib.money import round_half_up

D = Decimal
CENT = D("0.01")
cents = st.integers(-(10**8), 10**8).map(lambda n: D(n).scaleb(-2))
positive = st.integers(0, 10**8).map(lambda n: D(n).scaleb(-2))


@given(st.lists(cents, min_size=1, max_size=6), cents, cents)
def test_what_adds_up_needs_no_rounding(amounts, tax, rounding):
    untaxed = sum(amounts, D(0))
    assert invoice_totals.rounding_line(Header(untaxed, tax, untaxed + tax), amounts, D(0)) == 0
    stated = Header(untaxed, tax, untaxed + tax + rounding, rounding)
    assert invoice_totals.rounding_line(stated, amounts, abs(rounding)) == rounding


small = st.integers(-4, 4).map(lambda n: D(n).scaleb(-2))


@given(st.lists(cents, min_size=1, max_size=6), cents, small, small, small, small.map(abs))
def test_lines_tax_and_rounding_give_the_total(amounts, tax, off, apart, rounding, tolerance):
    lines = sum(amounts, D(0))
    total = lines + tax + off
    header = Header(lines + apart, tax, total, rounding)
    held = abs(off) <= tolerance and abs(apart) <= tolerance
    held = held and abs(off - apart - rounding) <= tolerance
    try:
        line = invoice_totals.rounding_line(header, amounts, tolerance)
    except AmountError:
        assert not held
    else:
        assert held
        assert lines + tax + line == total


@pytest.mark.parametrize(
    ("header", "tolerance", "expected"),
    [
        (Header(D("100.01"), D(0), D("100.01")), CENT, CENT),
        (Header(D(100), D(8), D("108.01")), CENT, CENT),
        (Header(D(100), D(8), D("107.99")), CENT, -CENT),
        (Header(D(100), D("8.02"), D(108), D("-0.02")), D("0.05"), D("-0.02")),
    ],
)
def test_a_cent_goes_to_the_rounding_line(header, tolerance, expected):
    assert invoice_totals.rounding_line(header, [D(60), D(40)], tolerance) == expected


@pytest.mark.parametrize(
    "header",
    [
        Header(D("100.02"), D(0), D("100.02")),
        Header(D(100), D(8), D("108.02")),
        Header(D("100.01"), D(8), D("108.02")),  # a cent twice is two cents
        Header(D(100), D(8), D(109), D(1)),  # stated as rounding, and far beyond it
    ],
)
def test_more_is_refused(header):
    with pytest.raises(AmountError, match="apart"):
        invoice_totals.rounding_line(header, [D(60), D(40)], CENT)


@given(positive, positive, positive, st.lists(positive, max_size=3))
def test_payable(total, retention, released, deductions):
    header = Header(total, D(0), total, D(0), retention, released, tuple(deductions))
    found = invoice_totals.payable(header)
    assert found + retention + sum(deductions, D(0)) == total + released
    if found < 0:
        with pytest.raises(AmountError, match="left to pay"):
            invoice_totals.check_payable(header)
    else:
        assert invoice_totals.check_payable(header) == found


def test_a_payable_that_differs_by_a_cent():
    header = Header(D(50000), D(0), D(50000), D(0), D(10000), D(600), (D(100),), D("40500.01"))
    with pytest.raises(AmountError, match="is 40500, the amount payable is 40500.01"):
        invoice_totals.check_payable(header)


def test_tax_of_the_lines():
    header = Header(D(100), D(8), D(108))
    invoice_totals.check_tax(header, [], D(0))
    invoice_totals.check_tax(header, [D(5), D("3.01")], CENT)
    with pytest.raises(AmountError, match="add up to 7, the tax amount is 8"):
        invoice_totals.check_tax(header, [D(5), D(2)], CENT)


@given(
    st.integers(1, 10**6).map(lambda n: D(n).scaleb(-2)),
    st.integers(1, 10**8).map(lambda n: D(n).scaleb(-4)),
    st.integers(0, 99).map(D),
    st.integers(-1, 1),
)
def test_the_price_gives_the_amount(quantity, price, discount, off):
    amount = round_half_up(quantity * price * (1 - discount / 100), 2) + off * CENT
    found, percent = invoice_totals.effective_price(amount, quantity, price, discount, 2)
    assert round_half_up(quantity * found * (1 - percent / 100), 2) == amount
    if not off:
        assert (found, percent) == (price, discount)
