"""Lines of an estimate, as people keep them in a spreadsheet, for a budget.

Rules: contract, "Money and measure" 8 (an amount leads; quantity × unit cost may differ
from it by one minor unit) and 1 (more decimals than the currency has are an error, never
a rounding). Where only quantity and unit cost stand, their product rounded once is the
amount. Every line is looked at; none stops another.
"""

# pylint: disable=prefer-env-translation
# There is no environment here: a model translates what `_` marks.

import re
from dataclasses import dataclass, field
from decimal import Decimal

from . import money, sov
from .errors import AmountError, ToldError, _
from .spreadsheet import plain

# in the order in which pasted lines without a heading have them
COLUMNS = (
    "cost_code", "cost_type", "description", "quantity", "uom", "unit_cost", "amount", "phase",
)  # fmt: skip
HEADINGS = {
    "cost_code": ("costcode", "code", "wbs", "wbscode"),
    "cost_type": ("costtype", "type", "category"),
    "description": ("description", "name", "item", "text"),
    "quantity": ("quantity", "qty"),
    "uom": ("uom", "unit", "um", "unitofmeasure"),
    "unit_cost": ("unitcost", "unitprice", "price", "rate", "costperunit"),
    "amount": ("amount", "total", "cost", "budget", "totalcost", "extended", "estimate"),
    "phase": ("phase", "phasecode"),
    "reserve": ("reserve",),
}
RESERVES = {"contingency": "contingency", "allowance": "allowance"}
_NAMES = {alias: name for name, aliases in HEADINGS.items() for alias in aliases}


class EstimateError(ToldError):
    """The table as a whole cannot be taken."""


@dataclass(slots=True)
class Line:
    """One row.

    :param row: its number in the table, as people count, from 1
    :param amount: None where an error says why
    :param errors: `ToldError`s about this row
    """

    row: int
    cost_code: str = ""
    cost_type: str = ""
    description: str = ""
    quantity: Decimal | None = None
    uom: str = ""
    unit_cost: Decimal | None = None
    amount: Decimal | None = None
    phase: str = ""
    reserve: str = ""
    errors: list = field(default_factory=list)


def parse(rows, decimals, mark="."):
    """The lines of a table.

    :param rows: lists of texts; the first row that is not empty may hold headings in any
        order, else the columns are `COLUMNS`
    :param decimals: of the currency
    :param mark: decimal mark of numbers, "." or ","; the other one separates thousands
    :raises EstimateError: no line at all, or headings without the columns that are needed
    """
    filled = [(number, row) for number, row in enumerate(rows, start=1) if any(row)]
    if not filled:
        raise EstimateError(_("There is no line."))
    columns = _columns(filled[0][1])
    if columns:
        filled = filled[1:]
    else:
        columns = dict(enumerate(COLUMNS))
    _check_columns(columns)
    lines = [_line(number, row, columns, decimals, mark) for number, row in filled]
    if not lines:
        raise EstimateError(_("There is no line below the headings."))
    return lines


def _columns(row):
    """{position: column} of a row of headings; {} where it is none: a heading names the
    amount or the quantity, which no line does."""
    found = {}
    for position, cell in enumerate(row):
        name = _NAMES.get(re.sub(r"[^a-z]", "", cell.lower()))
        if name and name not in found.values():
            found[position] = name
    measured = {"amount", "quantity", "unit_cost"} & set(found.values())
    return found if measured and len(found) > 1 else {}


def _check_columns(columns):
    names = set(columns.values())
    for missing in ({"cost_code", "cost_type"} - names) or (
        set() if "amount" in names or {"quantity", "unit_cost"} <= names else {"amount"}
    ):
        raise EstimateError(_("There is no column “%(name)s”."), name=missing.replace("_", " "))


def _line(number, row, columns, decimals, mark):
    cells = {name: row[at] if at < len(row) else "" for at, name in columns.items()}
    line = Line(number)
    for name in ("cost_code", "cost_type", "description", "uom", "phase"):
        setattr(line, name, cells.get(name, "").strip())
    for name, label in (("cost_code", _("cost code")), ("cost_type", _("cost type"))):
        if not getattr(line, name):
            line.errors.append(
                AmountError(_("No %(what)s. Delete the row if it is a total."), what=label)
            )
    reserve = cells.get("reserve", "").strip().lower()
    if reserve and reserve not in RESERVES:
        line.errors.append(
            AmountError(
                _("“%(value)s” is no reserve: write contingency, allowance or nothing."),
                value=reserve[:40],
            )
        )
    line.reserve = RESERVES.get(reserve, "")
    _measure(line, cells, decimals, mark)
    return line


def _measure(line, cells, decimals, mark):
    """Quantity, unit cost and amount, and whether they agree."""
    for name, places in (
        ("quantity", money.QUANTITY_DECIMALS),
        ("unit_cost", money.PRICE_DECIMALS),
        ("amount", decimals),
    ):
        text = cells.get(name, "").strip()
        if text:
            try:
                number = money.parse_amount(plain(text, mark), places, signed=True)
                setattr(line, name, number if name == "amount" else _short(number))
            except AmountError as error:
                line.errors.append(error)
                return
    try:
        if line.amount is None:
            line.amount = _product(line, decimals)
        else:
            sov.line_method(None, line.quantity, line.unit_cost, line.amount, decimals)
    except AmountError as error:
        line.errors.append(error)


def _short(number):
    """The number without the zeros that parsing filled up, for people to read."""
    return Decimal(f"{number.normalize():f}")


def _product(line, decimals):
    if not line.quantity or line.unit_cost is None:
        raise AmountError(_("No amount, and no quantity with a unit cost either."))
    return money.round_half_up(money.EXACT.multiply(line.quantity, line.unit_cost), decimals)
