"""Estimates out of spreadsheets: numbers as people write them, amounts that have to agree."""

import io
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from odoo.addons.construction_sync_base.lib import spreadsheet
from odoo.addons.construction_sync_base.lib.estimate import (
    COLUMNS,
    EstimateError,
    parse,
    plain,
)
from odoo.addons.construction_sync_base.lib.spreadsheet import (
    SpreadsheetError,
    read,
    read_text,
)

cents = st.integers(-(10**9), 10**9).map(lambda n: Decimal(n).scaleb(-2))
texts = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters='\t;,"\n='), min_size=1
)


def only(text, **more):
    (line,) = parse(read_text(text), 2, **more)
    return line


def told(line):
    return " ".join(map(str, line.errors))


def workbook(rows):
    book, content = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


# ----------------------------------------------------------------------- numbers
@pytest.mark.parametrize(
    ("text", "mark", "wanted"),
    [
        ("1,234.50", ".", "1234.50"),
        ("1.234,50", ",", "1234.50"),
        ("$1,234", ".", "1234"),
        ("(80.00)", ".", "-80.00"),
        ("($80.00)", ".", "-80.00"),
        ("-$80", ".", "-80"),
        ("80-", ".", "-80"),
        (".5", ".", "0.5"),
        ("1 234 567,8", ",", "1234567.8"),
        ("1\u00a0234", ".", "1234"),
        ("12,34.5", ".", "12,34.5"),
        ("1234,567.8", ".", "1234,567.8"),
        ("1e3", ".", "1e3"),
        ("abc", ".", "abc"),
        ("--5", ".", "--5"),
        ("1.2.3", ".", "1.2.3"),
    ],
)
def test_numbers_as_people_write_them(text, mark, wanted):
    assert plain(text, mark) == wanted


@given(cents, st.sampled_from(".,"))
def test_what_a_spreadsheet_shows_is_read_again(amount, mark):
    shown = f"{amount:,.2f}"
    if mark == ",":
        shown = shown.translate(str.maketrans(".,", ",."))
    line = only(f"03-300\tmaterial\tx\t\t\t\t{shown}", mark=mark)
    assert (line.amount, line.errors) == (amount, [])


# ------------------------------------------------------------------------ tables
def test_headings_in_any_order_and_case():
    lines = parse(
        read_text("Amount;Cost Type;Cost-Code;Qty;U/M;Unit Cost\n50;material;03-300;10;cy;5\n"), 2
    )
    (line,) = lines
    assert (line.cost_code, line.cost_type, line.amount) == ("03-300", "material", 50)
    assert (line.quantity, line.unit_cost, line.uom, line.row) == (10, 5, "cy", 2)


def test_pasted_lines_without_headings():
    line = only("03-300\tmaterial\tFootings\t10\tcy\t5\t50.00\tP1")
    assert (line.description, line.phase, line.amount, line.row) == ("Footings", "P1", 50, 1)


def test_a_comma_in_quotes_is_no_separator():
    (line,) = parse(read_text('code,type,description,amount\n03,mat,"a, b","1,000.00"\n'), 2)
    assert (line.description, line.amount) == ("a, b", 1000)


def test_blank_rows_are_nothing_and_rows_keep_their_number():
    lines = parse(read_text("code\ttype\tamount\n\n03\tmat\t1\n\t\t\n04\tmat\t2\n"), 2)
    assert [(line.row, line.amount) for line in lines] == [(3, 1), (5, 2)]


@pytest.mark.parametrize("text", ["", "\n\n", "code\ttype\tamount\n"])
def test_nothing_is_an_error(text):
    with pytest.raises(EstimateError):
        parse(read_text(text), 2)


@pytest.mark.parametrize(
    ("heading", "missing"),
    [
        ("type,description,amount", "cost code"),
        ("code,amount,description", "cost type"),
        ("code,type,quantity,description", "amount"),
    ],
)
def test_a_missing_column(heading, missing):
    with pytest.raises(EstimateError, match=missing):
        parse(read_text(f"{heading}\n1,2,3,4"), 2)


# ------------------------------------------------------------------------- lines
def test_amount_out_of_quantity_and_unit_cost():
    assert only("03\tmat\tx\t3\tea\t1.115\t").amount == Decimal("3.35")


