"""The versions of the event types, read from their schema files.

Several versions of one type stand side by side, each with its own file and handler. A
version that is to go says so in its file: `deprecated`, `x-deprecated-on` (from which
day it should not be sent any more), `x-sunset-on` (until which day it is understood at
least) and `x-successor` (the type that takes its place). A type with `x-internal` is made
inside and never sent.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime

from . import schema_check

_TYPE = re.compile(r"construction\.([a-z0-9_.]+)\.([a-z0-9_]+)\.v([1-9][0-9]{0,5})")


@dataclass(frozen=True, slots=True)
class TypeVersion:
    """One version of one event type.

    :param replaces: a snapshot (R), of which a newer one replaces older ones; else a
        movement (D)
    """

    type: str
    object: str
    fact: str
    version: int
    replaces: bool
    schema: dict
    deprecated_on: date | None = None
    sunset_on: date | None = None
    successor: str | None = None

    @property
    def internal(self):
        """Made by Odoo itself; no part of the contract."""
        return bool(self.schema.get("x-internal"))


def read(path, replaces=True):
    """The TypeVersion of one schema file.

    :raises ValueError: name and `$id` differ, or its dates contradict each other
    """
    schema = schema_check.load(path)
    name = schema.get("$id", "")
    parts = _TYPE.fullmatch(name)
    if not parts or path.name != f"{name}.json":
        raise ValueError(f"{path.name}: $id has to be the event type and the file's name")
    deprecated_on = _day(schema, "x-deprecated-on")
    sunset_on = _day(schema, "x-sunset-on")
    if bool(schema.get("deprecated")) != bool(deprecated_on):
        raise ValueError(f"{path.name}: deprecated and x-deprecated-on belong together")
    if sunset_on and not (deprecated_on and sunset_on > deprecated_on):
        raise ValueError(f"{path.name}: x-sunset-on has to be after x-deprecated-on")
    return TypeVersion(
        type=name,
        object=parts[1],
        fact=parts[2],
        version=int(parts[3]),
        replaces=replaces,
        schema=schema,
        deprecated_on=deprecated_on,
        sunset_on=sunset_on,
        successor=schema.get("x-successor"),
    )


def _day(schema, name):
    value = schema.get(name)
    return date.fromisoformat(value) if value else None


def hints(versions, base):
    """HTTP headers that warn the sender of these TypeVersions; {} when none is deprecated.

    `Deprecation` is RFC 9745, `Sunset` RFC 8594, the relation RFC 5829. Of several
    versions in one request the earliest date counts.

    :param base: path before `/schemas/…`
    """
    going = [version for version in versions if version.deprecated_on]
    if not going:
        return {}
    midnight = _midnight(min(version.deprecated_on for version in going))
    headers = {"Deprecation": f"@{int(midnight.timestamp())}"}
    ends = [version.sunset_on for version in going if version.sunset_on]
    if ends:
        headers["Sunset"] = format_datetime(_midnight(min(ends)), usegmt=True)
    successors = sorted({version.successor for version in going if version.successor})
    if successors:
        headers["Link"] = ", ".join(
            f'<{base}/schemas/{name}>; rel="successor-version"' for name in successors
        )
    return headers


def _midnight(day):
    return datetime.combine(day, time(), UTC)
