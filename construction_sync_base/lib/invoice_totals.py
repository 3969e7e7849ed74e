"""Do the totals of an invoice add up, and what goes to the rounding line.

Rule: contract, "Money and measure" 3, 4, 8 and 11:
total = untaxed + tax + rounding, Σ lines = untaxed, and
payable = total − retention + retention released − Σ deductions.
A difference within the company's rounding tolerance is booked on its rounding line, more
than that is refused.
"""

# pylint: disable=prefer-env-translation
# There is no environment here: a model translates what `_` marks.

from dataclasses import dataclass
from decimal import Decimal

from .errors import AmountError, _
from .money import EXACT, PRICE_DECIMALS, round_half_up

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Header:
    """The totals as the document states them; `payable` None where it does not."""

    untaxed: Decimal
    tax: Decimal
    total: Decimal
    rounding: Decimal = ZERO
    retention: Decimal = ZERO
    released: Decimal = ZERO
    deductions: tuple = ()
    payable: Decimal | None = None


def payable(header):
    """What is to be paid now of the document."""
    return header.total - header.retention + header.released - sum(header.deductions, ZERO)


def rounding_line(header, amounts, tolerance):
    """The amount of the rounding line that makes lines and tax add up to the total, mostly 0.

    :param amounts: of the lines, without tax
    :param tolerance: the highest difference that may be booked away
    :raises AmountError: with both sides of the equation that does not hold
    """
    lines = sum(amounts, ZERO)
    if abs(header.untaxed - lines) > tolerance:
        raise _apart(
            _("The lines add up to %(found)s, the untaxed amount is %(told)s: %(apart)s apart."),
            lines,
            header.untaxed,
        )
    stated = header.untaxed + header.tax + header.rounding
    if abs(header.total - stated) > tolerance:
        raise _apart(
            _("Untaxed, tax and rounding are %(found)s, the total is %(told)s: %(apart)s apart."),
            stated,
            header.total,
        )
    rounding = header.total - header.tax - lines
    if abs(rounding) > tolerance:
        raise _apart(
            _("Lines and tax add up to %(found)s, the total is %(told)s: %(apart)s apart."),
            lines + header.tax,
            header.total,
        )
    return rounding


def check_payable(header):
    """:raises AmountError: a stated amount payable that differs, or one below zero"""
    found = payable(header)
    if header.payable is not None and found != header.payable:
        raise _apart(
            _(
                "Total less retention and deductions is %(found)s, the amount payable is "
                "%(told)s: %(apart)s apart."
            ),
            found,
            header.payable,
        )
    if found < 0:
        raise AmountError(
            _("Retention and deductions are higher than the total: %(found)s is left to pay."),
            found=found,
        )
    return found


def check_tax(header, amounts, tolerance):
    """:raises AmountError: the taxes told one by one are not the tax of the document

    :param amounts: tax of each line, or of each entry of `taxes`; empty where none is told
    """
    found = sum(amounts, ZERO)
    if amounts and abs(found - header.tax) > tolerance:
        raise _apart(
            _("The taxes add up to %(found)s, the tax amount is %(told)s: %(apart)s apart."),
            found,
            header.tax,
        )


def effective_price(amount, quantity, price, discount, decimals):
    """(price, discount percent) with which quantity gives exactly the amount: those of the
    document where they do, else the price that the amount stands for and no discount."""
    if price is not None:
        net = EXACT.multiply(EXACT.multiply(quantity, price), 1 - discount / 100)
        if round_half_up(net, decimals) == amount:
            return price, discount
    return round_half_up(EXACT.divide(amount, quantity), PRICE_DECIMALS), ZERO


def _apart(text, found, told):
    return AmountError(text, found=found, told=told, apart=abs(found - told))
