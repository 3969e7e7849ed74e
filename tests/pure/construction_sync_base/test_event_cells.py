"""Headings and cells of a table: what is read from each, and what is refused in words."""

import io
from datetime import datetime
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from odoo.addons.construction_sync_base.lib import spreadsheet
from odoo.addons.construction_sync_base.lib.errors import ToldError
from odoo.addons.construction_sync_base.lib.event_rows import (
    TableError,
)

from tests.pure.construction_sync_base.event_tables import (
    CODE,
    COMMITMENT,
    HEAD,
    LINE,
    checked,
    commitment,
    drafts,
    from_csv,
    the_fault,
    told,
)


# ------------------------------------------------------------------ headings
@pytest.mark.parametrize(
    "head, said",
    [
        ([], "holds no row"),
        (["external_id", "code", "name"], "no row below"),
        (["external_id", "code", "nmae"], "Did you mean “name”"),
        (["external_id", "code", "name", "qqqqqq"], "delete it"),
        (["external_id", "code", "name", "Name"], "twice"),
        (["external_id", "code"], "missing: name"),
    ],
)
def test_headings_that_cannot_be_taken(head, said):
    with pytest.raises(TableError, match=said):
        drafts([head], CODE)


def test_headings_in_any_order_and_case_and_empty_rows_between():
    rows = [[], ["Name", " CODE ", "external_id"], [], ["Concrete", "03", "CC-1"]]
    [found] = drafts(rows, CODE)
    assert found.data == {"external_id": "CC-1", "code": "03", "name": "Concrete"}
    assert list(found.rows) == [4]


def test_a_cell_beside_the_table_is_not_lost():
    rows = [["external_id", "code", "name"], ["CC-1", "03", "Concrete", "a remark"]]
    assert "without a name" in the_fault(rows, CODE)[2]


# --------------------------------------------------------------------- cells
def book(*rows):
    """What a person saves: real numbers, dates and formulas."""
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    content = io.BytesIO()
    made.save(content)
    return spreadsheet.read(content.getvalue(), strict=True)


def test_what_a_spreadsheet_keeps_as_number_date_and_truth():
    head = HEAD + [*LINE, "lines.tax_recoverable", "exchange_rate_date"]
    row = commitment()
    row[HEAD.index("external_id")] = 1001
    row[HEAD.index("date")] = datetime(2026, 3, 2)
    row[HEAD.index("approved_at")] = datetime(2026, 3, 2, 10, 30)
    row[-1] = 0.1 + 0.2
    rows = book(head, [*row, False, datetime(2026, 3, 1)])
    [found], envelopes = checked(rows, COMMITMENT, zone=ZoneInfo("America/Denver"))
    assert told([found]) == []
    assert found.data["external_id"] == "1001"
    assert found.data["date"] == "2026-03-02"
    assert found.data["approved_at"] == "2026-03-02T10:30:00-07:00"
    assert found.data["lines"][0]["amount"] == "0.3", "no noise of a binary fraction"
    assert found.data["lines"][0]["tax_recoverable"] is False
    assert envelopes[0].data["exchange_rate_date"] == "2026-03-01"


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("lines.amount", "=1+1", "formula"),
        ("number", "=A1", "formula"),
        ("number", datetime(2026, 3, 4), "format the column as text"),
        ("date", datetime(2026, 3, 4, 9), "no day"),
        ("date", "10/05/2026", "no day"),
        ("kind", "gift", "none of the values: purchase_order"),
        ("lines.amount", True, "is no number"),
        ("lines.amount", "#N/A", "shows an error"),
        ("vendor", "(empty)", "cannot be cleared"),
    ],
)
def test_cells_of_a_workbook_that_are_refused(name, value, said):
    row = commitment()
    row[(HEAD + LINE).index(name)] = value
    found_row, column, text = the_fault(book(HEAD + LINE, row), COMMITMENT)
    assert (found_row, column) == (2, name) and said in text


def test_a_formula_in_a_text_file_is_refused_as_well():
    rows = from_csv(b"external_id,code,name\nCC-1,03,=HYPERLINK(1)\n")
    assert "formula" in the_fault(rows, CODE)[2]
    kept = from_csv(spreadsheet.write_text([["external_id", "code", "name"], ["1", "03", "=x"]]))
    assert drafts(kept, CODE)[0].data["name"] == "=x"


def test_numbers_as_people_write_them_with_a_decimal_comma():
    line = commitment(amount="1.234,50")
    [found] = drafts([HEAD + LINE, line], COMMITMENT, mark=",")
    assert found.data["lines"][0]["amount"] == "1234.50"
    rows = book(HEAD + LINE, [*commitment()[:-1], 12.345])
    [found] = drafts(rows, COMMITMENT, mark=",")
    assert found.data["lines"][0]["amount"] == "12.345", "the mark is of text, not of numbers"


def test_references_lists_and_clearing():
    head = ["external_id", "code", "name", "job", "cost_types", "parent_code", "custom", "active"]
    row = ["1", "03", "x", "number:26-100", "labor; material", "(empty)", '{"a": "b"}', "No"]
    [found], _envelopes = checked([head, row], CODE)
    assert told([found]) == []
    assert found.data["job"] == {"number": "26-100"}
    assert found.data["cost_types"] == ["labor", "material"]
    assert found.data["parent_code"] is None
    assert found.data["custom"] == {"a": "b"} and found.data["active"] is False
    [found] = drafts([head[:4], ["1", "03", "x", "id:number:7"]], CODE)
    assert found.data["job"] == "number:7"


def test_a_table_that_is_too_wide_is_refused_rather_than_cut():
    with pytest.raises(ToldError, match="columns"):
        book(["x"] * (spreadsheet.MAX_COLUMNS + 1))
    with pytest.raises(ToldError, match="columns"):
        from_csv(b"x," * spreadsheet.MAX_COLUMNS + b"x")


def test_what_an_event_cannot_hold_is_told_before_it_is_sent():
    row = ["CC-1" * 200, "03", "x"]
    found, envelopes = checked([["external_id", "code", "name"], row], CODE)
    assert len(found[0].faults) == 1 and not envelopes
    notes = ["note"], ["n" * (600 * 1024)]
    rows = [["external_id", "code", "name", *notes[0]], ["CC-1", "03", "x", *notes[1]]]
    assert "cannot be sent" in the_fault(rows, CODE)[2]
