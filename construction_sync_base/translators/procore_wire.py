"""Values of a Procore payload as plain text: what is not set is None, whatever its form.

Procore writes ids as numbers or as text, amounts as JSON numbers or as text, "not
set" as null, as "", as the text "null" or, for dates, as the year 1970.
"""

import re
from decimal import Decimal, InvalidOperation

from ..lib.errors import Malformed

_DAY = re.compile(r"(\d{4})-\d{2}-\d{2}")
_INSTANT = re.compile(r"(\d{4})-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})")
_DIGITS = 64  # characters of a number; longer ones are passed on and refused as an amount


def text(value):
    """The value as text without blanks around it; None when it is not set."""
    if value is None or isinstance(value, bool | dict | list):
        return None
    value = str(value).strip()
    return None if value in ("", "null") else value


def number(value):
    """A number as a plain decimal without an exponent. What is no number stays as it is:
    the schema and the handler refuse it with its place."""
    value = text(value)
    if value is None:
        return None
    try:
        parsed = Decimal(value) if len(value) <= _DIGITS else None
    except InvalidOperation:
        parsed = None
    if parsed is None or not parsed.is_finite() or abs(parsed.adjusted()) > _DIGITS:
        return value
    plain = f"{parsed:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in ("-0", "") else plain


def is_zero(value):
    """Whether a number is zero or not set."""
    return number(value) in (None, "0")


def day(value):
    """The calendar day of a date or instant, as its sender's clock shows it."""
    value = text(value) or ""
    match = _DAY.match(value)
    return match[0] if match and match[1] != "1970" else None


def instant(value):
    """An instant with its offset."""
    value = text(value) or ""
    match = _INSTANT.fullmatch(value)
    return value if match and match[1] != "1970" else None


def table(value, path):
    """A JSON object; Malformed names the path where it is none."""
    if not isinstance(value, dict):
        raise Malformed(f"{path} must be an object")
    return value


def rows(value, path):
    """A JSON array of objects; absent and null are an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(f"{path} must be an array")
    return [table(row, f"{path}[{position}]") for position, row in enumerate(value)]


def required(value, path):
    """Text that has to be there."""
    value = text(value)
    if value is None:
        raise Malformed(f"{path} is missing")
    return value


def reference(external_id, origin_id, path):
    """A reference of the contract to a record that Procore names by its own id, by ours
    (`origin_id`), or by both."""
    external_id, origin_id = text(external_id), text(origin_id)
    if external_id and origin_id:
        return {"origin_id": origin_id, "external_id": external_id}
    if origin_id:
        return {"origin_id": origin_id}
    if external_id:
        return external_id
    raise Malformed(f"{path} has neither id nor origin_id")


def given(**values):
    """The values that are set."""
    return {name: value for name, value in values.items() if value is not None}
