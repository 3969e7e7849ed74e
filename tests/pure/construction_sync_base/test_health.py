"""What makes a platform need attention, and how much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.health import (
    ACT,
    FINE,
    LEVELS,
    LOOK,
    OFF,
    by_limits,
    of_mail,
    of_platform,
    worst,
)

WELL = {
    "state": "active",
    "halted": False,
    "has_secret": True,
    "dead": 0,
    "parked": 0,
    "issues": 0,
    "urgent": 0,
    "lag": 1.5,
    "silence": 30,
    "had_traffic": True,
}


def test_nothing_to_say_of_a_platform_that_is_well():
    assert of_platform(**WELL) == []
    assert worst([]) == FINE


@pytest.mark.parametrize("state", ["draft", "paused"])
def test_one_that_is_off_is_judged_by_nothing_else(state):
    assert of_platform(**{**WELL, "state": state, "dead": 9}) == [(OFF, state)]


@pytest.mark.parametrize(
    ("change", "level", "reason"),
    [
        ({"halted": True}, ACT, "halted"),
        ({"has_secret": False}, ACT, "secret"),
        ({"dead": 1}, ACT, "dead"),
        ({"issues": 3, "urgent": 1}, ACT, "issues"),
        ({"issues": 3}, LOOK, "issues"),
        ({"parked": 1}, LOOK, "parked"),
        ({"lag": 60}, LOOK, "slow"),
        ({"lag": 900}, ACT, "slow"),
        ({"silence": 24 * 3600}, LOOK, "silent"),
    ],
)
def test_each_reason(change, level, reason):
    assert of_platform(**{**WELL, **change}) == [(level, reason)]


def test_a_platform_that_never_sent_is_not_silent():
    assert of_platform(**{**WELL, "silence": None, "had_traffic": False, "lag": None}) == []


@given(
    st.fixed_dictionaries(
        {
            "state": st.sampled_from(["active", "paused", "draft"]),
            "halted": st.booleans(),
            "has_secret": st.booleans(),
            "dead": st.integers(0, 9),
            "parked": st.integers(0, 9),
            "issues": st.integers(0, 9),
            "urgent": st.integers(0, 9),
            "lag": st.none() | st.floats(0, 1e6),
            "silence": st.none() | st.floats(0, 1e6),
            "had_traffic": st.booleans(),
        }
    )
)
def test_the_most_urgent_stands_first(facts):
    levels = [level for level, _reason in of_platform(**facts)]
    ranks = [LEVELS.index(level) for level in levels]
    assert ranks == sorted(ranks, reverse=True)
    assert FINE not in levels
    assert worst(levels) == (levels[0] if levels else FINE)


def test_limits():
    values = (None, 0, 59, 60, 299, 300, 1e9)
    assert [by_limits(v, (60, 300)) for v in values] == [FINE, FINE, FINE, LOOK, LOOK, ACT, ACT]


def test_the_mail_to_the_auditors():
    fine = {"failed": None, "nobody": False, "overdue": None, "stuck": None}
    day = 24 * 3600
    assert of_mail(**fine) == FINE
    assert of_mail(**fine | {"overdue": day, "stuck": 600}) == FINE
    assert of_mail(**fine | {"failed": "refused"}) == LOOK
    assert of_mail(**fine | {"nobody": True}) == LOOK
    assert of_mail(**fine | {"overdue": 2 * day}) == LOOK
    assert of_mail(**fine | {"failed": "refused", "overdue": 3 * day}) == ACT
    assert of_mail(**fine | {"stuck": 3 * day}) == ACT
