"""The columns of a table that holds the events of one type, read from its schema file.

A column is named by the keys that lead to its value: `number`, `retention.work_percent`,
`lines.amount`. Each list of objects at the top of the data gives columns of its own, and a
row holds one item of each: a document is as many rows as its longest list has items. What
is nested deeper stands in one cell, as JSON.

`x-subject` in a schema file says what the subject of its events is made of, where that is
not the object's name and the external id.
"""

# pylint: disable=prefer-env-translation
# There is no environment here: a model translates what `_` marks.

from dataclasses import dataclass

from .errors import _
from .strict_json import UNLIMITED_KEY

ENVELOPE = "event"  # the first key of columns that are no part of the data
SUBJECT = "{object}/{external_id}"
KEY = "external_id"
COMMON = ("revision", "url", "legal_entity", "attachments", "approvals", "created_by", "note",
          "custom")  # fmt: skip
ALWAYS, SOMETIMES, NEVER = "always", "sometimes", "never"
FORMS = {
    "text": _("Text"),
    "number": _("A number, such as 1234.50"),
    "integer": _("A whole number"),
    "boolean": _("true or false"),
    "date": _("A day: a date of the spreadsheet, or 2026-10-31"),
    "instant": _(
        "A moment: 2026-10-31T17:00:00-07:00, or date and time of the spreadsheet in the time "
        "zone of the upload"
    ),
    "choice": _("One of the values"),
    "reference": _(
        "The id at the platform, or number:…, code:…, origin:… (the id that Odoo gave), or id:… "
        "where an id starts like one of these"
    ),
    "person": _("The name, or JSON with name, email and external_id"),
    "list": _("Values separated by semicolons"),
    "json": _("JSON"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    :param path: keys that lead to the value, the list included and its positions left out
    :param kind: a key of `FORMS`
    :param list: name of the list of which each row holds one item, else ""
    :param needed: ALWAYS, NEVER, or SOMETIMES: wherever another column of `within` is filled
    :param within: the list or object around it, "" for the data itself
    """

    path: tuple
    kind: str
    list: str = ""
    needed: str = NEVER
    within: str = ""
    meaning: str = ""
    choices: tuple = ()
    clears: bool = False  # null is allowed, and clears
    number: str = ""  # of the contract: amount, quantity, price or percent
    items: str = ""  # kind of the values of a list

    @property
    def name(self):
        return ".".join(self.path)


def columns_of(schema):
    """The columns of a schema: what has to be filled in first, then the rest, in its order.

    :return: list of `Column`
    """
    found = list(_walk(schema, schema, _Place(), ()))
    lists = {column.list for column in found if column.needed == ALWAYS} - {""}
    found.sort(key=lambda column: _rank(column, lists))
    meaning = "Version of the record at the platform, a whole number: the highest one holds."
    later = "When this was so at the platform. Without it: when the row first arrived."
    return [
        *found,
        Column((ENVELOPE, "sequence"), "integer", meaning=meaning),
        Column((ENVELOPE, "time"), "instant", meaning=later),
    ]


def subject_form(schema):
    """What the subject is made of, or None where no table can say: made by Odoo itself."""
    if schema.get("x-internal"):
        return None
    form = schema.get("x-subject")
    return form or (SUBJECT if KEY in schema.get("properties", {}) else None)


@dataclass(frozen=True, slots=True)
class _Place:
    path: tuple = ()
    list: str = ""
    needed: str = ALWAYS


def _walk(root, schema, place, refs):
    required = schema.get("required", ())
    for name, value in schema.get("properties", {}).items():
        if name == UNLIMITED_KEY:  # no cell holds a file
            continue
        inner, loops = _resolved(root, value, refs)
        path = (*place.path, name)
        types = _types(inner)
        here = _needed(place.needed, name in required)
        if types == {"object"} and _plain_object(inner) and not loops:
            yield from _walk(
                root, inner, _Place(path, place.list, here), (*refs, value.get("$ref"))
            )
        elif types == {"array"} and not place.path and _of_objects(root, inner, refs):
            items, _loops = _resolved(root, inner["items"], refs)
            yield from _walk(root, items, _Place(path, name, here), refs)
        else:
            within = ".".join(place.path)
            yield _column(root, inner, path, place.list, here, within, value)


def _needed(around, required):
    """How a value is needed, by how what is around it is."""
    if not required:
        return NEVER
    return ALWAYS if around == ALWAYS else SOMETIMES


def _resolved(root, schema, refs):
    """The schema with what it refers to, and whether it is a part of itself."""
    reference = schema.get("$ref")
    if not reference:
        return schema, False
    inner = root["$defs"][reference.removeprefix("#/$defs/")] | schema
    return inner, reference in refs


def _types(schema):
    types = schema.get("type", [])
    return {types} if isinstance(types, str) else set(types) - {"null"}


def _plain_object(schema):
    return bool(schema.get("properties")) and not schema.get("additionalProperties")


def _of_objects(root, schema, refs):
    items, loops = _resolved(root, schema.get("items", {}), refs)
    return _types(items) == {"object"} and _plain_object(items) and not loops


def _column(root, schema, path, list_name, needed, within, value):
    kind = _kind(schema)
    items = ""
    if kind == "list":
        inner, _loops = _resolved(root, schema.get("items", {}), ())
        items = _kind(inner)
        kind = "list" if items in ("text", "reference") else "json"
    return Column(
        path=path,
        kind=kind,
        list=list_name,
        needed=needed,
        within=within,
        meaning=value.get("description") or schema.get("description", ""),
        choices=tuple(choice for choice in schema.get("enum", ()) if choice is not None),
        clears="null" in schema.get("type", ()) and isinstance(schema["type"], list),
        number=schema.get("x-number", ""),
        items=items,
    )


def _kind(schema):
    types = _types(schema)
    if "x-number" in schema:
        return "number"
    if types == {"array"}:
        return "list"
    if "object" in types:
        if "string" not in types:
            return "json"
        return "reference" if "origin_id" in schema.get("properties", {}) else "person"
    if types in ({"boolean"}, {"integer"}):
        return types.pop()
    if "enum" in schema:
        return "choice"
    return {"date": "date", "date-time": "instant"}.get(schema.get("format"), "text")


def _rank(column, lists):
    """What has to be filled in comes first; sorting is stable.

    :param lists: names of those that have to have items
    """
    if column.path[0] in COMMON:
        return 4
    if column.list in lists:
        return 1 if column.needed == ALWAYS else 2
    return 0 if column.needed == ALWAYS and not column.list else 3
