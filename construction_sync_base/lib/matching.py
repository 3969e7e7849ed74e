"""Compare one line of a bill with what was ordered, received and billed before.

Amounts are in the order's currency, without tax and gross of retention and deductions.
The tolerance is a share of the line's own commitment amount and is never used up bill by
bill: what counts is everything billed of the line so far, this bill included, against its
commitment amount plus one tolerance (construction finance, V-M1).

A line of a credit, or of a deductive order line, is the mirror image: signs are turned so
that the order is positive, and a credit is at most what was billed before.
"""

from dataclasses import dataclass
from decimal import Decimal

from .money import EXACT, round_half_up

ZERO = Decimal(0)
TOLERANCES = ("none", "flat", "percent", "percent_nte")
ACTIONS = ("none", "warn", "block")

TWO_WAY = "two_way"  # order and bill
THREE_WAY = "three_way"  # order, receipt and bill
COMMITMENT = "commitment"  # value of a lump sum against its scheduled value
DIRECT = "direct"  # cost without an order

PRICE = "price"
QUANTITY = "quantity"
AMOUNT = "amount"
RECEIPT = "receipt"
CREDIT = "credit"
UNORDERED = "unordered"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What a bill may exceed its line by, and what happens beyond it.

    :param kind: one of `TOLERANCES`
    :param value: amount of `flat`; percent, 0 to 100, of the others
    :param limit: highest amount of `percent_nte`
    :param action: one of `ACTIONS`
    """

    kind: str = "none"
    value: Decimal = ZERO
    limit: Decimal = ZERO
    action: str = "warn"

    def amount(self, commitment_amount, decimals):
        """The tolerance of a line with this commitment amount, never negative."""
        if self.kind == "none":
            return ZERO
        if self.kind == "flat":
            return self.value
        share = EXACT.multiply(abs(commitment_amount), self.value) / 100
        share = round_half_up(share, decimals)
        return min(share, self.limit) if self.kind == "percent_nte" else share


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of one bill line. Amounts carry the sign of the books: a credit is negative.

    :param unit: priced by unit: quantities and price count; else amounts alone
    :param receipt: what was received counts as well (three-way)
    :param price: of one unit as ordered
    """

    ordered: Decimal
    billed_before: Decimal
    this_bill: Decimal
    received: Decimal = ZERO
    unit: bool = False
    receipt: bool = False
    price: Decimal = ZERO
    ordered_quantity: Decimal = ZERO
    received_quantity: Decimal = ZERO
    billed_quantity: Decimal = ZERO
    this_quantity: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Result:
    """The arithmetic of a line.

    :param remaining: what could still be billed of it before this bill, without tolerance
    :param over: the most by which one of the checks exceeds the order; 0 where none does
    :param faults: {check: amount over} of every check beyond the tolerance
    :param verdict: `match`, or the action of the tolerance where there are faults
    """

    method: str
    ordered: Decimal
    received: Decimal
    billed_before: Decimal
    this_bill: Decimal
    remaining: Decimal
    tolerance: Decimal
    over: Decimal
    faults: dict
    verdict: str

    @property
    def allowed(self):
        """The highest amount this bill could have had."""
        return self.remaining + self.tolerance


def match(line, tolerance, decimals):
    """Match one bill line.

    :param line: `Line`
    :param tolerance: `Tolerance` that holds for this kind of line
    :param decimals: of the currency
    :return: `Result`
    """
    sign = -1 if line.ordered < 0 else 1
    allowance = tolerance.amount(line.ordered, decimals)
    overs = {}
    if sign * line.this_bill < 0:
        overs = _credit(line, sign)
    elif line.this_bill or line.this_quantity:
        overs = _overs(line, sign, decimals)
    faults = {
        check: over
        for check, over in overs.items()
        if over > (ZERO if check == CREDIT else allowance)
    }
    basis = line.ordered
    if line.receipt and sign * line.received < sign * basis:
        basis = line.received
    return Result(
        method=_method(line),
        ordered=line.ordered,
        received=line.received,
        billed_before=line.billed_before,
        this_bill=line.this_bill,
        remaining=basis - line.billed_before,
        tolerance=allowance,
        over=max(overs.values(), default=ZERO),
        faults=faults,
        verdict=_verdict(faults, tolerance),
    )


def unordered(this_bill, tolerance):
    """The result of a cost line without an order: nothing was agreed, so all of it is over."""
    over = max(this_bill, ZERO)
    faults = {UNORDERED: over} if over else {}
    return Result(
        DIRECT, ZERO, ZERO, ZERO, this_bill, ZERO, ZERO, over, faults, _verdict(faults, tolerance)
    )


def worst(verdicts):
    """What holds for the whole bill: the strictest of its lines."""
    return max(verdicts, key=("match", "none", "warn", "block").index, default="match")


def _method(line):
    if line.receipt:
        return THREE_WAY
    return TWO_WAY if line.unit else COMMITMENT


def _verdict(faults, tolerance):
    return tolerance.action if faults else "match"


def _credit(line, sign):
    return _positive({CREDIT: -sign * (line.billed_before + line.this_bill)})


def _overs(line, sign, decimals):
    """{check: by how much it is exceeded, without tolerance}, of what is exceeded."""
    billed = line.billed_before + line.this_bill
    overs = {AMOUNT: sign * (billed - line.ordered)}
    if not line.unit:
        if line.receipt:
            overs[RECEIPT] = sign * (billed - line.received)
        return _positive(overs)
    quantity = line.billed_quantity + line.this_quantity
    overs[QUANTITY] = _worth(line, sign, quantity - line.ordered_quantity, decimals)
    if line.receipt:
        overs[RECEIPT] = _worth(line, sign, quantity - line.received_quantity, decimals)
    before = sign * line.billed_before - _worth(line, sign, line.billed_quantity, decimals)
    dearer = sign * line.this_bill - _worth(line, sign, line.this_quantity, decimals)
    # what was billed too cheaply before is no reason to pay more now
    overs[PRICE] = dearer + max(before, ZERO) if dearer > 0 else ZERO
    return _positive(overs)


def _worth(line, sign, quantity, decimals):
    """A quantity at the ordered price, turned so that the order is positive."""
    return sign * round_half_up(EXACT.multiply(quantity, line.price), decimals)


def _positive(overs):
    return {check: over for check, over in overs.items() if over > 0}
