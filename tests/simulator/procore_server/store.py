"""What the platform knows: rows by table, and who is told of a change.

Fields that begin with an underscore are the simulator's own and never leave it: `_company`,
`_project`, `_parent` (of a line), `_kind` (of what a line belongs to), `_updated` (whole second),
`_turn` (order of all changes) and `_origin` (its place in the index).
"""

import itertools
import threading
from collections import defaultdict
from decimal import Decimal

from .clock import instant, stamp

COMPANY = 7  # id of the company that is always there
FIRST_ID = 598_134_325_000_001  # beyond 32 bits, as regions other than the first have


class Store:
    """Rows by table and id. Every call holds one lock; what comes back is a row itself, so
    callers copy before they change."""

    def __init__(self, clock):
        self.clock = clock
        self.lock = threading.RLock()
        self.listeners = []  # function fact, table, row, by
        self._tables = defaultdict(dict)
        self._origins = defaultdict(dict)  # (table, company, origin id) → {id: row}
        self._ids = itertools.count(FIRST_ID)
        self.turn = 0  # grows with every change

    def new_id(self):
        return next(self._ids)

    def add(self, table, values, by=None, at=None):
        """A new row.

        :param by: `wire.Call` of the integration that makes it; None: a person at the platform
        :param at: seconds since 1970 of its creation, where it is not now
        """
        with self.lock:
            made = stamp(self.clock.now() if at is None else at)
            row = {"id": self.new_id(), "created_at": made, "updated_at": made} | values
            if table == "projects":
                row["_project"] = row["id"]
            self._tables[table][row["id"]] = row
            self._mark(table, row)
            self._tell("create", table, row, by)
            return row

    def change(self, table, row_id, values, by=None):
        """Other values of a row; `updated_at` moves also where none differs."""
        with self.lock:
            row = self._tables[table][row_id]
            row |= {"updated_at": stamp(self.clock.now())} | values
            self._mark(table, row)
            self._tell("update", table, row, by)
            return row

    def remove(self, table, row_id, by=None):
        """It is gone for everybody who does not ask for what is deleted."""
        with self.lock:
            row = self._tables[table][row_id]
            now = stamp(self.clock.now())
            row |= {"deleted_at": now, "updated_at": now}
            self._mark(table, row)
            self._tell("delete", table, row, by)
            return row

    def set_quietly(self, table, row_id, values):
        """What the platform writes beside the user's data: no hook, no new `updated_at`."""
        with self.lock:
            row = self._tables[table][row_id]
            row |= values
            self._index(table, row)

    def row(self, table, row_id):
        """The row, also where it is deleted; None without one."""
        return self._tables[table].get(row_id)

    def by_origin(self, table, company, origin_id):
        """The rows that carry this id of the ERP side and are not deleted."""
        found = self._origins.get((table, company, origin_id), {})
        return [row for row in found.values() if not row.get("deleted_at")]

    def rows(self, table, deleted=False, **values):
        """Rows in the order of their making, with these values.

        :param deleted: with those that are deleted
        """
        with self.lock:
            return [
                row
                for row in self._tables[table].values()
                if (deleted or not row.get("deleted_at"))
                and all(row.get(name) == value for name, value in values.items())
            ]

    def tables(self):
        return sorted(name for name, rows in self._tables.items() if rows)

    def _mark(self, table, row):
        row["_updated"] = int(instant(row["updated_at"]))
        self._index(table, row)
        row["_turn"] = self.turn

    def _index(self, table, row):
        self.turn += 1
        key = (table, row.get("_company"), row.get("origin_id"))
        if row.get("_origin") != key:
            self._origins.get(row.get("_origin"), {}).pop(row["id"], None)
            row["_origin"] = key
            if row.get("origin_id"):
                self._origins[key][row["id"]] = row

    def _tell(self, fact, table, row, by):
        for listener in self.listeners:
            listener(fact, table, row, by)


def shown(row):
    """A row as it leaves the platform."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def amount(value) -> str:
    """Money as version 1 and the ERP events write it: text, one decimal at least."""
    plain = format(Decimal(value), "f")
    plain = plain.rstrip("0") if "." in plain else plain + "."
    return plain + "0" if plain.endswith(".") else plain


def cents(value) -> str:
    """Money as invoices write it: text, two decimals."""
    return format(Decimal(value).quantize(Decimal("0.01")), "f")
