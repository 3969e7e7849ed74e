"""Rows of a table to events of one type, and events back to rows.

Every cell is looked at and none stops another: what is wrong stands beside its row and
column. Money and quantities stay texts on their way; what a spreadsheet keeps as a number
comes as the fifteen digits that it shows.

Rows of one document carry the same key. What stands once in a document may be repeated in
each of its rows, or stand in one of them. The id of an event is made of its content, so that
a row that arrives twice is recognised.
"""

# pylint: disable=prefer-env-translation
# There is no environment here: a model translates what `_` marks.

import difflib
from dataclasses import dataclass, field
from string import Formatter

from . import envelope, event_cells, spreadsheet, strict_json
from .errors import Malformed, ToldError, _
from .event_columns import ALWAYS, ENVELOPE, KEY

SOURCE = "odoo/upload"
SEQUENCE, TIME = f"{ENVELOPE}.sequence", f"{ENVELOPE}.time"


class TableError(ToldError):
    """The table as a whole cannot be taken."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row.

    :param row: number in the file, as people count, from 1
    :param column: name of the column, "" for the row as a whole
    :param error: a `ToldError`
    """

    row: int
    column: str
    error: ToldError


@dataclass(slots=True)
class Draft:
    """One event that rows stand for.

    :param rows: {row number: {column name: text of the cell}}
    :param data: of the event
    :param items: {list: row numbers of its items}
    :param subject: "" where the data does not say it
    """

    rows: dict = field(default_factory=dict)
    data: dict = field(default_factory=dict)
    items: dict = field(default_factory=dict)
    sequence: str | None = None
    time: str | None = None
    subject: str = ""
    faults: list = field(default_factory=list)
    origin: dict = field(default_factory=dict)  # column name -> row that says it

    def fault(self, row, column, text, **values):
        self.faults.append(Fault(row, column, ToldError(text, **values)))

    def place(self, where):
        """(row, column) of a place in the data, as `lib.schema_check.Fault.where` gives it."""
        names = [part for part in where if isinstance(part, str)]
        column = ".".join(names)
        if len(where) > 1 and isinstance(where[1], int) and where[0] in self.items:
            return self.items[where[0]][where[1]], column
        return self.origin.get(column, next(iter(self.rows))), column


# ---------------------------------------------------------------- rows to events
def parse(rows, columns, subject_form, object_name, mark=".", zone=None):
    """The events that a table stands for.

    :param rows: lists of cells as `spreadsheet.read(…, strict=True)` gives them; the first
        one that is not empty names the columns, in any order
    :param columns: of the type, from `event_columns.columns_of`
    :param subject_form: from `event_columns.subject_form`
    :param object_name: of the type
    :param mark: decimal mark of numbers that are text
    :param zone: tzinfo of moments that say none
    :return: list of `Draft`, in the order of their first rows
    :raises TableError: no row, or headings that cannot be taken
    """
    filled = [(number, row) for number, row in enumerate(rows, start=1) if any(row)]
    if not filled:
        raise TableError(_("The file holds no row."))
    headings = _headings(filled[0][1], {column.name.lower(): column for column in columns})
    reader = event_cells.Reader(mark, zone)
    read = {number: _read(number, row, headings, reader) for number, row in filled[1:]}
    if not read:
        raise TableError(_("There is no row below the headings."))
    drafts = {}
    said = {number: values for number, (_texts, values, _faults) in read.items()}
    keys = _keys(said, _key_names(columns, subject_form))
    for number, (texts, values, faults) in read.items():
        draft = drafts.setdefault(keys[number], Draft())
        draft.rows[number] = texts
        draft.faults += faults
        _add(draft, number, values, headings.values())
    found = list(drafts.values())
    for draft in found:
        _finish(draft, columns, subject_form, object_name)
    return found


def _key_names(columns, subject_form):
    """Names of the columns that say which record a row is of."""
    names = {column.name for column in columns}
    if KEY in names:
        return [KEY]
    return [name for _text, name, *_rest in Formatter().parse(subject_form) if name in names]


def _keys(rows, names):
    """{row number: what it has in common with the other rows of its event}. Two versions of
    one record are told apart by their sequence.

    :param rows: {row number: {column name: value}}
    :param names: from `_key_names`
    """
    records, versions = {}, {}
    for number, values in rows.items():
        record = tuple(
            None if values.get(name) is None else str(_plain(values[name])) for name in names
        )
        records[number] = record
        versions.setdefault(record, set()).add(values.get(SEQUENCE))
    return {
        # a row that does not say it stands alone: the schema says that it is missing
        number: number
        if None in record
        else (record, values.get(SEQUENCE) if len(versions[record] - {None}) > 1 else None)
        for (number, values), record in zip(rows.items(), records.values(), strict=True)
    }


def _headings(row, known):
    """{position: Column}; refuses what it does not know rather than leave it out."""
    found = {}
    for position, cell in enumerate(row):
        name = spreadsheet.unescaped(cell).strip().lower()
        if not name:
            continue
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.6)
            if near:
                raise TableError(
                    _("There is no column “%(name)s”. Did you mean “%(near)s”?"),
                    name=cell[:60], near=known[near[0]].name,
                )  # fmt: skip
            raise TableError(
                _("There is no column “%(name)s”: delete it, or see the template for the names."),
                name=cell[:60],
            )
        if known[name] in found.values():
            raise TableError(_("The column “%(name)s” is there twice."), name=cell[:60])
        found[position] = known[name]
    missing = [
        column.name
        for column in known.values()
        if column.needed == ALWAYS and column not in found.values()
    ]
    if missing:
        raise TableError(
            _("Columns are missing: %(names)s. Take the template of this type."),
            names=", ".join(missing),
        )
    return found


