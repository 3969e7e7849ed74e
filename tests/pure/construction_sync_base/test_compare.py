"""Two readings of a document."""

import doctest
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import compare
from odoo.addons.construction_sync_base.lib.compare import Reading, differences

VALUES = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["", "x", "y"]), max_size=4)
AMOUNTS = st.one_of(st.none(), st.integers(-5, 5).map(Decimal))
READINGS = st.builds(Reading, st.just("m"), st.just(1), st.just("n"), VALUES, AMOUNTS)


def test_the_example():
    assert doctest.testmod(compare).failed == 0


@given(READINGS)
def test_a_reading_does_not_differ_from_itself(reading):
    assert differences(reading, reading) == []


@given(READINGS, READINGS)
def test_every_place_that_differs_and_no_other(one, two):
    found = {d.where for d in differences(one, two)} - {""}
    keys = one.values.keys() | two.values.keys()
    assert found == {k for k in keys if one.values.get(k, "") != two.values.get(k, "")}


@given(READINGS, READINGS)
def test_amounts_add_up_and_turn_around(one, two):
    there = sum(d.amount for d in differences(one, two))
    assert there == (two.amount or 0) - (one.amount or 0)
    assert there == -sum(d.amount for d in differences(two, one))
