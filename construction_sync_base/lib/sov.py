"""Lines of a schedule of values: which of the two methods a line has, and their sum.

Rule: contract, "Money and measure" 8 and 14. A line's amount leads; a line is kept
by quantity and price only when those give the amount exactly.
"""

# pylint: disable=prefer-env-translation
# There is no environment here: a model translates what `_` marks.

from decimal import Decimal

from .errors import AmountError, _
from .money import EXACT, round_half_up

AMOUNT = "amount"
UNIT = "unit"


def line_method(pricing, quantity, unit_cost, amount, decimals):
    """The method of a line, UNIT or AMOUNT; AmountError when price and amount contradict.

    ``pricing`` as sent (None if absent: unit where there is a quantity and a price);
    ``quantity`` and ``unit_cost`` Decimal or None; ``decimals`` of the currency.
    """
    if pricing not in (UNIT, None) or not quantity:
        return AMOUNT
    if unit_cost is None:
        if pricing == UNIT:
            raise AmountError(_("a line priced by unit has no unit price"))
        return AMOUNT
    product = round_half_up(EXACT.multiply(quantity, unit_cost), decimals)
    difference = abs(amount - product)
    if difference > Decimal(1).scaleb(-decimals):
        raise AmountError(
            _("%(quantity)s x %(unit_cost)s is %(product)s, the line's amount is %(amount)s"),
            quantity=quantity,
            unit_cost=unit_cost,
            product=product,
            amount=amount,
        )
    return AMOUNT if difference else UNIT


def check_total(total, amounts):
    """The sum of the lines; AmountError when a header total is given and differs at all."""
    lines = sum(amounts, Decimal(0))
    if total is not None and lines != total:
        raise AmountError(
            _("The lines add up to %(lines)s, the total is %(total)s: %(difference)s apart."),
            lines=lines,
            total=total,
            difference=abs(total - lines),
        )
    return lines
