"""What a job will cost when it is done.

All arguments are Decimals in company currency (accounting rules, "Cost formulas"):
projected = actual + open + pending; at completion = projected + forecast to complete. An
estimate is never cut to the budget: an overrun shows.
"""

from decimal import Decimal

AUTOMATIC = "automatic"
MANUAL = "manual"
ESTIMATE = "estimate"
LUMP_SUM = "lump_sum"
PER_UNIT = "per_unit"
METHODS = (AUTOMATIC, MANUAL, ESTIMATE, LUMP_SUM, PER_UNIT)

ZERO = Decimal(0)


def to_complete(method, revised, actual, committed, *, amount=ZERO, units=ZERO, unit_cost=ZERO):
    """What is still to come beyond what is spent, ordered and asked for.

    :param revised: the revised budget
    :param committed: open + pending
    :param amount: what somebody entered: with `manual` what comes on top of the projected
        cost, with `estimate` the whole cost to complete from the cost to date on (open
        commitments inside), with `lump_sum` the cost at completion
    :param units: with `per_unit` the quantity left to do beyond what is ordered
    :param unit_cost: what one of them costs
    :raises ValueError: no such method
    """
    projected = actual + committed
    if method == AUTOMATIC:
        return _rest_of_the_budget(revised, projected)
    if method == MANUAL:
        return amount
    if method == ESTIMATE:
        return amount - committed
    if method == LUMP_SUM:
        return amount - projected
    if method == PER_UNIT:
        return units * unit_cost
    raise ValueError(method)


def _rest_of_the_budget(revised, projected):
    """Nothing once the budget is used up; a negative budget (a discount) mirrors it."""
    rest = revised - projected
    return max(rest, ZERO) if revised >= 0 else min(rest, ZERO)


def at_completion(actual, committed, still_to_come):
    """Estimate at completion: what is spent, what is ordered or asked for, what comes."""
    return actual + committed + still_to_come


def fade(at_completion_now, at_completion_before):
    """How much dearer the job became since the forecast before; negative is a gain."""
    return at_completion_now - at_completion_before


def buyout(budget, awarded, bought_out):
    """What of a budget was awarded in contracts, what is still to be, and the saving.

    :param awarded: original sums of the commitments
    :param bought_out: nothing more will be ordered on it, so the rest is saved
    :return: (to award, saving)
    """
    rest = budget - awarded
    return (ZERO, rest) if bought_out or rest < 0 else (rest, ZERO)
