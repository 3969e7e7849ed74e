"""Revenue over time by cost: the schedule of work in progress of one contract.

Amounts are Decimals in the contract's currency (construction finance rules, "Revenue").
Billed is gross of retention and without tax.
"""

from dataclasses import dataclass
from decimal import Context, Decimal

from .money import round_half_up

EXACT = Context(prec=60)
ZERO = Decimal(0)


@dataclass(frozen=True)
class Contract:
    """The inputs of one contract at the end of one month.

    :param price: transaction price
    :param cost: cost to date, uninstalled materials inside
    :param to_complete: what is still to be spent, uninstalled materials not yet bought inside
    :param billed: certified to date, gross of retention
    :param uninstalled: materials bought whose cost is recognised without margin
    :param uninstalled_total: what such materials cost in all
    """

    price: Decimal
    cost: Decimal
    to_complete: Decimal
    billed: Decimal = ZERO
    uninstalled: Decimal = ZERO
    uninstalled_total: Decimal = ZERO
    decimals: int = 2

    @property
    def share(self):
        """How much is done, 0 to 1, unrounded; more than 1 is for a person to look at.

        :raises ValueError: nothing was spent and nothing is expected, so there is no share
        """
        whole = self.cost + self.to_complete - self.uninstalled_total
        if whole <= 0:
            raise ValueError(whole)
        return EXACT.divide(self.cost - self.uninstalled, whole)

    @property
    def earned(self):
        """Revenue to date, rounded once."""
        done = EXACT.multiply(self.share, self.price - self.uninstalled_total)
        return round_half_up(done + self.uninstalled, self.decimals)

    @property
    def profit(self):
        return self.earned - self.cost

    @property
    def over_or_under(self):
        """Earned less billed: positive is a contract asset, negative a liability."""
        return self.earned - self.billed

    @property
    def expected_result(self):
        return self.price - self.cost - self.to_complete

    @property
    def loss_provision(self):
        """What of an expected loss is not yet in the profit to date: all of it is shown at
        once. 0 for a contract that earns."""
        return max(self.profit - self.expected_result, ZERO) if self.expected_result < 0 else ZERO
