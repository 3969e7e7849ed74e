"""Recoding of posted cost: the journal items of a transfer, and how much of a posted item
may still be moved. Amounts are Decimals in company currency; a cost is positive.
"""

from decimal import Decimal


def left_of(balance, moved):
    """What of a posted item stands where it was booked, after `moved` was taken away."""
    return balance - sum(moved, Decimal(0))


def fits(amount, left):
    """Whether `amount` can be taken of what is left: the same sign, and no more than it."""
    return bool(amount) and amount * left > 0 and abs(amount) <= abs(left)


def items(lines):
    """[(account, coding key, amount)] of the entry: each line leaves its old key and comes on
    its new one, on the same account, so that every account adds up to zero.

    :param lines: iterable of (account, old key, new key, amount)
    """
    found = []
    for account, old, new, amount in lines:
        found += [(account, old, -amount), (account, new, amount)]
    return found
