"""Rows of cells from what people save or copy out of a spreadsheet: XLSX, CSV, pasted text.

Cells come out as text, the way a person would type them; empty ones as ''. Numbers of an
XLSX are taken with the fifteen digits that spreadsheets show, so that the noise of binary
fractions (0.1 + 0.2) does not look like a decimal too many.
"""

# pylint: disable=prefer-env-translation
# There is no environment here: a model translates what `_` marks.

import csv
import io
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


class SpreadsheetError(ToldError):
    """The file cannot be read as a table."""


def read(content):
    """Rows of a file, XLSX or CSV; which of the two is read from its first bytes.

    :raises SpreadsheetError: neither of them, or too large
    """
    if len(content) > MAX_BYTES:
        raise SpreadsheetError(_("The file is larger than %(limit)s MB."), limit=MAX_BYTES // 2**20)
    if content.startswith(_ZIP):
        return _xlsx(content)
    return read_text(_decoded(content))


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


def _xlsx(content):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                raise SpreadsheetError(_("The workbook is too large to be read."))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
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


def _limited(rows):
    if len(rows) > MAX_ROWS:
        raise SpreadsheetError(_("More than %(limit)s rows: split the table."), limit=MAX_ROWS)
    return rows