def _read(number, row, headings, reader):
    """Texts, values and faults of one row."""
    texts, values, faults = {}, {}, []
    for position, cell in enumerate(row):
        column = headings.get(position)
        if column is None:
            if cell:
                faults.append(
                    Fault(number, "", ToldError(
                        _("“%(cell)s” stands in a column without a name: name it, or delete it."),
                        cell=cell[:40],
                    ))
                )  # fmt: skip
            continue
        if not cell:
            continue
        texts[column.name] = str(cell)
        try:
            values[column.name] = reader.value(column, cell)
        except ToldError as error:
            faults.append(Fault(number, column.name, error))
    return texts, values, faults


def _add(draft, number, values, columns):
    """Take the values of one row over into the event."""
    items = {}
    for column in columns:
        if column.name not in values:
            continue
        value = values[column.name]
        if column.list:
            item = items.setdefault(column.list, {})
            _set(item, column.path[1:], value)
        elif column.path[0] == ENVELOPE:
            _say(draft, number, column.name, value, column.path[1])
        elif column.name not in draft.origin:
            draft.origin[column.name] = number
            _set(draft.data, column.path, value)
        elif _get(draft.data, column.path) != value:
            _differ(draft, number, column.name)
    for name, item in items.items():
        draft.data.setdefault(name, []).append(item)
        draft.items.setdefault(name, []).append(number)


def _say(draft, number, name, value, attribute):
    if getattr(draft, attribute) not in (None, value):
        _differ(draft, number, name)
    else:
        draft.origin.setdefault(name, number)
        setattr(draft, attribute, value)


def _differ(draft, number, name):
    draft.fault(
        number, name,
        _("It differs from row %(other)s, which is of the same record: write the same, leave it "
          "empty here, or give each version its own “event.sequence”."),
        other=draft.origin[name],
    )  # fmt: skip


def _set(data, path, value):
    for name in path[:-1]:
        data = data.setdefault(name, {})
    data[path[-1]] = value


def _get(data, path):
    for name in path:
        data = data[name]
    return data


def _finish(draft, columns, subject_form, object_name):
    for name in {column.list for column in columns if column.needed == ALWAYS} - {""}:
        draft.data.setdefault(name, [])  # so that it is told apart from a missing column
    names = {"object": object_name} | draft.data
    parts = {name: _plain(value) for name, value in names.items()}
    try:
        draft.subject = subject_form.format_map(
            {name: part for name, part in parts.items() if part}
        )
    except KeyError:
        draft.subject = ""  # the schema says what is missing


def _plain(value):
    """Of a reference what stands in it."""
    return next(iter(value.values()), "") if isinstance(value, dict) else value


# ------------------------------------------------------------------ the envelope
def event_id(draft, event_type):
    """The id by which the same content is recognised when it comes again."""
    content = [event_type, draft.subject, draft.sequence, draft.time, draft.data]
    return f"row-{strict_json.digest(content)[:40]}"


def enveloped(draft, event_type, now):
    """The `lib.envelope.Envelope` of a draft without faults.

    :param now: RFC 3339; the time of an event that says none
    :raises Malformed: it exceeds what one event may hold
    """
    event = {
        "specversion": "1.0",
        "id": event_id(draft, event_type),
        "source": SOURCE,
        "type": event_type,
        "subject": draft.subject,
        "time": draft.time or now,
        "data": draft.data,
    }
    if draft.sequence is not None:
        event["sequence"] = draft.sequence
    body = strict_json.dumps(event).encode()
    if len(body) > envelope.MAX_EVENT:
        raise Malformed(f"larger than {envelope.MAX_EVENT // 2**20} MiB")
    return envelope.parse(strict_json.loads(body))


# ---------------------------------------------------------------- events to rows
def rows_of(columns, events):
    """Events of one type as rows below the names of their columns, those left out that
    nothing fills.

    :param events: list of CloudEvents as dicts
    :return: list of lists of texts
    """
    table = [row for event in events for row in _rows_of(columns, event)]
    used = [column for column in columns if any(column.name in row for row in table)]
    names = [column.name for column in used]
    return [names, *([row.get(name, "") for name in names] for row in table)]


def _rows_of(columns, event):
    data = event["data"]
    rows = [{}]
    for column in columns:
        if not column.list:
            holder = event if column.path[0] == ENVELOPE else data
            path = column.path[1:] if holder is event else column.path
            _write(rows[0], column, holder, path)
            continue
        for position, item in enumerate(data.get(column.list) or ()):
            if position == len(rows):
                rows.append({})
            _write(rows[position], column, item, column.path[1:])
    heads = {column.name for column in columns if not column.list}
    head = {name: text for name, text in rows[0].items() if name in heads}
    return [head | row for row in rows]


def _write(row, column, holder, path):
    for name in path[:-1]:
        holder = holder.get(name)
        if not isinstance(holder, dict):
            return
    if path[-1] in holder:
        row[column.name] = event_cells.text(column, holder[path[-1]])
