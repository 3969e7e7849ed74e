"""Percents and days of the published schemas: found at every place, and refused where they
cannot be."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import schema_check

COMMITMENT = str(schema_check.SCHEMAS / "construction.commitment.approved.v1.json")
JOB = str(schema_check.SCHEMAS / "construction.job.upserted.v1.json")
DATA = {
    "retention_percent": "10",
    "retention": {
        "work_percent": "10",
        "stored_percent": 5,
        "rules": [{"percent": "10", "until": "amount", "value": "100.00"}],
    },
    "lines": [{"retention_percent": "5.5"}, {"retention_percent": None}, {}],
}
PLACES = [
    ("retention_percent",),
    ("retention", "work_percent"),
    ("retention", "stored_percent"),
    ("retention", "rules", 0, "percent"),
    ("lines", 0, "retention_percent"),
    ("lines", 2, "retention_percent"),
]


def with_value(where, value):
    data = copy.deepcopy(DATA)
    *way, last = where
    inner = data
    for step in way:
        inner = inner[step]
    inner[last] = value
    return data


def test_what_is_right_has_no_fault():
    assert schema_check.range_faults(COMMITMENT, DATA) == []


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("value", ["-5", "100.000001", 101, -1, "5%", "NaN", ""])
def test_every_place_is_looked_at(where, value):
    faults = schema_check.range_faults(COMMITMENT, with_value(where, value))
    assert [(fault.where, fault.category) for fault in faults] == [(where, "amount")]


@given(st.decimals(0, 100, places=6), st.sampled_from(PLACES))
def test_none_from_0_to_100_is_refused(value, where):
    assert not schema_check.range_faults(COMMITMENT, with_value(where, str(value)))


@pytest.mark.parametrize("data", [{}, {"retention": None}, {"retention": []}, {"retention": "5"}])
def test_where_there_is_none(data):
    assert schema_check.range_faults(JOB, data) == []


@pytest.mark.parametrize("where", [("date",), ("approved_at",), ("lines", 1, "promised_on")])
@pytest.mark.parametrize(
    ("day", "right"),
    [("0001-01-01", False), ("1899-12-31", False), ("1900-01-01", True), ("9998-12-31", True),
     ("9999-12-31", False)],
)  # fmt: skip
def test_years(where, day, right):
    value = f"{day}T00:00:00+14:00" if where == ("approved_at",) else day
    faults = schema_check.range_faults(COMMITMENT, with_value(where, value))
    assert [(f.where, f.category) for f in faults] == ([] if right else [(where, "schema")])


def test_schemas_without_any_cost_no_walk():
    pinged = str(schema_check.SCHEMAS / "construction.platform.pinged.v1.json")
    assert schema_check._ranged(pinged) == {}
