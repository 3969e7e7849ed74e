"""Expressions over what platforms send: values as the contract wants them, never a crash."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import paths, strict_json

RECORD = strict_json.loads(
    b'{"id": 17, "title": " Roof ", "total": 1087.80, "on": "2026-10-31T23:00:00-07:00",'
    b' "state": "Approved", "open": false, "rows": [{"n": 1, "sum": "$1,000.10"}], "none": null}'
)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
)


@pytest.mark.parametrize(
    "expression, value",
    [
        ("id", 17),
        ("text(id)", "17"),
        ("text(title)", "Roof"),
        ("decimal(total)", "1087.80"),
        ("day(on)", "2026-10-31"),
        ("choose(state, {Approved: 'active', Void: 'closed'})", "active"),
        ("choose(none, {Approved: 'active'})", None),
        ("rows[].{line_id: text(n), amount: decimal(sum)}",
         [{"line_id": "1", "amount": "1000.10"}]),
        ("text(open)", "false"),
        ("missing.deeper", None),
    ],
)  # fmt: skip
def test_what_is_found(expression, value):
    paths.check(expression)
    assert paths.find(expression, RECORD) == value


def test_a_decimal_is_never_made_of_a_float():
    """The literal is what the platform wrote, with its zeros."""
    record = strict_json.loads(b'{"a": 0.10, "b": 1.5e3, "c": "n/a"}')
    assert paths.find("[decimal(a), decimal(b), decimal(c)]", record) == ["0.10", "1500", "n/a"]


@pytest.mark.parametrize("expression", ["", "a[", "nosuch(a)", "a" * 3000, "text(", "text(a, b)"])
def test_what_is_no_expression(expression):
    with pytest.raises(paths.Unreadable):
        paths.check(expression)


def test_one_that_does_not_fit():
    with pytest.raises(paths.Unreadable):
        paths.find("join(',', id)", RECORD)
    assert paths.text("rows", RECORD) is None


@given(json)
def test_any_record_is_read(record):
    for expression in ("id", "text(id)", "decimal(@)", "day(@)", "rows[].{a: text(n)}"):
        try:
            paths.find(expression, record)
        except paths.Unreadable:
            pass
