"""Earned value of a job: what was planned, what was done, what it cost.

Earned comes from progress, never from billing. Ratios are left unrounded: an estimate
from a rounded index differs by a thousandth of the job. A ratio that has no denominator is
None. Amounts are Decimals in company currency.
"""

import calendar
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal

EXACT = Context(prec=40)
HUNDRED = Decimal(100)


@dataclass(frozen=True)
class EarnedValue:
    """The four figures everything follows from.

    :param budget: budget at completion
    :param planned: budget of the work that should be done by now
    :param earned: budget of the work that is done
    :param actual: what that work cost
    """

    budget: Decimal
    planned: Decimal
    earned: Decimal
    actual: Decimal

    @property
    def cost_variance(self):
        return self.earned - self.actual

    @property
    def schedule_variance(self):
        return self.earned - self.planned

    @property
    def cpi(self):
        """Cost performance: what one unit of money spent has earned."""
        return _ratio(self.earned, self.actual)

    @property
    def spi(self):
        """Schedule performance: what was done of what should be done."""
        return _ratio(self.earned, self.planned)

    @property
    def at_completion_by_cpi(self):
        """The rest goes as the work went so far: budget ÷ CPI. None while nothing is booked: no
        cost so far does not mean that there will be none."""
        return _ratio(self.budget * self.actual, self.earned) if self.actual else None

    @property
    def at_completion_by_budget(self):
        """The rest goes as planned: actual + budget − earned."""
        return self.actual + self.budget - self.earned

    @property
    def at_completion_by_both(self):
        """The rest goes as cost and schedule went: actual + (budget − earned) ÷ (CPI × SPI)."""
        if not self.actual:
            return None
        rest = _ratio(
            (self.budget - self.earned) * self.actual * self.planned, self.earned * self.earned
        )
        return None if rest is None else self.actual + rest

    @property
    def to_complete_by_cpi(self):
        total = self.at_completion_by_cpi
        return None if total is None else total - self.actual

    @property
    def variance_by_cpi(self):
        """Budget less the estimate by CPI; negative is an overrun."""
        total = self.at_completion_by_cpi
        return None if total is None else self.budget - total

    def tcpi(self, target=None):
        """How well the rest has to go to end at `target` (the budget unless one is given)."""
        return _ratio(
            self.budget - self.earned, (self.budget if target is None else target) - self.actual
        )


def _ratio(over, under):
    return EXACT.divide(over, under) if under else None


def planned_value(spread, as_of):
    """The part of a dated budget that falls before the end of `as_of`.

    :param spread: (first day of month, amount) of one budget line
    :return: whole months that are over, and of the running month its share of days,
        unrounded
    """
    total = Decimal(0)
    for month, amount in spread:
        total += EXACT.multiply(amount, _elapsed(month, as_of))
    return total


def _elapsed(month, as_of):
    days = calendar.monthrange(month.year, month.month)[1]
    passed = (as_of - date(month.year, month.month, 1)).days + 1
    return EXACT.divide(Decimal(min(max(passed, 0), days)), Decimal(days))


def earned(budget, *, percent=None, quantity=None, budget_quantity=None):
    """The budget of the work done, by percent or by quantity.

    More than the planned quantity earns the whole budget and no more: the estimate of the
    quantity was wrong, which the caller is told.

    :param percent: 0 to 100
    :return: (earned, unrounded; whether the quantity exceeds the planned one)
    """
    if percent is not None:
        return EXACT.divide(EXACT.multiply(budget, percent), HUNDRED), False
    if not budget_quantity:
        return Decimal(0), bool(quantity)
    share = EXACT.divide(quantity, budget_quantity)
    return EXACT.multiply(budget, min(share, Decimal(1))), share > 1


@dataclass(frozen=True)
class Progress:
    """What one report says of one key.

    :param percent: 0 to 100, or None where the report gives a quantity
    :param quantity: in the unit of the plan, or None
    """

    as_of: date
    percent: Decimal | None = None
    quantity: Decimal | None = None


@dataclass(frozen=True)
class Plan:
    """The plan of one key.

    :param budget: revised budget of the work
    :param spread: (first day of month, amount) of the version in force
    :param version: what that version says in all; changes on top of it follow its spread
    :param quantity: what is to be installed, or None
    :param reports: every `Progress` of the key
    """

    budget: Decimal
    spread: tuple = ()
    version: Decimal = Decimal(0)
    quantity: Decimal | None = None
    reports: tuple = ()

    @property
    def _scale(self):
        return EXACT.divide(self.budget, self.version) if self.version else Decimal(0)

    @property
    def unspread(self):
        """Budget that no month is said for: it is never in the planned value."""
        return self.budget - EXACT.multiply(sum(a for _m, a in self.spread), self._scale)

    def report(self, as_of):
        """The latest report at the end of a day, or None; of one day the first in order."""
        return max(
            (report for report in self.reports if report.as_of <= as_of),
            key=lambda report: report.as_of,
            default=None,
        )

    def value(self, as_of, actual):
        """The `EarnedValue` of the key at the end of a day."""
        planned = EXACT.multiply(planned_value(self.spread, as_of), self._scale)
        return EarnedValue(self.budget, planned, self._earned(as_of)[0], actual)

    def exceeds(self, as_of):
        """Whether more is done than was planned."""
        return self._earned(as_of)[1]

    def measurable(self, as_of):
        """Whether a report can be valued: one there is, and a quantity has its plan."""
        report = self.report(as_of)
        return bool(report) and (report.percent is not None or bool(self.quantity))

    def _earned(self, as_of):
        report = self.report(as_of)
        if not report:
            return Decimal(0), False
        return earned(
            self.budget,
            percent=report.percent,
            quantity=report.quantity,
            budget_quantity=self.quantity,
        )


def total(values):
    """The `EarnedValue` of several keys together."""
    values = list(values)
    return EarnedValue(*(
        sum((getattr(value, name) for value in values), Decimal(0))
        for name in ("budget", "planned", "earned", "actual")
    ))  # fmt: skip
