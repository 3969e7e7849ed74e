"""When the next reading is due: every so many minutes, within hours of a place."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.windows import next_time

moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
hours = st.integers(0, 95).map(lambda quarter: quarter / 4)
zones = st.sampled_from(["UTC", "America/Denver", "Europe/Berlin", "Asia/Kolkata"])


@given(moments, hours, hours, zones)
def test_it_lies_in_the_window_and_within_a_day(now, opens, closes, zone):
    due = next_time(None, now, 15, opens, closes, zone)
    assert now <= due <= now + timedelta(hours=25)
    local = due.astimezone(ZoneInfo(zone))
    hour = local.hour + local.minute / 60
    if opens != closes and not 0 < local.hour < 4:  # hours that a change of clocks moves
        inside = opens <= hour < closes if opens < closes else hour >= opens or hour < closes
        assert inside


def test_every_so_many_minutes():
    now = datetime(2026, 10, 30, 12, tzinfo=UTC)
    last = now - timedelta(minutes=5)
    assert next_time(last, now, 15, 0, 0, "UTC") == now + timedelta(minutes=10)
    assert next_time(now - timedelta(days=3), now, 15, 0, 0, "UTC") == now, "after an outage"


def test_over_midnight():
    """From ten in the evening to five in the morning, in Denver."""
    noon = datetime(2026, 10, 30, 18, tzinfo=UTC)  # 12:00 there
    assert next_time(None, noon, 15, 22, 5, "America/Denver") == noon + timedelta(hours=10)
    night = datetime(2026, 10, 30, 9, tzinfo=UTC)  # 03:00 there
    assert next_time(None, night, 15, 22, 5, "America/Denver") == night
