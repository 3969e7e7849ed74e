"""Events to rows and back, columns of every published type, documents of several rows, templates,
and files that no spreadsheet program runs anything of."""

import csv
import io
import json
from datetime import UTC

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import event_columns, spreadsheet
from odoo.addons.construction_sync_base.lib.event_rows import (
    TableError,
    enveloped,
    rows_of,
)
from odoo.addons.construction_sync_base.lib.event_template import csv_template, workbook

from tests.pure.construction_sync_base.event_tables import (
    CODE,
    COMMITMENT,
    HEAD,
    LINE,
    NOW,
    OFFERED,
    WORDS,
    checked,
    columns,
    commitment,
    drafts,
    from_csv,
    the_fault,
    told,
)
from tests.pure.construction_sync_base.published_schemas import schema_of
from tests.simulator.sample_month import sample_month


# ---------------------------------------------------------------- columns
@pytest.mark.parametrize("name", OFFERED)
def test_a_template_fits_the_reader_and_names_what_a_type_needs(name):
    names = [column.name for column in columns(name)]
    assert len(set(names)) == len(names) <= spreadsheet.MAX_COLUMNS
    assert all(column.meaning for column in columns(name)), "a column that nobody explains"
    assert [cell for cell in from_csv(csv_template(columns(name)))[0]] == names
    needed = {column.name for column in columns(name) if column.needed == event_columns.ALWAYS}
    schema = schema_of(name)
    for required in schema["required"]:
        assert any(one == required or one.startswith(f"{required}.") for one in needed), required


def test_columns_of_a_commitment():
    by_name = {column.name: column for column in columns(COMMITMENT)}
    assert by_name["lines.amount"].kind == "number"
    assert by_name["lines.amount"].needed == event_columns.ALWAYS
    assert by_name["retention.work_percent"].needed == event_columns.SOMETIMES
    assert by_name["retention.work_percent"].within == "retention"
    assert by_name["joint_check.payee"].needed == event_columns.SOMETIMES
    assert by_name["kind"].choices == ("purchase_order", "subcontract", "rental", "service")
    assert by_name["requisitions"].kind == "list"
    assert by_name["job"].kind == "reference" and by_name["approved_by"].kind == "person"
    assert "attachments.content_base64" not in by_name
    names = list(by_name)
    assert names.index("vendor") < names.index("lines.line_id") < names.index("lines.item")
    assert names.index("lines.item") < names.index("title") < names.index("note")


def test_what_odoo_makes_itself_has_no_table():
    assert "construction.webhook.received.v1" not in OFFERED
    assert "construction.file.received.v1" not in OFFERED
    assert "construction.platform.pinged.v1" not in OFFERED
    assert len(OFFERED) > 35


# ------------------------------------------------------------- there and back
def by_type():
    events = {}
    for event in sample_month():
        events.setdefault(event["type"], []).append(event)
    return events


@pytest.mark.parametrize("name", sorted(by_type()))
def test_the_sample_month_goes_through_a_file_and_stays_the_same(name):
    """Events that somebody else wrote: subject, data and version come back as they were."""
    events = by_type()[name]
    table = spreadsheet.write_text(rows_of(columns(name), events))
    found = drafts(from_csv(table), name)
    assert told(found) == []
    back = {(d.subject, d.sequence, d.time): json.dumps(d.data, sort_keys=True) for d in found}
    for event in events:  # a revision may be a number or a text; a cell is text
        if isinstance(event["data"].get("revision"), int):
            event["data"] |= {"revision": str(event["data"]["revision"])}
    assert back == {
        (e["subject"], e.get("sequence"), e["time"]): json.dumps(e["data"], sort_keys=True)
        for e in events
    }


WORD = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")),
    min_size=1,
    max_size=12,
).filter(lambda text: text.strip() == text and text != "(empty)")
DIGITS = st.decimals(min_value=-(10**9), max_value=10**9, places=2).map(str)