@pytest.mark.parametrize(
    ("amount", "fits"), [("3.34", True), ("3.35", True), ("3.36", True), ("3.33", False)]
)
def test_one_minor_unit_of_difference(amount, fits):
    """3 × 1.115 = 3.345, rounded half up 3.35."""
    line = only(f"03\tmat\tx\t3\tea\t1.115\t{amount}")
    assert not line.errors == fits
    if fits:
        assert line.amount == Decimal(amount), "the amount leads"
    else:
        assert "3.35" in told(line)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\tmat\tx\t\t\t\t5", "cost code"),
        ("03\t\tx\t\t\t\t5", "cost type"),
        ("03\tmat\tx\t\t\t\t", "No amount"),
        ("03\tmat\tx\t5\tea\t\t", "No amount"),
        ("03\tmat\tx\t\t\t\t1.005", "more than 2 decimals"),
        ("03\tmat\tx\tten\tea\t5\t50", "plain decimal"),
        ("03\tmat\tx\t1.1234567\tea\t5\t5.62", "more than 6 decimals"),
    ],
)
def test_what_is_wrong_with_a_line(text, said):
    line = only(text)
    assert said in told(line)


def test_a_quantity_of_zero_is_a_lump_sum():
    line = only("03\tmat\tx\t0\tls\t7\t500")
    assert (line.amount, line.errors) == (500, [])


def test_reserves():
    rows = read_text(
        "code\ttype\tamount\treserve\n1\to\t5\tContingency\n1\to\t5\tspare\n1\to\t5\t\n"
    )
    lines = parse(rows, 2)
    assert [line.reserve for line in lines] == ["contingency", "", ""]
    assert "spare" in told(lines[1]) and not lines[2].errors


def test_one_bad_line_stops_no_other():
    lines = parse(read_text("03\tm\tx\t\t\t\tabc\n04\tm\tx\t\t\t\t7\n"), 2)
    assert [line.amount for line in lines] == [None, 7]


@settings(max_examples=20)
@given(st.lists(st.tuples(texts, texts, texts, cents), min_size=1, max_size=5))
def test_csv_pasted_and_workbook_read_the_same(rows):
    heading = ["cost_code", "cost_type", "description", "amount"]
    table = [heading, *([code, kind, text, str(amount)] for code, kind, text, amount in rows)]
    pasted = parse(read_text("\n".join("\t".join(row) for row in table)), 2)
    saved = parse(read("\n".join(";".join(row) for row in table).encode()), 2)
    filed = parse(read(workbook(table)), 2)
    assert [line.amount for line in pasted] == [amount for *_texts, amount in rows]
    assert pasted == saved == filed


# ------------------------------------------------------------------------- files
def test_numbers_of_a_workbook_without_binary_noise():
    rows = read(workbook([list(COLUMNS), ["03", "m", "x", 3, "ea", 0.1, 0.1 + 0.2, None]]))
    (line,) = parse(rows, 2)
    assert (line.amount, line.errors, line.quantity) == (Decimal("0.30"), [], 3)


def test_a_file_that_is_none():
    for content in (b"PK\x03\x04 broken", b"PK\x03\x04"):
        with pytest.raises(SpreadsheetError):
            read(content)


def test_limits(monkeypatch):
    monkeypatch.setattr(spreadsheet, "MAX_ROWS", 2)
    with pytest.raises(SpreadsheetError, match="2 rows"):
        read_text("a\nb\nc")
    with pytest.raises(SpreadsheetError, match="2 rows"):
        read(workbook([["a"], ["b"], ["c"]]))
    monkeypatch.setattr(spreadsheet, "MAX_UNPACKED", 10)
    with pytest.raises(SpreadsheetError, match="too large"):
        read(workbook([["a"]]))
    monkeypatch.setattr(spreadsheet, "MAX_BYTES", 10)
    with pytest.raises(SpreadsheetError):
        read(b"x" * 11)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_encodings(encoding):
    rows = read("code,type,description,amount\n1,2,Gebäude,3".encode(encoding))
    assert parse(rows, 2)[0].description == "Gebäude"


@given(st.text())
def test_any_text_is_lines_or_a_said_error(text):
    try:
        lines = parse(read_text(text), 2)
    except (EstimateError, SpreadsheetError):
        return
    assert all((line.amount is None) <= bool(line.errors) for line in lines)
