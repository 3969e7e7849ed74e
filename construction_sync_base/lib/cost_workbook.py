"""The cost report as a spreadsheet: what was asked for and when in words, the rows, a
subtotal for each job and a total, as formulas that a reader can follow."""

import io
from dataclasses import dataclass

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

WIDTHS = (34, 26, 34, 18)  # of job, division, cost code and cost type
SUM = 9  # of SUBTOTAL: it leaves out the subtotals among its cells


@dataclass(frozen=True)
class Report:
    """What is written.

    :param facts: (label, text) above the rows: as of, filter, currency
    :param labels: of the four coding columns
    :param figures: labels of the amounts
    :param rows: (job, division, code, type, amounts as numbers); those of a job together
    :param total: label of the grand total
    :param subtotal: label of a job's, with a %s for the job
    :param digits: decimals of the currency
    """

    title: str
    facts: tuple
    labels: tuple
    figures: tuple
    rows: tuple
    total: str
    subtotal: str
    digits: int = 2


def content(report):
    """The bytes of the xlsx file. What a job or code is called is text, never a formula."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        _fill(book, report)
    return buffer.getvalue()


def _fill(book, report):
    sheet = book.add_worksheet()
    number = "#,##0" + ("." + "0" * report.digits if report.digits else "")
    bold = {"bold": True}
    head = book.add_format(bold | {"bottom": 1, "text_wrap": True, "valign": "top"})
    money, strong = book.add_format({"num_format": number}), book.add_format(bold)
    sums = book.add_format(bold | {"num_format": number, "top": 1})
    sheet.write_string(0, 0, report.title, book.add_format(bold | {"font_size": 14}))
    for row, (label, text) in enumerate(report.facts, start=1):
        sheet.write_string(row, 0, label, strong)
        sheet.write_string(row, 1, text)
    top = len(report.facts) + 2
    for column, label in enumerate((*report.labels, *report.figures)):
        sheet.write_string(top, column, label, head)
    row = first = top + 1
    jobs = {}
    for line in report.rows:
        jobs.setdefault(line[0], []).append(line)
    for job, lines in jobs.items():
        for line in lines:
            _line(sheet, row, line, money)
            row += 1
        amounts = [line[-1] for line in lines]
        label = report.subtotal.replace("%s", job)
        _sums(sheet, row, label, row - len(lines), amounts, strong, sums)
        row += 1
    _sums(sheet, row, report.total, first, [line[-1] for line in report.rows], strong, sums,
          count=len(report.figures))  # fmt: skip
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    sheet.set_column(len(WIDTHS), len(WIDTHS) + len(report.figures) - 1, 16)
    sheet.freeze_panes(top + 1, len(WIDTHS))
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(top)


def _line(sheet, row, line, money):
    *coding, amounts = line
    for column, text in enumerate(coding):
        sheet.write_string(row, column, text)
    for column, amount in enumerate(amounts, start=len(coding)):
        sheet.write_number(row, column, float(amount), money)


def _sums(sheet, row, label, first, amounts, strong, sums, count=0):
    """A row of sums from `first` to the row above; each cell holds its value too, for
    readers that compute nothing."""
    sheet.write_string(row, 0, label, strong)
    for index in range(len(amounts[0]) if amounts else count):
        column = len(WIDTHS) + index
        value = sum(line[index] for line in amounts)
        if row == first:
            sheet.write_number(row, column, 0, sums)
            continue
        cells = f"{xl_rowcol_to_cell(first, column)}:{xl_rowcol_to_cell(row - 1, column)}"
        sheet.write_formula(row, column, f"=SUBTOTAL({SUM},{cells})", sums, float(value))
