"""The cost formulas of a job, in the one place that every screen and check uses.

All arguments are Decimals in company currency, gross of retention and with the tax
that cannot be recovered (accounting rules, "Cost formulas").
"""

LEVELS = (100, 90, 80)  # percent of the revised budget, highest first


def committed_line(revised, released, billed, final):
    """What one order line commits: revised less what closing released, and at least what
    was billed: a late bill on a released line takes its release back, a bill beyond the
    order shows as cost instead of hiding as a negative open amount. After the final close
    nothing is open. A negative line (discount) mirrors it.
    """
    if final:
        return billed
    left = revised - released
    return max(left, billed) if revised >= 0 else min(left, billed)


def open_amount(committed, billed, accrued):
    """What of the commitments is still to come. An accrual is cost already, so it is out."""
    return committed - billed - accrued


def available(revised, actual, open_, pending):
    """What may still be committed; the document in hand must not be in ``open_`` or
    ``pending``, else it counts itself twice. No budget line is 0 revised."""
    return revised - actual - open_ - pending


def for_work(left, reserve):
    """What of the available budget a commitment may take: a reserve is no budget for work
    until a transfer has moved it there. A reserve that is overdrawn lends nothing."""
    return left - max(reserve, 0)


def alert_level(revised, used):
    """The highest alert that ``used`` (actual + open + pending) has reached, 0 for none.

    Without a positive budget anything beyond it is 100: there is no share to take.
    """
    if revised <= 0:
        return 100 if used > revised else 0
    return next((level for level in LEVELS if used * 100 >= revised * level), 0)
