"""Which version wins: contract, "Envelope"; fault catalogue row 49."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.ordering import Version, compare, decide

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
sequences = st.none() | st.integers(0, 10**60).map(str)
times = st.none() | st.datetimes(timezones=st.just(UTC))
versions = st.builds(Version, sequences, times)
numbered = st.builds(Version, st.integers(0, 50).map(str), times)
digests = st.sampled_from(["a", "b"])


@given(st.integers(0, 10**60), st.integers(0, 10**60), times, times)
def test_sequences_compare_as_numbers_whatever_the_times(a, b, time_a, time_b):
    assert compare(Version(str(a), time_a), Version(str(b), time_b)) == (a > b) - (a < b)


def test_sequences_of_any_length():
    long = "1" + "0" * 10_000
    assert compare(Version(long, None), Version("9" * 10_000, None)) == 1
    assert compare(Version("10", None), Version("9", None)) == 1


@given(sequences, st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_time_decides_where_a_sequence_is_missing(sequence, a, b):
    assert compare(Version(sequence, a), Version(None, b)) == (a > b) - (a < b)
    assert compare(Version(None, a), Version(None, b)) == (a > b) - (a < b)


@given(versions, versions)
def test_comparison_has_two_sides(a, b):
    assert compare(a, b) == -compare(b, a)
    assert compare(a, a) == 0


@given(numbered, numbered, numbered)
def test_comparison_of_numbered_versions_is_an_order(a, b, c):
    if compare(a, b) >= 0 and compare(b, c) >= 0:
        assert compare(a, c) >= 0


@pytest.mark.parametrize(
    ("event", "digest", "expected"),
    [
        (Version("4", NOON), "a", "superseded"),
        (Version("4", NOON + timedelta(1)), "b", "superseded"),
        (Version("5", NOON), "a", "superseded"),
        (Version("5", NOON + timedelta(1)), "b", "duplicate"),
        (Version("6", NOON - timedelta(1)), "a", "apply"),
        (Version("10", NOON), "b", "apply"),
        (Version(None, NOON - timedelta(1)), "b", "superseded"),
        (Version(None, NOON), "b", "apply"),
        (Version(None, NOON), "a", "superseded"),
        (Version(None, NOON + timedelta(1)), "b", "apply"),
        (Version(None, None), "b", "apply"),
    ],
)
def test_snapshots(event, digest, expected):
    assert decide(event, digest, Version("5", NOON), "a", replaces=True) == expected


@given(versions, digests, st.none() | versions, digests)
def test_a_movement_is_never_superseded(event, digest, applied, applied_digest):
    assert decide(event, digest, applied, applied_digest, replaces=False) == "apply"


@given(versions, digests)
def test_the_first_is_applied_and_its_copy_is_not(event, digest):
    assert decide(event, digest, None, None, replaces=True) == "apply"
    assert decide(event, digest, event, digest, replaces=True) == "superseded"


@given(st.permutations(range(6)))
def test_49_any_arrival_ends_with_the_newest_version(arrival):
    applied, applied_digest, states = None, None, []
    for number in arrival:
        event = Version(str(number * 7), NOON)
        if decide(event, str(number), applied, applied_digest, replaces=True) == "apply":
            applied, applied_digest = event, str(number)
            states.append(number)
    assert applied_digest == "5" and states == sorted(states)


def test_49_versions_3_1_2():
    outcomes, applied = [], None
    for number in "312":
        outcomes.append(decide(Version(number, NOON), number, applied, "3", replaces=True))
        applied = applied or Version(number, NOON)
    assert outcomes == ["apply", "superseded", "superseded"]


@given(st.lists(st.tuples(numbered, digests), max_size=6), st.integers(0, 3))
def test_56_replaying_everything_changes_nothing(events, rounds):
    def play(state, stream):
        for event, digest in stream:
            if decide(event, digest, *(state or (None, None)), replaces=True) == "apply":
                state = (event, digest)
        return state

    once = play(None, events)
    assert play(once, itertools.chain.from_iterable([events] * rounds)) == once
