"""What one company charges another for cost that it bore on the other's job.

Amounts are Decimals (accounting rules, "Intercompany"). What is charged stands in the currency
of the agreement; each company books it at its own rate.
"""

from decimal import Decimal

from .money import EXACT, round_half_up

ZERO = Decimal(0)
COST, PERCENT, UNIT = "cost", "percent", "unit"


def charge(basis, cost, quantity, rate, decimals):
    """What is due for one line, in the currency of the agreement, rounded once.

    :param basis: `cost` (what it cost), `percent` (cost and `rate` percent on it) or `unit`
        (`quantity` at the transfer price `rate`)
    :param cost: what it cost, already in the currency of the agreement
    :raises ValueError: another basis
    """
    if basis == COST:
        return round_half_up(cost, decimals)
    if basis == PERCENT:
        more = EXACT.divide(EXACT.multiply(cost, rate), Decimal(100))
        return round_half_up(EXACT.add(cost, more), decimals)
    if basis == UNIT:
        return round_half_up(EXACT.multiply(quantity, rate), decimals)
    raise ValueError(basis)


def exchange(due, costs, profits):
    """What the books of the performing company need besides, in its own currency: the claim at
    its rate less the cost it recovers and the profit on it. Negative is a loss."""
    return due - sum(costs, ZERO) - sum(profits, ZERO)


def unmatched(ours, theirs):
    """What of the items of the two sides has no counterpart, so that its sum is the difference
    between the sides.

    :param ours: list of (key of the pair or None, amount, what it is)
    :param theirs: the same of the other side
    :return: (rows of `ours`, rows of `theirs`) that are left
    """
    sums = {}
    for sign, rows in ((1, ours), (-1, theirs)):
        for key, amount, _what in rows:
            if key is not None:
                sums[key] = sums.get(key, ZERO) + sign * amount
    left = tuple([row for row in rows if row[0] is None or sums[row[0]]] for rows in (ours, theirs))
    alone = list(left[1])
    rest = []
    for row in left[0]:
        twin = next((other for other in alone if _alike(row, other)), None)
        if twin:
            alone.remove(twin)
        else:
            rest.append(row)
    return rest, alone


def _alike(row, other):
    """Two sides of a payment, say: no pair names them, and they are the same amount."""
    return row[0] is None and other[0] is None and row[1] == other[1]
