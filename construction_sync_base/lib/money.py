"""Numbers of the contract: taken in exactly, rounded only where a rule says so.

Money is Decimal here, on the wire and in every comparison (contract, "Money and
measure" 1, 2, 10 and 11). Odoo's fields are floats: ``to_float`` and ``from_float``
are the only way in and out, and refuse what a float would change. Results are
quantised to the decimals asked for and never negative zero.
"""

# pylint: disable=prefer-env-translation
# There is no environment here: a model translates what `_` marks.

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from math import isfinite

from .errors import AmountError, _
from .strict_json import JsonFloat

LIMIT = Decimal(10) ** 13  # beyond it a float field cannot hold two decimals
QUANTITY_DECIMALS = 6
PRICE_DECIMALS = 8
PERCENT_DECIMALS = 6
# Wide enough for the product of two numbers below LIMIT with 8 decimals each.
EXACT = Context(prec=80, rounding=ROUND_HALF_UP)

_FORM = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_MAX_LENGTH = 64


def parse_amount(value, decimals, *, signed=False):
    """An amount from a JSON string or integer; AmountError instead of any rounding.

    ``decimals`` are the currency's; trailing zeros beyond them do no harm.
    """
    number = _number(value)
    if abs(number) >= LIMIT:
        raise AmountError(_("%(value)s is too large"), value=_shown(value))
    result = round_half_up(number, decimals)
    if result != number:
        raise AmountError(
            _("%(value)s has more than %(decimals)s decimals"),
            value=_shown(value),
            decimals=decimals,
        )
    if result < 0 and not signed:
        raise AmountError(_("%(value)s must not be negative"), value=_shown(value))
    if from_float(float(result), decimals) != result:
        raise AmountError(_("%(value)s has more digits than can be kept"), value=_shown(value))
    return result


def parse_quantity(value, *, signed=False):
    """A quantity, at most 6 decimals."""
    return parse_amount(value, QUANTITY_DECIMALS, signed=signed)


def parse_price(value, *, signed=False):
    """A price or cost of one unit, at most 8 decimals."""
    return parse_amount(value, PRICE_DECIMALS, signed=signed)


def parse_percent(value):
    """A percentage from 0 to 100, at most 6 decimals: "10" is ten percent."""
    result = parse_amount(value, PERCENT_DECIMALS)
    if result > 100:
        raise AmountError(_("%(value)s is more than 100 percent"), value=_shown(value))
    return result


def _number(value):
    if isinstance(value, str) and not isinstance(value, JsonFloat):
        if len(value) <= _MAX_LENGTH and _FORM.fullmatch(value):
            return Decimal(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        if abs(value) < LIMIT:
            return Decimal(value)
        raise AmountError(_("the integer is too large"))
    raise AmountError(
        _("%(value)s is not a plain decimal in a string or an integer"), value=_shown(value)
    )


def _shown(value):
    """What a person may see of the sender's value: one line, short, as JSON tells it apart."""
    if isinstance(value, str) and not isinstance(value, JsonFloat):
        return repr(value[:40])
    return "nothing" if value is None else str(value)[:40]


def round_half_up(value, decimals):
    """The Decimal rounded half away from zero, the only rounding there is."""
    result = value.quantize(Decimal(1).scaleb(-decimals), context=EXACT)
    return result if result else abs(result)


def spread(total, weights, decimals):
    """Shares of ``total`` by ``weights`` that add up to it exactly.

    Largest remainder, ties by order (contract, "Money and measure" 11). Weights are
    Decimals, usually the lines' amounts, so single ones may be negative.
    """
    if round_half_up(total, decimals) != total:
        raise AmountError(
            _("%(value)s has more than %(decimals)s decimals"), value=total, decimals=decimals
        )
    places = max((-weight.as_tuple().exponent for weight in weights), default=0)
    parts = [int(weight.scaleb(max(places, 0), EXACT)) for weight in weights]
    whole = sum(parts)
    if not whole:
        if total:
            raise AmountError(
                _("%(value)s cannot be spread over lines that add up to 0"), value=total
            )
        return [round_half_up(total, decimals)] * len(parts)
    if whole < 0:
        whole, parts = -whole, [-part for part in parts]
    units = int(abs(total).scaleb(decimals, EXACT))
    shares, remainders = [], []
    for position, part in enumerate(parts):
        share, remainder = divmod(units * part, whole)
        shares.append(share)
        remainders.append((-remainder, position))
    for _remainder, position in sorted(remainders)[: units - sum(shares)]:
        shares[position] += 1
    sign = -1 if total < 0 else 1
    return [round_half_up(Decimal(sign * share).scaleb(-decimals), decimals) for share in shares]


def to_float(value, decimals):
    """The Decimal as a value for an Odoo field; AmountError when it would come back changed."""
    result = float(value)
    if not isfinite(result) or from_float(result, decimals) != value:
        raise AmountError(
            _("%(value)s does not fit into a field with %(decimals)s decimals"),
            value=value,
            decimals=decimals,
        )
    return result


def from_float(value, decimals):
    """An Odoo field's float as Decimal; binary noise disappears in the rounding."""
    if not isfinite(value):
        raise AmountError(_("%(value)s is not a number"), value=value)
    number = Decimal(repr(float(value)))
    if abs(number) >= LIMIT * LIMIT:
        raise AmountError(_("%(value)s is too large"), value=value)
    return round_half_up(number, decimals)
