"""When something is done that is done every so many minutes, within hours of the day."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_time(last, now, minutes, opens, closes, zone):
    """The moment at which it is due.

    :param last: aware, when it was done last, or None
    :param now: aware; what should have been done by now is due now
    :param minutes: between two times
    :param opens: hour of the day as a number (6.5 is half past six), in the time zone
    :param closes: hour at which the window ends, after midnight where it is the smaller one;
        equal to `opens`: there is no window
    :param zone: name of the time zone
    """
    due = now if last is None else max(last + timedelta(minutes=minutes), now)
    return _opening(due, opens, closes, ZoneInfo(zone))


def _opening(moment, opens, closes, zone):
    """The moment itself where the window is open, else when it opens next."""
    if opens == closes:
        return moment
    local = moment.astimezone(zone)
    hour = local.hour + local.minute / 60 + local.second / 3600
    open_now = opens <= hour < closes if opens < closes else hour >= opens or hour < closes
    if open_now:
        return moment
    day = local.date() + timedelta(days=hour >= opens)
    minutes = round(opens * 60)
    start = datetime.combine(day, time(minutes // 60 % 24, minutes % 60), zone)
    return start.astimezone(UTC)
