"""The order in which dependent documents are undone, and the day of it."""

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import undo
from odoo.addons.construction_sync_base.lib.errors import ToldError

Doc = undo.Document


@st.composite
def forests(draw):
    """Documents of which each stands on earlier ones only."""
    count = draw(st.integers(1, 12))
    return {
        number: Doc(
            number,
            draw(st.integers(0, 3)),
            tuple(draw(st.sets(st.integers(number + 1, count - 1)))) if number + 1 < count else (),
        )
        for number in range(count)
    }


@given(forests(), st.data())
def test_what_stands_on_something_goes_first(documents, data):
    roots = data.draw(st.sets(st.sampled_from(sorted(documents)), min_size=1))
    keys = undo.order(documents, roots)
    assert len(keys) == len(set(keys))
    place = {key: position for position, key in enumerate(keys)}
    for key in keys:
        assert all(place[need] < place[key] for need in documents[key].needs)
    reached, left = set(), list(roots)
    while left:
        key = left.pop()
        if key not in reached:
            reached.add(key)
            left += documents[key].needs
    assert set(keys) == reached


def test_the_newest_first():
    documents = {
        "order": Doc("order", 0, ("bill 1", "bill 2", "receipt")),
        "bill 1": Doc("bill 1", (2, 1)),
        "bill 2": Doc("bill 2", (2, 2), ("release",)),
        "release": Doc("release", (3, 1)),
        "receipt": Doc("receipt", (1, 1), ("bill 1",)),
    } | {"order": Doc("order", (0, 0), ("bill 1", "bill 2", "receipt"))}
    keys = undo.order(documents, ["order"])
    assert keys == ["release", "bill 2", "bill 1", "receipt", "order"]


def test_a_circle_is_told():
    documents = {"a": Doc("a", 0, ("b",)), "b": Doc("b", 0, ("a",))}
    with pytest.raises(ToldError):
        undo.order(documents, ["a"])


AMOUNTS = st.decimals(0, 1000, places=2)


@given(
    st.dictionaries(st.sampled_from("xyz"), AMOUNTS),
    st.lists(st.dictionaries(st.sampled_from("xyz"), AMOUNTS), max_size=8),
)
def test_no_more_is_undone_than_has_to_be(needed, frees):
    documents = [Doc(n, n, (), given_back) for n, given_back in enumerate(frees)]
    keys, short = undo.to_free(needed, documents)
    given_back = {what: sum(frees[key].get(what, D(0)) for key in keys) for what in "xyz"}
    for what, amount in needed.items():
        assert (what in short) == (given_back[what] < amount)
        if what in short:
            assert short[what] == amount - given_back[what]
            # nothing that would give of it was left standing
            assert all(not frees[n].get(what) for n in set(range(len(frees))) - set(keys))
    if keys:  # the oldest of them was needed for something
        without = {w: given_back[w] - frees[keys[-1]].get(w, D(0)) for w in "xyz"}
        assert any(without[what] < amount for what, amount in needed.items())
    assert keys == sorted(keys, reverse=True)


MARCH, APRIL = date(2026, 3, 31), date(2026, 4, 9)


@pytest.mark.parametrize(
    ("locked", "day"),
    [
        ((), MARCH),
        ((3,), APRIL),
        ((3, 4), date(2026, 5, 1)),
        ((3, 4, 5, 6), date(2026, 7, 1)),
        ((3, 4, 5, 6, 7, 8, 9, 10, 11, 12), date(2027, 1, 1)),
    ],
)
def test_the_day(locked, day):
    assert undo.day_of(MARCH, APRIL, lambda d: d.year == 2026 and d.month in locked) == day


def test_no_month_is_open():
    with pytest.raises(ToldError):
        undo.day_of(MARCH, APRIL, lambda _day: True)
