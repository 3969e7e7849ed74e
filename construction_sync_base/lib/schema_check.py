"""Whether the data of an event fits the schema of its type, and if not: where, what and
what to do about it.

Two validators read one file: a compiled one lets pass what fits, which is nearly
everything; the other one words what does not. The drain and the check that a partner
runs on his own payloads both end here.
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

import fastjsonschema
from jsonschema import Draft202012Validator, FormatChecker

from . import money
from .errors import AmountError

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
MAX_MESSAGE = 200  # characters of a message that may quote the sender's value

_MISSING = re.compile(r"'(.+)' is a required property")
_HINTS = {
    "type": "Send it as {wanted}.",
    "enum": "Send one of: {wanted}.",
    "const": "Send exactly {wanted}.",
    "format": "Send a {wanted}, such as {example}.",
    "minLength": "Leave it out, or send a text.",
    "maxLength": "Send at most {wanted} characters.",
    "minItems": "Send at least {wanted}.",
    "minimum": "Send {wanted} or more.",
    "maximum": "Send {wanted} or less.",
    "additionalProperties": "Send texts only.",
}
_EXAMPLES = {"date": "2026-10-31", "date-time": "2026-10-31T17:00:00-07:00"}
_NUMBER = "Send a plain decimal in a string, such as “1234.50”, without exponent or separators."


_YEAR = "Leave it out where the day is unknown or never comes."
FIRST_YEAR, LAST_YEAR = "1900", "9998"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    :param where: keys and positions from the data down to the place
    :param category: of the issue that it becomes, `schema` or `amount`
    """

    where: tuple
    category: str
    message: str
    hint: str = ""

    @property
    def path(self):
        """The place in dots, as issues show it."""
        return ".".join(str(part) for part in self.where) or "data"


def load(path):
    """The schema of one file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


@lru_cache(maxsize=256)
def validator(path):
    """The validator of one schema file that words what is wrong."""
    return Draft202012Validator(load(path), format_checker=FormatChecker())


@lru_cache(maxsize=256)
def fast_check(path):
    """The same schema compiled to Python: twenty times as fast for data that fits, which
    nearly all does. It knows no newer draft than 7; a test holds both to one verdict."""
    plain = {key: value for key, value in load(path).items() if key not in ("$schema", "$id")}
    return fastjsonschema.compile(plain, use_default=False)


def faults(path, data, limit=5):
    """What of the data does not fit the schema file at `path`, at most `limit` Faults."""
    try:
        fast_check(path)(data)
        return []
    except fastjsonschema.JsonSchemaValueException:
        return [worded(error) for error in islice(validator(path).iter_errors(data), limit)]


def worded(error):
    """The Fault of one finding of a validator."""
    where = tuple(error.absolute_path)
    if error.validator == "required" and (missing := _MISSING.fullmatch(error.message)):
        hint = f"Add “{missing[1]}”{_meaning(error.schema, missing[1])}."
    else:
        hint = _hint(error)
    category = "amount" if "x-number" in error.schema else "schema"
    return Fault(where, category, error.message[:MAX_MESSAGE], hint)


def _hint(error):
    if "x-number" in error.schema:
        return _NUMBER
    wanted = error.validator_value
    example = _EXAMPLES.get(error.schema.get("format"), "")
    if error.validator == "pattern" and example:
        return _HINTS["format"].format(wanted=error.schema["format"], example=example)
    if error.validator == "pattern" and wanted == "\\S":
        return _HINTS["minLength"]
    if error.validator in _HINTS:
        if isinstance(wanted, list):
            joint = " or " if error.validator == "type" else ", "
            wanted = joint.join(str(value) for value in wanted if value not in (None, "null"))
        return _HINTS[error.validator].format(wanted=wanted, example=example)
    return error.schema.get("description", "")


def _meaning(schema, name):
    described = schema.get("properties", {}).get(name, {}).get("description")
    return f": {described.rstrip('.')}" if described else ""


# ------------------------------------------------------------------- numbers
def numbers(schema, data):
    """Every number of the contract in the data: (where, the part of the schema, value)."""
    return list(_numbers(schema, schema, data, ()))


def _numbers(root, schema, value, where):
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")] | schema
    if "x-number" in schema:
        if value is not None:
            yield where, schema, value
    elif isinstance(value, dict):
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                yield from _numbers(root, inner, value[name], (*where, name))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _numbers(root, schema.get("items", {}), item, (*where, position))


def range_faults(path, data):
    """Percents that are not from 0 to 100 and days of other years than 1900 to 9998, at any
    place of the schema file. What amounts may be depends on the event's currency; these are
    wrong for everybody. (The year 1 and the year 9999 stand for “unknown” and “never”, and
    have no place in UTC.)"""
    found = []
    for where, part, value in numbers(_ranged(path), data):
        if part["x-number"] == "year":
            if not FIRST_YEAR <= str(value)[:4] <= LAST_YEAR:
                message = f"{str(value)[:40]!r} is not of the years {FIRST_YEAR} to {LAST_YEAR}"
                found.append(Fault(where, "schema", message, _YEAR))
            continue
        try:
            money.parse_percent(value)
        except AmountError as error:
            found.append(Fault(where, "amount", str(error), _NUMBER))
    return found


@lru_cache(maxsize=256)
def _ranged(path):
    """The schema of one file cut down to what leads to a percent or a day, so that a walk
    along it costs next to nothing where there is none."""
    schema = load(path)
    return _cut(schema, schema, ()) or {}


def _cut(root, schema, within):
    reference = schema.get("$ref")
    if reference in within:
        return None  # a part of itself: it leads nowhere else
    if reference:
        schema = root["$defs"][reference.removeprefix("#/$defs/")] | schema
        within = (*within, reference)
    if schema.get("x-number") == "percent":
        return {"x-number": "percent"}
    if schema.get("format") in _EXAMPLES:
        return {"x-number": "year"}
    inner = {
        name: part
        for name, value in schema.get("properties", {}).items()
        if (part := _cut(root, value, within))
    }
    items = _cut(root, schema["items"], within) if "items" in schema else None
    return {"properties": inner} if inner else {"items": items} if items else None


def number_faults(schema, data, decimals):
    """Numbers whose form, size or sign the contract refuses.

    :param decimals: of the event's currency
    """
    parsers = {
        "amount": lambda value, signed: money.parse_amount(value, decimals, signed=signed),
        "quantity": lambda value, signed: money.parse_quantity(value, signed=signed),
        "price": lambda value, signed: money.parse_price(value, signed=signed),
        "percent": lambda value, _signed: money.parse_percent(value),
    }
    found = []
    for where, part, value in numbers(schema, data):
        try:
            parsers[part["x-number"]](value, bool(part.get("x-signed")))
        except AmountError as error:
            found.append(Fault(where, "amount", str(error), _NUMBER))
    return found
