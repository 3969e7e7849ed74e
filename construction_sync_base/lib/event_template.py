"""The files of a table of events: an empty one to fill in, and one with rows in it."""

import io
from dataclasses import dataclass

import xlsxwriter

from . import spreadsheet
from .event_cells import CLEAR
from .event_columns import ALWAYS, NEVER

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
FILLED = 1000  # rows below the headings that offer the values of a choice
_LIST_LIMIT = 255  # characters of values that a spreadsheet can offer
_WIDTHS = (34, 26, 70, 60, 44)


@dataclass(frozen=True)
class Words:
    """What the workbook says, in the language of the reader.

    :param sheets: names of the two sheets
    :param headings: of the second one: column, needed, meaning, form, values
    :param needed: {ALWAYS, SOMETIMES, NEVER: text}, the second with a %s for what it is part of
    :param forms: {kind of `event_columns.FORMS`: text}
    :param notes: sentences above the explanation
    """

    sheets: tuple
    headings: tuple
    needed: dict
    forms: dict
    notes: tuple


def csv_template(columns):
    """The headings alone: text has no second sheet."""
    return spreadsheet.write_text([[column.name for column in columns]])


def workbook(columns, words, rows=()):
    """An XLSX file: the table, and a sheet that explains every column.

    :param columns: list of `event_columns.Column`
    :param words: `Words`
    :param rows: lists of texts, one for each column, that go below the headings
    :return: bytes
    """
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        _table(book, columns, words, rows)
        _explanation(book, columns, words)
    return buffer.getvalue()


def _table(book, columns, words, rows):
    sheet = book.add_worksheet(words.sheets[0])
    head = {"bold": True, "bottom": 1, "valign": "top"}
    needed = book.add_format(head | {"bg_color": "#FCE4D6"})
    optional = book.add_format(head)
    # so that a spreadsheet leaves 007, 3-4 and 1E5 as they are typed
    formats = {
        "number": None,
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    text = book.add_format({"num_format": "@"})
    for position, column in enumerate(columns):
        sheet.set_column(position, position, _width(column), formats.get(column.kind, text))
        sheet.write_string(
            0, position, column.name, needed if column.needed == ALWAYS else optional
        )
        choices = ("true", "false") if column.kind == "boolean" else column.choices
        if choices and len(",".join(map(str, choices))) <= _LIST_LIMIT:
            sheet.data_validation(
                1, position, FILLED, position,
                {"validate": "list", "source": list(choices), "error_type": "warning"},
            )  # fmt: skip
    for number, row in enumerate(rows, start=1):
        for position, cell in enumerate(row):
            sheet.write_string(number, position, spreadsheet.escaped(cell), text)
    sheet.freeze_panes(1, 1)


def _width(column):
    return max(12, min(len(column.name) + 3, 40))


def _explanation(book, columns, words):
    sheet = book.add_worksheet(words.sheets[1])
    bold = book.add_format({"bold": True, "bottom": 1})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    for number, note in enumerate(words.notes):
        sheet.write_string(number, 0, note)
    top = len(words.notes) + 1
    for position, heading in enumerate(words.headings):
        sheet.write_string(top, position, heading, bold)
        sheet.set_column(position, position, _WIDTHS[position])
    for number, column in enumerate(columns, start=top + 1):
        for position, cell in enumerate(_explained(column, words)):
            sheet.write_string(number, position, cell, wrapped)
    sheet.freeze_panes(top + 1, 1)


def _explained(column, words):
    """The cells of one column's row."""
    needed = words.needed[column.needed]
    if column.needed not in (ALWAYS, NEVER):
        needed = needed.replace("%s", column.within)
    values = ", ".join(map(str, column.choices)) or ("true, false" * (column.kind == "boolean"))
    if column.clears and column.needed == NEVER:
        values = "; ".join(filter(None, (values, CLEAR)))
    return column.name, needed, column.meaning, words.forms[column.kind], values
