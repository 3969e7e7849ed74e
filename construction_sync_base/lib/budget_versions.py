"""What a job's budget is at a day: its versions, its changes, and which of the changes a
version contains already.

The rules (contract, "Money and measure" 6, and event `budget.approved`): a version with
basis `original` never contains approved changes, so they stand on top of it; one with
basis `current` names those it contains, and these must not count again. The version
approved last holds from its day on. Voiding a change is a movement of its own, on its own
day, so both stay.

Amounts are Decimals in the job's currency. This is the second computation beside the SQL
of the cost report; a test compares the two.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Version:
    """One approved version, superseded or not.

    :param approved: when it was approved; anything that can be compared
    :param effective: day from which it holds
    :param lines: {key: amount}
    :param contains: ids of the changes that are in its lines already
    """

    approved: object
    effective: date
    lines: dict
    contains: frozenset = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Change:
    """One approved change or the counter movement of a voided one.

    :param lines: {key: signed amount}
    """

    id: object
    date: date
    lines: dict


class Figures(NamedTuple):
    """Of one key: the budget without changes, the approved changes, and both."""

    original: Decimal
    changes: Decimal

    @property
    def revised(self):
        return self.original + self.changes


def in_force(versions, day=None):
    """The version that holds at a day, or None: of those effective by then the one approved
    last. Without a day the one approved last, as people see it now."""
    holding = [version for version in versions if day is None or version.effective <= day]
    return max(holding, key=lambda version: version.approved, default=None)


def figures(versions, changes, day=None):
    """{key: Figures} at a day, or now.

    What the version contains of the changes is taken out of `original`, so that `changes`
    is always every approved change and `revised` counts each of them once.
    """
    version = in_force(versions, day)
    original, changed = dict(version.lines) if version else {}, {}
    for change in changes:
        if day is not None and change.date > day:
            continue
        for key, amount in change.lines.items():
            changed[key] = changed.get(key, Decimal(0)) + amount
            if version and change.id in version.contains:
                original[key] = original.get(key, Decimal(0)) - amount
    return {
        key: Figures(original.get(key, Decimal(0)), changed.get(key, Decimal(0)))
        for key in original.keys() | changed.keys()
    }


def contained(text, changes):
    """Ids of the changes that a version of basis `current` names.

    A change is named by its id at the platform or, where no platform has it, by its number;
    or by the change order whose budget side it is. Names may hold commas themselves.

    :param text: the names, separated by a comma and a blank
    :param changes: iterable of (id, id at the platform, source change order, number)
    """
    wrapped = f", {text or ''}, "
    return {
        change_id
        for change_id, platform_id, source, number in changes
        if any(name and f", {name}, " in wrapped for name in (platform_id or number, source))
    }


def zero_sum(amounts):
    """What a transfer leaves over; zero for one that may pass."""
    return sum(amounts, Decimal(0))


def moved(amounts):
    """How much money a change moves, for limits of approval: the larger of what it adds and
    what it takes. A transfer of 100 moves 100, not 0."""
    added = sum((amount for amount in amounts if amount > 0), Decimal(0))
    taken = sum((-amount for amount in amounts if amount < 0), Decimal(0))
    return max(added, taken)
