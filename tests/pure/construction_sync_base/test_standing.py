"""Which database may speak for a platform: every combination, closed unless all fits."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import standing

HERE, ELSEWHERE = "a" * 64, "b" * 64
TABLE = [
    # platform, confirmed, neutralised, configured, reason
    ("production", HERE, False, "", None),
    ("production", HERE, False, "production", None),
    ("sandbox", HERE, False, "", None),
    ("sandbox", HERE, False, "sandbox", None),
    ("sandbox", HERE, True, "", None),
    ("sandbox", HERE, True, "sandbox", None),
    ("production", HERE, False, "sandbox", "environment"),
    ("sandbox", HERE, False, "production", "environment"),
    ("sandbox", HERE, True, "production", "environment"),
    ("production", HERE, True, "", "neutralized"),
    ("production", HERE, True, "production", "neutralized"),
    ("production", ELSEWHERE, True, "", "neutralized"),
    ("production", ELSEWHERE, False, "", "database"),
    ("production", ELSEWHERE, False, "production", "database"),
    ("sandbox", ELSEWHERE, False, "", "database"),
    ("sandbox", None, True, "", "database"),
    ("production", "", False, "", "database"),
    ("production", HERE, False, "staging", "setting"),
    ("sandbox", ELSEWHERE, True, "prod", "setting"),
]


@pytest.mark.parametrize("platform, confirmed, neutralized, configured, reason", TABLE)
def test_table(platform, confirmed, neutralized, configured, reason):
    found = standing.halted(
        platform, confirmed, here=HERE, neutralized=neutralized, configured=configured
    )
    assert found == reason


@given(
    st.sampled_from(["production", "sandbox"]),
    st.sampled_from([HERE, ELSEWHERE, None, ""]),
    st.booleans(),
    st.sampled_from(["", "production", "sandbox"]) | st.text(max_size=12),
)
def test_nothing_passes_unless_everything_fits(platform, confirmed, neutralized, configured):
    reason = standing.halted(
        platform, confirmed, here=HERE, neutralized=neutralized, configured=configured
    )
    if reason is None:
        assert confirmed == HERE and configured in ("", platform)
        assert not neutralized or platform == "sandbox"


def test_calls_need_an_active_platform_that_nothing_halts_and_no_neutralisation():
    allowed = [
        case
        for case in itertools.product(
            (None, "database", "environment", "neutralized", "setting"),
            ("draft", "active", "paused"),
            (True, False),
            (True, False),
        )
        if standing.calls_allowed(case[0], state=case[1], active=case[2], neutralized=case[3])
    ]
    assert allowed == [(None, "active", True, False)]


def test_a_fingerprint_changes_with_each_of_its_parts():
    base = ("2c9e8f1a", "7710811816204774142", "16384")
    others = [("x", *base[1:]), (base[0], None, base[2]), (*base[:2], "16385")]
    found = {standing.fingerprint(*parts) for parts in (base, *others)}
    assert len(found) == 4 and standing.fingerprint(*base) in found