def reference():
    key = st.sampled_from(["origin_id", "number", "code"])
    return st.one_of(WORD, st.builds(lambda k, v: {k: v}, key, WORD))


def values(column):
    found = {
        "text": WORD,
        "number": DIGITS,
        "integer": st.integers(0, 10**9),
        "boolean": st.booleans(),
        "choice": st.sampled_from(column.choices or ("",)),
        "date": st.dates().map(lambda day: day.isoformat()),
        "instant": st.datetimes(timezones=st.just(UTC)).map(lambda when: when.isoformat()),
        "reference": reference(),
        "person": WORD.filter(lambda name: not name.startswith("{")),
        "list": st.lists(
            reference() if column.items == "reference" else WORD, min_size=1, max_size=3
        ),
        "json": st.dictionaries(WORD, WORD, min_size=1, max_size=2),
    }[column.kind]
    return st.one_of(found, st.none()) if column.clears else found


def put(data, path, value):
    for name in path[:-1]:
        data = data.setdefault(name, {})
    data[path[-1]] = value


@st.composite
def datas(draw, name):
    """Data of a type by its columns: each optional one is there or not."""
    data, sizes = {}, {}
    for column in columns(name)[:-2]:
        always = column.needed == event_columns.ALWAYS
        if column.list:
            size = sizes.setdefault(column.list, draw(st.integers(always, 3)))
            for _item in range(size):
                items = data.setdefault(column.list, [{} for _ in range(size)])
                if always or draw(st.booleans()):
                    put(items[_item], column.path[1:], draw(values(column)))
        elif always or draw(st.integers(0, 3)) == 0:
            put(data, column.path, draw(values(column)))
    for key in [key for key, size in sizes.items() if size]:
        data[key] = [item for item in data[key] if item]
        if not data[key]:
            del data[key]
    return data


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.data())
def test_any_data_goes_through_a_file_and_stays_the_same(form, drawn):
    name = drawn.draw(st.sampled_from(OFFERED))
    data = drawn.draw(datas(name))
    event = {"data": data, "sequence": "7", "time": NOW}
    table = rows_of(columns(name), [event])
    if form == "csv":
        content = spreadsheet.write_text(table)
    else:
        named = {column.name: column for column in columns(name)}
        content = workbook([named[one] for one in table[0]], WORDS, table[1:])
    [found] = drafts(spreadsheet.read(content, strict=True), name)
    assert found.faults == []
    assert found.data == data
    assert (found.sequence, found.time) == ("7", NOW)


@given(st.lists(st.lists(st.text(max_size=8), min_size=1, max_size=4), min_size=1, max_size=4))
def test_nothing_that_is_written_runs_in_a_spreadsheet(rows):
    written = spreadsheet.write_text(rows).decode("utf-8-sig")
    for line in csv.reader(io.StringIO(written, newline="")):
        for cell in line:
            plain = cell.lstrip("-").replace(".", "").isdecimal()
            assert plain or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


# -------------------------------------------------------------------- ids
def test_the_same_row_has_the_same_id_and_another_content_another():
    rows = [["external_id", "code", "name"], ["CC-1", "03-300", "Concrete"]]
    other = [rows[0], ["CC-1", "03-300", "Concrete works"]]
    newer = [[*rows[0], "event.sequence"], [*rows[1], "2"]]
    ids = []
    for table in (rows, other, newer):
        [draft] = drafts(table, CODE)
        event = enveloped(draft, CODE, NOW)
        assert event.subject == "cost_code/CC-1"
        again = enveloped(drafts(table, CODE)[0], CODE, "2030-01-01T00:00:00+00:00")
        assert again.id == event.id, "the moment of the upload is no part of the id"
        ids.append(event.id)
    assert len(set(ids)) == 3


