"""Records as the data of events: what is not there clears nothing, amounts stay as written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import field_map, paths, strict_json

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
)


def test_a_record_with_lines():
    record = strict_json.loads(
        b'{"no": 4, "vendor": {"id": 9}, "memo": null, "rows": [{"n": 1, "sum": 10.50, "x": null}]}'
    )
    expressions = {
        "number": "text(no)",
        "vendor": "text(vendor.id)",
        "note": "memo",
        "customer": "{name: client.name, email: client.email}",
        "lines": "rows[].{line_id: text(n), amount: decimal(sum), uom: x}",
    }
    assert field_map.data(expressions, record) == {
        "number": "4",
        "vendor": "9",
        "lines": [{"line_id": "1", "amount": "10.50"}],
    }


def test_the_field_at_fault_is_named():
    with pytest.raises(paths.Unreadable, match="^number: "):
        field_map.data({"name": "n", "number": "join('-', no)"}, {"no": 4, "n": "x"})


@given(json)
def test_nothing_without_a_value_is_left(value):
    def nulls(found):
        if isinstance(found, dict):
            return any(inner is None or nulls(inner) for inner in found.values())
        return isinstance(found, list) and any(inner is None or nulls(inner) for inner in found)

    kept = field_map.without_nulls(value)
    assert not nulls(kept)
    assert field_map.without_nulls(kept) == kept


def test_equal_content_has_one_digest():
    assert field_map.digest({"a": 1, "b": [2]}) == field_map.digest({"b": [2], "a": 1})
    assert field_map.digest({"a": 1}) != field_map.digest({"a": 2})
    with pytest.raises(paths.Unreadable):
        field_map.digest({"a": object()})
