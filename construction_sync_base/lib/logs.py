"""What may stand in a log line: ids, and of anything that came from outside only one short
line without tokens. A log is read by more people, and kept longer, than the database.
"""

import json
import logging
import re
import traceback
from contextlib import contextmanager
from contextvars import ContextVar

CAP = 200  # characters of an external text
MASK = "***"
FRAMES = 12  # of a traceback, the innermost
# What looks like a secret, wherever it stands. Ids of ours (UUIDs, SHA-256 in hex) are digests
# or random names and masked as well when they have 40 digits or more: their own log argument
# is an id, this is for texts of others.
_TOKENS = re.compile(
    r"""
      whsec_[A-Za-z0-9+/=_-]+
    | \b(?:Bearer|Basic)\s+[^\s"'\\]+
    | \bgAAAA[A-Za-z0-9_=-]+
    | \bey[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?
    | \b[0-9a-f]{40,}\b
    | [A-Za-z0-9+/_-]{43,}=*
    | (?<=://)[^\s/@"']+(?=@)
    | (?<=password=)[^\s&"']+ | (?<=secret=)[^\s&"']+ | (?<=token=)[^\s&"']+ | (?<=key=)[^\s&"']+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_QUERY = re.compile(r"(/construction_sync/[^\s?\x1b]*)\?[^\s\x1b]*")
_private = ContextVar("construction_sync_private", default=False)


def mask(text):
    """The text with everything that looks like a token replaced by ``***``."""
    return _TOKENS.sub(MASK, text)


def shown(value, cap=CAP):
    """A value from outside as one line of printable ASCII: JSON, masked, capped.

    What is cut off is cut after masking, so that no half of a token remains.
    """
    text = mask(value if isinstance(value, str) else repr(value))
    if len(text) > cap:
        text = text[:cap] + "…"
    return json.dumps(text)


def said(error):
    """What an error says, for a database error without the values that it quotes.

    PostgreSQL puts whole rows into the detail of an error. Its primary message names the
    constraint; only of a value that does not fit its type (class 22) it quotes the value.
    """
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    if primary is None:
        return str(error)
    code = error.pgcode or ""
    return f"a value does not fit its type ({code})" if code.startswith("22") else primary


def trace(error):
    """Kind and place of an error in one line. Its text is left out, as it may quote anything;
    of a database error `said` stays.

    :return: for example ``KeyError at apply.py:12 _run < drain.py:90 _drain``
    """
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = (f"{f.filename.rpartition('/')[2]}:{f.lineno} {f.name}" for f in reversed(frames))
    text = f"{type(error).__name__} at {' < '.join(places) or 'an unknown place'}"
    return f"{text}: {shown(said(error))}" if hasattr(error, "diag") else text


@contextmanager
def private():
    """Inside, Odoo's report of a failed query names the statement and no value of it: the
    values are what a platform sent."""
    token = _private.set(True)
    try:
        yield
    finally:
        _private.reset(token)


class HideValues(logging.Filter):
    """For the logger ``odoo.sql_db``: see `private`."""

    def filter(self, record):
        if _private.get() and isinstance(record.msg, str) and record.msg.startswith("bad query"):
            query, error = record.args if len(record.args) == 2 else ("", "")
            text = query.decode(errors="replace") if isinstance(query, bytes) else str(query)
            statement = " ".join(text.split()[:3])
            record.msg = "bad query, values hidden: %s …: %s"
            record.args = (shown(statement), shown(said(error)))
        return True


class HideQuery(logging.Filter):
    """For the access log (logger ``werkzeug``): what stands behind the question mark of our
    addresses. A sender that puts its token there is refused, and must not be logged."""

    def filter(self, record):
        if isinstance(record.args, tuple):
            record.args = tuple(
                _QUERY.sub(rf"\1?{MASK}", arg) if isinstance(arg, str) else arg
                for arg in record.args
            )
        return True
