"""Versions and changes of a budget: what counts once, what is contained, what a day reads."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.budget_versions import (
    Change,
    Version,
    contained,
    figures,
    in_force,
    moved,
    zero_sum,
)

DAY = date(2026, 3, 1)
cents = st.integers(-(10**9), 10**9).map(lambda n: Decimal(n).scaleb(-2))
keys = st.sampled_from("abc")
lines = st.dictionaries(keys, cents, min_size=1)
days = st.integers(0, 60).map(lambda n: DAY + timedelta(n))
changes = st.lists(st.tuples(days, lines), max_size=8).map(
    lambda rows: [Change(number, day, each) for number, (day, each) in enumerate(rows)]
)


def total(found, name):
    return sum((getattr(each, name) for each in found.values()), Decimal(0))


def amount(version_or_change):
    return sum(version_or_change.lines.values(), Decimal(0))


def test_changes_stand_on_top_of_an_original_version():
    version = Version(1, DAY, {"a": Decimal(100)})
    found = figures([version], [Change(1, DAY, {"a": Decimal(5), "b": Decimal(7)})])
    assert (found["a"].original, found["a"].changes, found["a"].revised) == (100, 5, 105)
    assert (found["b"].original, found["b"].revised) == (0, 7)


def test_what_a_current_version_names_counts_once():
    version = Version(2, DAY, {"a": Decimal(105)}, frozenset({1}))
    change, later = Change(1, DAY, {"a": Decimal(5)}), Change(2, DAY, {"a": Decimal(1)})
    found = figures([version], [change, later])["a"]
    assert (found.original, found.changes, found.revised) == (100, 6, 106)


def test_a_voided_change_that_the_version_contains_leaves_it():
    version = Version(2, DAY, {"a": Decimal(105)}, frozenset({1}))
    both = [Change(1, DAY, {"a": Decimal(5)}), Change(2, DAY, {"a": Decimal(-5)})]
    assert figures([version], both)["a"].revised == 100


def test_a_day_between_two_versions_and_before_a_change():
    first = Version(1, DAY, {"a": Decimal(100)})
    second = Version(2, DAY + timedelta(30), {"a": Decimal(120)})
    change = Change(1, DAY + timedelta(10), {"a": Decimal(5)})
    read = [
        figures([first, second], [change], DAY + timedelta(after)).get("a")
        for after in (-1, 0, 10, 29, 30)
    ]
    assert [each and each.revised for each in read] == [None, 100, 105, 105, 125]
    assert figures([first, second], [change])["a"].revised == 125


def test_the_version_approved_last_holds_where_two_are_effective():
    first, corrected = Version(1, DAY + timedelta(9), {}), Version(2, DAY, {})
    assert in_force([first, corrected], DAY + timedelta(20)) is corrected
    assert in_force([first, corrected], DAY - timedelta(1)) is None
    assert in_force([], None) is None


@given(lines, changes, st.sets(st.integers(0, 7)), st.none() | days)
def test_revised_is_the_version_and_every_change_it_does_not_contain(base, made, inside, day):
    version = Version(1, DAY, base, frozenset(inside))
    found = figures([version], made, day)
    counting = [change for change in made if day is None or change.date <= day]
    on_top = sum((amount(c) for c in counting if c.id not in inside), Decimal(0))
    assert total(found, "revised") == amount(version) + on_top
    assert total(found, "changes") == sum(map(amount, counting), Decimal(0))


@given(lines, changes)
def test_containing_all_or_nothing_gives_the_same_revised_budget(base, made):
    """A platform that sends revised totals and one that sends originals agree."""
    plain = figures([Version(1, DAY, base)], made)
    everything = dict(base)
    for change in made:
        for key, value in change.lines.items():
            everything[key] = everything.get(key, Decimal(0)) + value
    whole = Version(2, DAY, everything, frozenset(change.id for change in made))
    current = figures([whole], made)
    for key in plain.keys() | current.keys():
        assert plain[key] == current[key]


@given(lines, changes)
def test_undoing_everything_leads_back(base, made):
    undone = [
        Change(f"-{change.id}", change.date, {k: -v for k, v in change.lines.items()})
        for change in made
    ]
    found = figures([Version(1, DAY, base)], made + undone)
    assert {key: each.revised for key, each in found.items() if key in base} == base
    assert all(each.revised == 0 for key, each in found.items() if key not in base)


@given(st.lists(cents))
def test_what_a_transfer_moves(amounts):
    added = sum((a for a in amounts if a > 0), Decimal(0))
    assert moved(amounts) >= abs(zero_sum(amounts))
    assert moved([*amounts, *(-a for a in amounts)]) == added + sum(
        (-a for a in amounts if a < 0), Decimal(0)
    )


def test_names_of_what_is_contained():
    known = [
        (1, "CO-1", None, "BC-001"),
        (2, None, None, "2"),
        (3, "x", "PCO-9", "2"),
        (4, "with, comma", None, "4"),
        (5, "CO-10", None, "5"),
        (6, "y", None, "BC-001"),
    ]
    assert contained("CO-1, PCO-9, with, comma", known) == {1, 3, 4}
    assert contained("2", known) == {2}, "a number names what no platform has"
    assert contained("", known) == contained(None, known) == set()