# -------------------------------------------------------------- documents
def test_rows_of_one_key_are_one_document_wherever_they_stand():
    rows = [HEAD + LINE, commitment(), commitment("C2"), commitment(line="2", title="", vendor="")]
    found, envelopes = checked(rows, COMMITMENT)
    assert told(found) == []
    assert [list(d.rows) for d in found] == [[2, 4], [3]]
    assert [line["line_id"] for line in envelopes[0].data["lines"]] == ["1", "2"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(st.one_of(st.text(max_size=9), st.sampled_from(
            ['{"a": []}', "[1,", "(empty)", "=1", "number:", "1e5", "2026-01-01", "9" * 70, "\0"]
        )), max_size=8),
        max_size=5,
    ),
    st.sampled_from(OFFERED),
)  # fmt: skip
def test_whatever_stands_in_the_cells_is_told_and_never_fails(cells, name):
    needed = [c.name for c in columns(name) if c.needed == event_columns.ALWAYS]
    try:
        found, envelopes = checked([needed, *cells], name)
    except TableError:
        return
    assert all(bool(d.faults) != (position in envelopes) for position, d in enumerate(found))
    rows = {row for d in found for row in d.rows}
    assert {fault.row for d in found for fault in d.faults} <= rows


def test_rows_of_one_document_that_contradict_each_other():
    rows = [HEAD + LINE, commitment(), commitment(line="2", vendor="V2")]
    row, column, text = the_fault(rows, COMMITMENT)
    assert (row, column) == (3, "vendor") and "differs from row 2" in text


def test_a_fault_of_the_schema_stands_at_its_row_and_says_what_to_do():
    rows = [HEAD + LINE, commitment(), commitment(line="2", amount="")]
    row, column, text = the_fault(rows, COMMITMENT)
    assert (row, column) == (3, "lines.amount") and text.startswith("Fill it in: Scheduled value")
    rows = [HEAD + LINE, commitment(), commitment(line="2", amount="1e3")]
    row, column, text = the_fault(rows, COMMITMENT)
    assert (row, column) == (3, "lines.amount") and "such as 1234.50" in text
    rows = [HEAD + LINE, commitment(), commitment(line="2", amount="10.005")]
    row, column, text = the_fault(rows, COMMITMENT)
    assert (row, column) == (3, "lines.amount") and text.endswith("more than 2 decimals.")
    rows = [HEAD + LINE, commitment(), commitment("C2", approved_at="noon")]
    assert the_fault(rows, COMMITMENT)[:2] == (3, "approved_at")
    rows = [HEAD + LINE, commitment(), commitment("", line="2")]
    assert the_fault(rows, COMMITMENT)[:2] == (3, "external_id")


def test_a_record_stands_in_a_table_once_unless_a_version_tells():
    head = ["external_id", "code", "name", "event.sequence"]
    rows = [head, ["CC-1", "03", "A", ""], ["CC-1", "03", "B", ""]]
    row, column, text = the_fault(rows, CODE)
    assert (row, column) == (3, "name") and "row 2" in text and "event.sequence" in text
    rows = [head, ["CC-1", "03", "A", "1"], ["CC-1", "03", "B", "2"]]
    assert told(checked(rows, CODE)[0]) == []


# ------------------------------------------------------------------ template
def test_the_workbook_explains_every_column():
    made = openpyxl.load_workbook(io.BytesIO(workbook(columns(COMMITMENT), WORDS)))
    table, sheet = made.worksheets
    names = [column.name for column in columns(COMMITMENT)]
    assert [cell.value for cell in table[1]] == names
    rows = {row[0].value: [cell.value for cell in row[1:]] for row in sheet.iter_rows(min_row=4)}
    assert list(rows) == names
    assert rows["lines.amount"][0] == "yes"
    assert rows["retention.work_percent"][0] == "with retention"
    assert "subcontract" in rows["kind"][3]
    offered = {rule.formula1 for rule in table.data_validations.dataValidation}
    assert '"purchase_order,subcontract,rental,service"' in offered
