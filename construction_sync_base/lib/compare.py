"""What two readings of a document differ in."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Compared:
    """How the documents of one model are compared.

    :param fields: names of the fields that an event decides
    :param amount: monetary field of the document's total, or None
    :param currency: field of its currency
    :param lines: one2many field of its lines, or None
    :param line_ref: field by which a line is told from the others; the position otherwise
    :param line_fields: names of the lines' fields that an event decides
    """

    fields: tuple
    amount: str | None = None
    currency: str = "currency_id"
    lines: str | None = None
    line_ref: str = "line_ref"
    line_fields: tuple = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as it stood at one moment.

    :param values: {where: text}, in the order a person reads them
    :param amount: Decimal total, or None where it has none
    """

    model: str
    id: int
    name: str
    values: dict
    amount: Decimal | None = None
    currency_id: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which a document differs. The amount stands on the document's first
    difference alone, so that a column of them adds up."""

    where: str
    now: str
    then: str
    amount: Decimal = Decimal(0)


def differences(now, then):
    """List of `Difference` from one reading to the other.

    >>> one = Reading("m", 1, "A", {"Name": "x", "Unit": "kg"}, Decimal(5))
    >>> two = Reading("m", 1, "A", {"Name": "x", "Unit": "lb"}, Decimal(7))
    >>> [(d.where, d.now, d.then, str(d.amount)) for d in differences(one, two)]
    [('Unit', 'kg', 'lb', '2')]
    """
    places = list(dict.fromkeys([*now.values, *then.values]))
    found = [
        (where, now.values.get(where, ""), then.values.get(where, ""))
        for where in places
        if now.values.get(where, "") != then.values.get(where, "")
    ]
    moved = (then.amount or Decimal(0)) - (now.amount or Decimal(0))
    if moved and not found:
        found = [("", str(now.amount or 0), str(then.amount or 0))]
    return [
        Difference(*place, moved if position == 0 else Decimal(0))
        for position, place in enumerate(found)
    ]
