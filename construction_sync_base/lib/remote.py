"""What the answer of another system means for the one who asked: done, again, later, with
another token, never.

Sources: RFC 9110 (status, Retry-After), the rate headers of the platforms, and what fails in
life: an error page with status 200, JSON that ends in the middle, a wait of a thousand years.
"""

from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

from . import logs, strict_json
from .errors import Malformed

DONE = "done"  # as asked
AGAIN = "again"  # not answered as it should be: a fault of theirs or of the way
LATER = "later"  # too many calls: the whole connection waits, no attempt is used up
TOKEN = "token"  # our token is not valid (any more)
REFUSED = "refused"  # they looked at it and say no: a person has to
GONE = "gone"  # it is no more: stop asking

SHORTEST, LONGEST = 1.0, 3600.0  # seconds that one is told to wait
MOST = 300  # characters of what they say that are kept
MOST_KEYS = 1_000_000  # a page of a thousand records; its bytes are capped before
_TRANSIENT = frozenset((408, 421, 425, 500, 502, 503, 504))
_WORDS = ("message", "error_description", "detail", "title", "error", "reason")


@dataclass(frozen=True, slots=True)
class Reading:
    """
    :param verdict: one of the words above
    :param value: the JSON of the answer, None where it has none
    :param wait: seconds to wait, None where they say nothing
    :param text: what they say about it, for people: one line, without tokens
    """

    verdict: str
    value: object = None
    wait: float | None = None
    text: str = ""


class CallError(Exception):
    """A call that brought nothing. The text is for people, without tokens or addresses."""

    def __init__(self, text, wait=None, reading=None):
        super().__init__(text)
        self.wait = wait
        self.reading = reading


class Later(CallError):
    """Nothing was sent, or too much was: nobody calls for `wait` seconds. Uses up no attempt."""


class Failed(CallError):
    """No answer, or none that can be read. A request that writes may have been carried out:
    look for what it made before it is sent again."""


class Refused(CallError):
    """They say no, or we may not ask. Asking again changes nothing: a person has to."""


def read(answer, now, expects_body=False):
    """Read an answer of `ssrf.Guard.call`. One with a body that is no JSON is none.

    :param now: seconds since 1970
    :param expects_body: status 200 with nothing in it is none either
    """
    status = answer.status
    value, fault = _json(answer)
    wait = told_wait(answer.headers, now)
    if 200 <= status < 300:
        if expects_body and status == 200 and value is None:
            fault = fault or "answered with nothing"
        if fault:
            return Reading(AGAIN, None, wait, fault)
        return Reading(DONE, value, wait)
    text = says(value) or f"status {status}"
    if status == 429:
        return Reading(LATER, value, SHORTEST if wait is None else wait, text)
    if status == 401:
        return Reading(TOKEN, value, None, text)
    if status == 410:
        return Reading(GONE, value, None, text)
    if status in _TRANSIENT or status >= 500:
        return Reading(AGAIN, value, wait, text)
    return Reading(REFUSED, value, None, text)


def told_wait(headers, now):
    """Seconds that they ask us to wait, between `SHORTEST` and `LONGEST`; None: they do not.

    `Retry-After` in seconds or as a date. A rate limit that is used up asks as well: of
    `X-Rate-Limit-Reset` (seconds since 1970) where nothing remains.
    """
    wait = _retry_after(headers.get("Retry-After"), now)
    if wait is None and _number(headers.get("X-Rate-Limit-Remaining")) == 0:
        reset = _number(headers.get("X-Rate-Limit-Reset"))
        wait = None if reset is None else reset - now
    return None if wait is None else min(max(wait, SHORTEST), LONGEST)


def _retry_after(text, now):
    if not text:
        return None
    seconds = _number(text)
    if seconds is not None:
        return seconds
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.timestamp() - now


def _number(text):
    """A whole number of a header as float, None for anything else."""
    text = (text or "").strip()
    digits = text.removeprefix("-")
    if not digits.isdecimal() or not digits.isascii():
        return None
    return float(text) if len(digits) <= 15 else float("-1e15" if text[0] == "-" else "1e15")


def _json(answer):
    """(value, None), or (None, why the body is no JSON); (None, None) for an empty body."""
    if not answer.body.strip():
        return None, None
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind and kind != "application/json" and not kind.endswith("+json"):
        return None, f"answered with {logs.shown(kind, 60)} in place of JSON"
    try:
        return strict_json.loads(answer.body, MOST_KEYS), None
    except Malformed as error:
        return None, f"answered with JSON that cannot be read: {error}"


def says(value):
    """What a JSON error says, as one line without tokens; empty where nothing is found."""
    found = _words(value)
    return logs.mask(" ".join(found.split()))[:MOST] if found else ""


def _words(value, depth=0):
    if isinstance(value, str):
        return value
    if depth > 3:
        return ""
    if isinstance(value, list):
        return "; ".join(filter(None, (_words(one, depth + 1) for one in value[:5])))
    if isinstance(value, dict):
        for name in _WORDS:
            if value.get(name):
                return _words(value[name], depth + 1)
        if "errors" in value:
            return _fields(value["errors"], depth + 1)
    return ""


def _fields(errors, depth):
    """`{"errors": {"number": ["is taken"]}}`, as many platforms answer."""
    if not isinstance(errors, dict):
        return _words(errors, depth)
    rows = ((name, _words(text, depth + 1)) for name, text in list(errors.items())[:5])
    return "; ".join(f"{name}: {text}" for name, text in rows if text)
