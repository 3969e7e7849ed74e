"""Rows of cells from what people save or copy out of a spreadsheet: XLSX, CSV, pasted text.

Cells come out as text, the way a person would type them; empty ones as ''. Numbers of an
XLSX are taken with the fifteen digits that spreadsheets show, so that the noise of binary
fractions (0.1 + 0.2) does not look like a decimal too many.
"""

# pylint: disable=prefer-env-translation
# There is no environment here: a model translates what `_` marks.

import csv
import io
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal

from openpyxl import load_workbook

from .errors import ToldError, _

MAX_ROWS = 20_000
MAX_COLUMNS = 100
MAX_BYTES = 10 * 2**20
MAX_UNPACKED = 100 * 2**20
_ZIP = b"PK\x03\x04"
_SPACES = re.compile(r"[\s\u00a0\u202f']")
# what a program that opens a CSV file would run or reckon with
_ACTIVE = re.compile(r"'*[=+\-@\t\r]")
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_KINDS = {"b": "boolean", "e": "error", "n": "number"}


class SpreadsheetError(ToldError):
    """The file cannot be read as a table."""


class Cell(str):
    """A cell of a workbook: its text, and as what the workbook keeps it.

    `kind` is text, number, date, boolean, formula or error; what is no Cell is text.
    """

    kind = "text"

    def __new__(cls, text, kind="text"):
        cell = super().__new__(cls, text)
        cell.kind = kind
        return cell


def kind_of(cell):
    """The kind of a cell. In a CSV file everything is text, but for what starts like a formula."""
    if isinstance(cell, Cell):
        return cell.kind
    return "formula" if cell.startswith("=") else "text"


def is_workbook(content):
    """Whether the bytes are those of an XLSX file, as opposed to text."""
    return content.startswith(_ZIP)


def read(content, strict=False):
    """Rows of a file, XLSX or CSV; which of the two is read from its first bytes.

    :param strict: the cells of a workbook are `Cell`s; formulas come as formulas instead of
        their last value, moments with their time, and a table that is too wide is refused
        instead of cut
    :raises SpreadsheetError: neither of them, or too large
    """
    if len(content) > MAX_BYTES:
        raise SpreadsheetError(_("The file is larger than %(limit)s MB."), limit=MAX_BYTES // 2**20)
    rows = _xlsx(content, strict) if is_workbook(content) else read_text(_decoded(content))
    if strict and any(len(row) > MAX_COLUMNS for row in rows):
        raise SpreadsheetError(
            _("More than %(limit)s columns: delete those that are not needed."), limit=MAX_COLUMNS
        )
    return rows


def read_text(text):
    """Rows of text, separated by tabs (what a copy from a spreadsheet gives), semicolons or
    commas, whichever the first line with a separator has most of."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    reader = csv.reader(io.StringIO(lines), delimiter=_separator(lines), strict=False)
    try:
        return _limited([[cell.strip() for cell in row] for row in reader])
    except csv.Error as error:
        raise SpreadsheetError(_("The text is no table: %(why)s."), why=str(error)) from error


def _separator(text):
    for line in text.split("\n"):
        counts = {mark: line.count(mark) for mark in "\t;,"}
        if any(counts.values()):
            return max(counts, key=counts.get)
    return "\t"


def _decoded(content):
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _xlsx(content, strict=False):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                raise SpreadsheetError(_("The workbook is too large to be read."))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=not strict)
        sheet = book.worksheets[0]
        if strict:
            rows = sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS + 1)
            return _limited([_without_end([_typed(cell) for cell in row]) for row in rows])
        rows = sheet.iter_rows(max_row=MAX_ROWS + 1, max_col=MAX_COLUMNS, values_only=True)
        return _limited([[_cell(value) for value in row] for row in rows])
    except SpreadsheetError:
        raise
    except Exception as error:  # a damaged archive fails in many ways
        raise SpreadsheetError(_("The file is no XLSX workbook that can be read.")) from error


def _cell(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        number = Decimal(f"{value:.15g}")
        return f"{number.normalize():f}"
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    return str(value).strip()


def _typed(cell):
    value = cell.value
    if value is None:
        return Cell("")
    if cell.data_type == "f":
        return Cell("=", "formula")
    if isinstance(value, datetime):
        midnight = not (value.hour or value.minute or value.second)
        return Cell(value.isoformat(timespec="seconds")[: 10 if midnight else None], "date")
    if isinstance(value, date):
        return Cell(value.isoformat(), "date")
    return Cell(_cell(value), _KINDS.get(cell.data_type, "text"))


def _without_end(row):
    """The row without the empty cells at its end: sheets are wider than their tables."""
    while row and not row[-1] and kind_of(row[-1]) == "text":
        row.pop()
    return row


def _limited(rows):
    if len(rows) > MAX_ROWS:
        raise SpreadsheetError(_("More than %(limit)s rows: split the table."), limit=MAX_ROWS)
    return rows


def write_text(rows):
    """The bytes of a CSV file of rows of texts, as spreadsheets open it by themselves.

    A cell that such a program would take for a formula gets an apostrophe in front, which
    `unescaped` takes off again; a plain number stays a number.
    """
    text = io.StringIO()
    csv.writer(text).writerows([[escaped(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")


def escaped(cell):
    return f"'{cell}" if _ACTIVE.match(cell) and not NUMBER.fullmatch(cell) else cell


def unescaped(cell):
    return cell[1:] if cell.startswith("'") and _ACTIVE.match(cell) else cell


def plain(text, mark="."):
    """A number as people write it, in the plain form of the contract: 1,234.50 → 1234.50,
    (80.00) and 80.00- → -80.00, $ and € aside. Anything else comes back as it was, to be
    refused by whoever parses it.

    :param mark: decimal mark, "." or ","
    """
    other = "," if mark == "." else "."
    body = _SPACES.sub("", text).strip("$€£")
    negative = False
    if body.startswith("(") and body.endswith(")"):
        negative, body = True, body[1:-1].strip("$€£")
    elif body.endswith("-"):
        negative, body = True, body[:-1]
    elif body.startswith("-"):
        negative, body = True, body[1:].strip("$€£")
    whole, _mark, fraction = body.partition(mark)
    if other in whole:
        groups = whole.split(other)
        if not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
            return text
        whole = "".join(groups)
    if not whole.isdecimal() and not (whole == "" and fraction):
        return text
    number = f"{whole or '0'}.{fraction}" if fraction else whole
    return f"-{number}" if negative else number
