"""What is wrong with events that rows stand for, told by row and column."""

# pylint: disable=prefer-env-translation
# There is no environment here: a model translates what `_` marks.

import re

from .errors import Malformed, ToldError, _
from .event_rows import Fault, enveloped

_MISSING = re.compile(r"'(.+)' is a required property")


def check(drafts, checker, event_type, columns, now):
    """Add to drafts what of them does not fit, and make envelopes of those that do.

    :param drafts: from `event_rows.parse`
    :param checker: a `payload_check.Checker`
    :param now: RFC 3339; the time of events that say none
    :return: {position of the draft: `Envelope`}
    """
    meanings = {column.name: column.meaning for column in columns}
    found = {}
    for position, draft in enumerate(drafts):
        if draft.faults:  # what is missing because it could not be read is told once
            continue
        for fault in checker.check_data(draft.data, event_type).faults:
            draft.faults.append(_placed(draft, fault, meanings))
        if draft.faults:
            continue
        try:
            found[position] = enveloped(draft, event_type, now)
        except Malformed as error:
            first = next(iter(draft.rows))
            why = ToldError(_("It cannot be sent: %(why)s."), why=error)
            draft.faults.append(Fault(first, "", why))
    return found


def _placed(draft, fault, meanings):
    """What the schema found, at its row and in words that say what to do."""
    missing = _MISSING.fullmatch(fault.message)
    where = (*fault.where, missing[1]) if missing else fault.where
    row, column = draft.place(where)
    if missing and (meaning := meanings.get(column)):
        error = ToldError(_("Fill it in: %(meaning)s"), meaning=meaning)
    elif missing:
        error = ToldError(_("Something of it is missing: fill in what it needs."))
    elif fault.category == "amount":  # the form is right, or it would have been told by the cell
        error = ToldError("%(message)s.", message=fault.message.rstrip("."))
    else:
        error = ToldError(
            "%(message)s. %(hint)s", message=fault.message.rstrip("."), hint=fault.hint
        )
    return Fault(row, column, error)
