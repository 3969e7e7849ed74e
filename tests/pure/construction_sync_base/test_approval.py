from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import approval
from odoo.addons.construction_sync_base.lib.approval import Delegation

DAY = date(2026, 3, 10)
people = st.integers(1, 6)
delegations = st.lists(
    st.builds(
        Delegation,
        person=people,
        deputy=st.none() | people,
        start=st.integers(-3, 3).map(lambda days: DAY + timedelta(days)),
        end=st.integers(-3, 3).map(lambda days: DAY + timedelta(days)),
        document_type=st.sampled_from([None, "budget", "commitment"]),
        away=st.booleans(),
    ),
    max_size=12,
)


def gives(person, deputy, first=0, last=0, kind=None, away=False):
    start, end = DAY + timedelta(first), DAY + timedelta(last)
    return Delegation(person, deputy, start, end, kind, away)


def test_first_and_last_day_belong_to_it():
    given_ = [gives(1, 2, -1, 1)]
    for days, found in ((-2, set()), (-1, {1}), (0, {1}), (1, {1}), (2, set())):
        assert approval.principals(2, given_, DAY + timedelta(days), "budget") == found


def test_of_one_kind_only():
    given_ = [gives(1, 2, kind="budget")]
    assert approval.principals(2, given_, DAY, "budget") == {1}
    assert approval.principals(2, given_, DAY, "commitment") == set()


def test_a_deputy_of_a_deputy():
    assert approval.principals(3, [gives(1, 2), gives(2, 3)], DAY, "budget") == {1, 2}


def test_away_without_anybody():
    assert approval.is_away(1, [gives(1, None, away=True)], DAY, "budget")
    assert not approval.is_away(1, [gives(1, 2, away=True)], DAY, "budget")
    both = [gives(1, 2, away=True), gives(2, None, away=True)]
    assert approval.is_away(1, both, DAY, "budget")
    assert not approval.is_away(1, [gives(1, 2)], DAY, "budget")


@given(people, delegations)
def test_nobody_stands_for_oneself_and_circles_end(user, given_):
    assert user not in approval.principals(user, given_, DAY, "budget")


@given(people, people, delegations)
def test_both_directions_agree(one, two, given_):
    stands_for = one in approval.principals(two, given_, DAY, "budget")
    assert stands_for == (two in approval.deputies(one, given_, DAY, "budget"))


@given(people, delegations)
def test_only_what_was_given_is_had(user, given_):
    """Every step of the way from a principal to the deputy is a delegation that holds."""
    holding = {(d.person, d.deputy) for d in given_ if d.holds(DAY, "budget")}
    reached = {user}
    for _round in range(len(given_)):
        reached |= {person for person, deputy in holding if deputy in reached}
    assert approval.principals(user, given_, DAY, "budget") == reached - {user}


amounts = st.decimals(0, 10**6, places=2)


@given(amounts, st.lists(amounts, min_size=1, max_size=5, unique=True))
def test_ranges_that_meet_leave_no_gap_and_no_overlap(amount, borders):
    borders = sorted(border for border in borders if border)
    ranges = list(zip([Decimal(0), *borders], [*borders, Decimal(0)], strict=True))
    assert sum(approval.in_range(amount, low, high) for low, high in ranges) == 1


@given(st.lists(st.tuples(st.integers(), st.none() | st.integers(1, 3))), st.integers(1, 3))
def test_rules_of_the_job_replace_the_general_ones(rules, job):
    found = approval.needed(rules, job)
    named = [rule for rule, of in rules if of == job]
    assert found == (named or [rule for rule, of in rules if of is None])
