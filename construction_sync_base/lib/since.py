"""From where on a list is asked for: the mark that was reached, less what is read again.

A mark is text: of an instant `2026-10-31T17:00:00.000000Z`, so that marks sort as text, or a
number. It only moves by records that were read, never past the moment at which the reading
began, and never back: an empty answer, a clock that is wrong or a record from the year 2099
move it nowhere.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

NUMBER = "number"
FORMS = ("instant", "range", "day", "seconds", "milliseconds", NUMBER)
DAY = timedelta(days=1)
_MILLISECONDS = 100_000_000_000  # seconds since 1970 stay below it until the year 5138
_LONGEST = 40  # digits
_FIRST, _LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)


def instant(value):
    """What a platform writes for a moment, as an aware datetime in UTC: RFC 3339 (without an
    offset: UTC), a day, seconds or milliseconds since 1970. None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        number = Decimal(value if isinstance(value, int) else value.strip())
    except InvalidOperation:
        number = None
    try:
        if number is None:
            moment = datetime.fromisoformat(value.strip().upper())
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        else:
            number = number / 1000 if abs(number) >= _MILLISECONDS else number
            moment = _FIRST + timedelta(microseconds=int(number * 1_000_000))
    except (ValueError, OverflowError, InvalidOperation):
        return None
    return moment if _FIRST <= moment < _LAST else None


def text_of(moment):
    """The mark of an aware datetime."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def mark(form, value):
    """The mark of a record, None where what it says is none."""
    if form != NUMBER:
        moment = instant(value)
        return moment and text_of(moment)
    text = "" if isinstance(value, bool) else str(value).strip()
    fits = text.isascii() and text.isdecimal() and len(text) <= _LONGEST
    return (text.lstrip("0") or "0") if fits else None


def reached(form, before, marks, now):
    """The mark after a reading.

    :param before: mark at its beginning, or None
    :param marks: of the records
    :param now: aware, when the reading began
    """
    marks = [one for one in marks if one]
    if form == NUMBER:
        return max([*marks, *([before] if before else [])], key=int, default=None)
    highest = max(marks, default=None)
    highest = highest and min(highest, text_of(now))
    return max(filter(None, (before, highest)), default=None)


def asked(form, reached_mark, overlap, now):
    """The text of the query field.

    :param overlap: seconds, or numbers, that are read again
    :param now: aware; where a range ends a day later, so that no clock cuts it off
    """
    if form == NUMBER:
        return str(max(int(reached_mark) - overlap, 0))
    start = max(instant(reached_mark) - timedelta(seconds=overlap), _FIRST)
    if form == "seconds":
        return str(int(start.timestamp()))
    if form == "milliseconds":
        return str(int(start.timestamp()) * 1000)
    if form == "day":  # of a calendar that may be a day behind ours
        return max(start - DAY, _FIRST).date().isoformat()
    if form == "range":
        return f'"{_seconds(start)}...{_seconds(now + DAY)}"'
    return _seconds(start)


def _seconds(moment):
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
