"""One cell of a table to a value of an event, and back."""

# pylint: disable=prefer-env-translation
# There is no environment here: a model translates what `_` marks.

import re
from datetime import UTC, datetime

from . import spreadsheet, strict_json
from .errors import Malformed, ToldError, _

CLEAR = "(empty)"  # null: an empty cell says nothing
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")
_REFERENCE = re.compile(r"(origin|number|code|id):(.*)", re.DOTALL)
_KEYS = {"origin": "origin_id", "number": "number", "code": "code"}
_PREFIXES = {key: prefix for prefix, key in _KEYS.items()}
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DIGITS = re.compile(r"-?[0-9]+")


class CellError(ToldError):
    """A cell cannot be taken as what its column holds."""


class Reader:
    """Reads cells.

    :param mark: decimal mark of numbers that are text, "." or ","
    :param zone: tzinfo of moments that say none; None is UTC
    """

    def __init__(self, mark=".", zone=None):
        self.mark, self.zone = mark, zone or UTC

    def value(self, column, cell):
        """The value of a cell that is not empty.

        :raises CellError: it is none of this column
        """
        kind = spreadsheet.kind_of(cell)
        if kind == "formula":
            raise CellError(
                _("It is a formula, and formulas are not reckoned here: copy the cells and paste "
                  "them as values.")
            )  # fmt: skip
        if kind == "error":
            raise CellError(_("The spreadsheet shows an error here: %(cell)s."), cell=cell[:20])
        text = str(cell) if kind != "text" else spreadsheet.unescaped(str(cell)).strip()
        if text == CLEAR:
            if not column.clears:
                raise CellError(_("It cannot be cleared."))
            return None
        return getattr(self, f"_{column.kind}")(column, text, kind)

    def _text(self, column, text, kind):
        if kind == "date":
            raise CellError(
                _("The spreadsheet made the date %(cell)s of it: format the column as text and "
                  "type it again."),
                cell=text,
            )  # fmt: skip
        return text

    def _number(self, column, text, kind):
        plain = text if kind == "number" else spreadsheet.plain(text, self.mark)
        if kind in ("date", "boolean") or not spreadsheet.NUMBER.fullmatch(plain):
            raise CellError(
                _("“%(cell)s” is no number: write it in digits, such as 1234.50."), cell=text[:40]
            )
        return plain

    def _integer(self, column, text, kind):
        if kind in ("date", "boolean") or not _DIGITS.fullmatch(text) or len(text) > 40:
            raise CellError(_("A whole number is needed, not “%(cell)s”."), cell=text[:40])
        # a version of the envelope is digits of any length
        return text if column.name == "event.sequence" else int(text)

    def _boolean(self, column, text, kind):
        if kind != "date" and text.lower() in TRUE:
            return True
        if kind != "date" and text.lower() in FALSE:
            return False
        raise CellError(_("Write true or false, not “%(cell)s”."), cell=text[:40])

    def _choice(self, column, text, kind):
        for choice in column.choices:
            if text.casefold() == str(choice).casefold():
                return choice
        raise CellError(
            _("“%(cell)s” is none of the values: %(choices)s."),
            cell=text[:40], choices=", ".join(map(str, column.choices)),
        )  # fmt: skip

    def _date(self, column, text, kind):
        if not _DAY.fullmatch(text):
            raise CellError(
                _("“%(cell)s” is no day: use a date of the spreadsheet, or write 2026-10-31."),
                cell=text[:40],
            )
        return text

    def _instant(self, column, text, kind):
        if not _LOCAL.fullmatch(text):
            return text
        try:
            return datetime.fromisoformat(text).replace(tzinfo=self.zone).isoformat()
        except (ValueError, OverflowError) as error:
            raise CellError(_("“%(cell)s” is no moment."), cell=text) from error

    def _reference(self, column, text, kind):
        text = self._text(column, text, kind)
        if text.startswith("{"):
            return self._json(column, text, kind)
        named = _REFERENCE.fullmatch(text)
        if not named:
            return text
        prefix, value = named[1], named[2].strip()
        return {_KEYS[prefix]: value} if prefix in _KEYS else value

    def _person(self, column, text, kind):
        if text.startswith("{"):
            return self._json(column, text, kind)
        return self._text(column, text, kind)

    def _list(self, column, text, kind):
        if text.startswith("["):
            return self._json(column, text, kind)
        one = getattr(self, f"_{column.items}")
        return [one(column, part.strip(), kind) for part in text.split(";") if part.strip()]

    def _json(self, column, text, kind):
        try:
            return strict_json.loads(text.encode())
        except (Malformed, UnicodeEncodeError) as error:
            raise CellError(_("It is no JSON that can be read: %(why)s."), why=error) from error


def text(column, value):
    """The cell that says a value.

    :param value: None clears
    """
    if value is None:
        return CLEAR
    if column.kind == "boolean":
        return "true" if value else "false"
    if column.kind == "reference":
        return _reference_text(value)
    if column.kind == "list" and value and all(_is_simple(column, part) for part in value):
        one = _reference_text if column.items == "reference" else str
        return "; ".join(map(one, value))
    if isinstance(value, dict | list):
        return strict_json.dumps(value)
    return str(value)


def _reference_text(value):
    if isinstance(value, dict):
        key, inner = next(iter(value.items()))
        if len(value) == 1 and key in _PREFIXES:
            return f"{_PREFIXES[key]}:{inner}"
        return strict_json.dumps(value)
    return f"id:{value}" if _REFERENCE.fullmatch(value) or value.startswith("{") else value


def _is_simple(column, part):
    """Whether it can stand between semicolons."""
    text = _reference_text(part) if column.items == "reference" else part
    if not isinstance(text, str):
        return False
    return bool(text) and ";" not in text and text.strip() == text and not text.startswith("[")
