"""The mark from which a list is asked for: nothing between two readings is left out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import since

NOW = datetime(2026, 10, 31, 17, tzinfo=UTC)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
times = st.sampled_from([form for form in since.FORMS if form != since.NUMBER])


@pytest.mark.parametrize(
    "value",
    ["2026-10-31T17:00:00Z", "2026-10-31T19:00:00+02:00", "2026-10-31t17:00:00",
     1793466000, "1793466000", 1793466000000, "1793466000.0"],
)  # fmt: skip
def test_one_moment_in_many_forms(value):
    assert since.instant(value) == NOW


@pytest.mark.parametrize("value", [None, True, "", "soon", [], {}, "NaN", "1e999", 10**40, -5])
def test_what_is_no_moment(value):
    assert since.instant(value) is None


@given(st.text(max_size=30) | st.integers() | st.none() | st.floats())
def test_anything_is_read(value):
    for form in since.FORMS:
        since.mark(form, value)


@given(times, moments, st.integers(0, 10**6))
def test_what_is_asked_reaches_back_to_the_mark(form, moment, overlap):
    """Whatever the form cuts off, the platform is asked from the mark less the overlap or from
    before it, and at the most two days before."""
    text = since.asked(form, since.text_of(moment), overlap, NOW)
    start = since.instant(int(text) if text.isdecimal() else text.strip('"').split("...")[0])
    wanted = moment - timedelta(seconds=overlap)
    assert wanted - timedelta(days=2) < start <= wanted


def test_the_range_of_the_documentation():
    """A range ends a day later than now, so that no clock cuts it off."""
    text = since.asked("range", since.text_of(NOW), 1800, NOW)
    assert text == '"2026-10-31T16:30:00Z...2026-11-01T17:00:00Z"'


@given(times, moments, st.lists(moments, max_size=5))
def test_the_mark_never_goes_back_nor_ahead_of_the_reading(form, before, found):
    kept, marks = since.text_of(before), [since.text_of(one) for one in found]
    after = since.reached(form, kept, marks, NOW)
    assert after >= kept
    assert after == kept or after <= since.text_of(NOW)
    assert since.reached(form, None, [], NOW) is None
    assert since.reached(form, kept, [], NOW) == kept, "an empty answer moves nothing"


@given(st.lists(st.integers(0, 10**12), min_size=1))
def test_numbers(found):
    marks = [since.mark(since.NUMBER, number) for number in found]
    assert since.reached(since.NUMBER, "5", marks, NOW) == str(max(*found, 5))
    assert since.asked(since.NUMBER, "5", 9, NOW) == "0"
