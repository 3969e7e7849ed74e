"""Tables of events, read and judged, for the tests of rows and of cells."""

from functools import cache

from odoo.addons.construction_sync_base.lib import catalogue, event_columns, spreadsheet
from odoo.addons.construction_sync_base.lib.event_check import check
from odoo.addons.construction_sync_base.lib.event_rows import (
    parse,
)
from odoo.addons.construction_sync_base.lib.event_template import Words
from odoo.addons.construction_sync_base.lib.payload_check import Checker

from tests.pure.construction_sync_base.published_schemas import SCHEMAS, schema_of

HEAD = ["external_id", "number", "kind", "job", "vendor", "currency", "date", "approved_by",
        "approved_at"]  # fmt: skip
LINE = ["lines.line_id", "lines.description", "lines.cost_code", "lines.cost_type", "lines.amount"]
NOW = "2026-11-23T01:00:00+00:00"
WORDS = Words(
    sheets=("Rows", "Columns"),
    headings=("Column", "Needed", "Meaning", "Form", "Values"),
    needed={"always": "yes", "sometimes": "with %s", "never": "no"},
    forms=event_columns.FORMS,
    notes=("How to fill it in",),
)


def _offered():
    names = sorted(path.stem for path in SCHEMAS.glob("*.json"))
    return [name for name in names if event_columns.subject_form(schema_of(name))]


OFFERED = _offered()
COMMITMENT = "construction.commitment.approved.v1"
CODE = "construction.cost_code.upserted.v1"


@cache
def columns(name):
    return event_columns.columns_of(schema_of(name))


@cache
def checker():
    paths = {path.stem: path for path in SCHEMAS.glob("*.json")}
    return Checker(paths, {name: catalogue.read(path) for name, path in paths.items()})


def drafts(rows, name, **more):
    schema = schema_of(name)
    form, kind = event_columns.subject_form(schema), name.split(".")[1]
    return parse(rows, columns(name), form, kind, **more)


def checked(rows, name, **more):
    """(drafts, {position: Envelope}) with everything that is wrong."""
    found = drafts(rows, name, **more)
    return found, check(found, checker(), name, columns(name), NOW)


def told(found):
    return [(fault.row, fault.column, str(fault.error)) for d in found for fault in d.faults]


def the_fault(rows, name, **more):
    found, _envelopes = checked(rows, name, **more)
    [fault] = told(found)
    return fault


def from_csv(content):
    return spreadsheet.read(content, strict=True)


def commitment(external_id="C1", line="1", amount="1000.00", **over):
    values = dict(zip(HEAD, [external_id, "PO-1", "subcontract", "J1", "V1", "USD", "2026-03-02",
                             "Pat", "2026-03-02T10:00:00-07:00"], strict=True))  # fmt: skip
    values |= dict(zip(LINE, [line, "Walls", "03-300", "material", amount], strict=True)) | over
    return [values[name] for name in HEAD + LINE]
