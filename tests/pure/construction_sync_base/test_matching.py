"""Bill lines against order and receipt: construction finance 2.9, vectors V-M1 and V-M2."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import budget, matching
from odoo.addons.construction_sync_base.lib.matching import Line, Tolerance, match

D = Decimal
cents = st.integers(0, 10**10).map(lambda n: D(n).scaleb(-2))
percents = st.integers(0, 10**4).map(lambda n: D(n).scaleb(-2))
tolerances = st.builds(
    Tolerance,
    kind=st.sampled_from(matching.TOLERANCES),
    value=percents,
    limit=cents,
    action=st.sampled_from(matching.ACTIONS),
)

NONE = Tolerance(action="block")
FLAT = Tolerance("flat", D(100), action="block")
PERCENT = Tolerance("percent", D(2), action="block")
CAPPED = Tolerance("percent_nte", D(2), D(150), "block")


def lump(this_bill, billed=9000, ordered=10000, **more):
    return Line(ordered=D(ordered), billed_before=D(billed), this_bill=D(this_bill), **more)


def priced(quantity, price, *, before=0, ordered=10, received=0, receipt=False, agreed=5):
    """A unit line of 10 at 5 that was billed at the agreed price before."""
    return Line(
        ordered=D(ordered) * D(agreed),
        billed_before=D(before) * D(agreed),
        this_bill=D(quantity) * D(price),
        received=D(received) * D(agreed),
        unit=True,
        receipt=receipt,
        price=D(agreed),
        ordered_quantity=D(ordered),
        received_quantity=D(received),
        billed_quantity=D(before),
        this_quantity=D(quantity),
    )


@pytest.mark.parametrize(
    ("tolerance", "allowed"), [(CAPPED, 1150), (FLAT, 1100), (NONE, 1000), (PERCENT, 1200)]
)
def test_v_m1(tolerance, allowed):
    """Line 10,000, billed 9,000: what may come at most, and a cent more."""
    assert match(lump(allowed), tolerance, 2).allowed == allowed
    assert match(lump(allowed), tolerance, 2).verdict == "match"
    beyond = match(lump(D(allowed) + D("0.01")), tolerance, 2)
    assert beyond.verdict == "block"
    assert beyond.faults == {"amount": D(allowed) + D("0.01") - 1000}


def test_v_m2():
    """Available 500, an order of 700 is 200 over; nothing budgeted is nothing available."""
    available = budget.available(D(10000), D(6000), D(3500), D(0))
    assert available == 500
    assert D(700) - available == 200
    assert budget.available(D(0), D(0), D(0), D(0)) == 0


def test_the_arithmetic_is_in_the_result():
    result = match(lump(1100), FLAT, 2)
    assert (result.method, result.ordered, result.billed_before) == ("commitment", 10000, 9000)
    assert (result.remaining, result.tolerance, result.over) == (1000, 100, 100)
    assert result.verdict == "match"


def test_the_tolerance_is_not_used_again_by_the_next_bill():
    """After a bill that took the tolerance nothing is left, not another tolerance."""
    assert match(lump(50, billed=10100), FLAT, 2).faults == {"amount": 150}
    assert match(lump("0.01", billed=10150), CAPPED, 2).verdict == "block"


@given(tolerances, st.lists(cents, min_size=1, max_size=8), cents)
def test_never_accumulating(tolerance, bills, ordered):
    """However the sum is cut into bills, all that pass together keep to one tolerance."""
    billed = D(0)
    for amount in bills:
        result = match(lump(amount, billed, ordered), tolerance, 2)
        if not result.faults:
            billed += amount
    assert billed <= ordered + tolerance.amount(ordered, 2)


@given(tolerances, cents, cents, cents)
def test_the_mirror_image(tolerance, ordered, billed, this_bill):
    """A deductive line is judged as the positive one with its signs turned."""
    plus = match(lump(this_bill, billed, ordered), tolerance, 2)
    if ordered:
        minus = match(lump(-this_bill, -billed, -ordered), tolerance, 2)
        assert (minus.faults, minus.verdict, minus.over) == (plus.faults, plus.verdict, plus.over)


@given(tolerances, cents, cents, cents)
def test_what_is_within_the_remaining_always_passes(tolerance, ordered, billed, this_bill):
    result = match(lump(this_bill, billed, ordered), tolerance, 2)
    assert bool(result.faults) == (this_bill > 0 and this_bill > result.allowed)


def test_two_way_quantity_and_price():
    assert match(priced(10, 5), NONE, 2).verdict == "match"
    assert match(priced(10, 5), NONE, 2).method == "two_way"
    assert match(priced(3, 5, before=8), NONE, 2).faults == {"amount": 5, "quantity": 5}
    assert match(priced(4, 6), NONE, 2).faults == {"price": 4}
    assert match(priced(4, "5.25"), Tolerance("flat", D(1), action="warn"), 2).verdict == "match"


def test_too_cheap_before_does_not_pay_for_too_dear_now():
    line = Line(D(50), D(8), D(24), unit=True, price=D(5), ordered_quantity=D(10),
                billed_quantity=D(2), this_quantity=D(4))  # fmt: skip
    assert match(line, NONE, 2).faults == {"price": 4}


def test_price_differences_add_up():
    """Three bills of a cent too much each are three cents, not a cent three times."""
    penny = Tolerance("flat", D("0.02"), action="block")
    line = Line(D(50), D("10.02"), D("5.01"), unit=True, price=D(5), ordered_quantity=D(10),
                billed_quantity=D(2), this_quantity=D(1))  # fmt: skip
    assert match(line, penny, 2).faults == {"price": D("0.03")}


def test_three_way():
    short = match(priced(6, 5, received=4, receipt=True), NONE, 2)
    assert (short.method, short.faults, short.remaining) == ("three_way", {"receipt": 10}, 20)
    over_received = match(priced(12, 5, received=12, receipt=True), NONE, 2)
    assert over_received.faults == {"amount": 10, "quantity": 10}
    lump_sum = match(lump(600, billed=0, received=D(500), receipt=True), NONE, 2)
    assert lump_sum.faults == {"receipt": 100}


def test_credits():
    assert match(lump(-9000), FLAT, 2).verdict == "match"
    assert match(lump("-9000.01"), FLAT, 2).faults == {"credit": D("0.01")}


def test_cost_without_an_order():
    result = matching.unordered(D(70), Tolerance(action="warn"))
    assert (result.method, result.faults, result.verdict) == ("direct", {"unordered": 70}, "warn")
    assert matching.unordered(D(-70), NONE).verdict == "match"


def test_the_strictest_line_decides():
    assert matching.worst(["match", "warn", "none"]) == "warn"
    assert matching.worst(["block", "warn"]) == "block"
    assert matching.worst([]) == "match"
