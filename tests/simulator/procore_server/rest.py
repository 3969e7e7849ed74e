"""The ordinary REST resources: list, show, create, update, delete, sync."""

from decimal import Decimal, InvalidOperation

from . import pages, sync
from .clock import instant, stamp
from .pages import is_v2
from .resources import RESOURCES
from .store import shown
from .wire import Refused, Reply, as_v2, invalid, missing

_VERBS = {
    "l": ("GET", "", "list"),
    "c": ("POST", "", "create"),
    "r": ("GET", "/{id}", "show"),
    "u": ("PATCH", "/{id}", "update"),
    "d": ("DELETE", "/{id}", "delete"),
    "s": ("PATCH", "/sync", "sync"),
    "p": ("POST", "/sync", "sync"),
}


ORIGIN = {"origin_id", "origin_code", "origin_data"}  # what a locked record still takes


class Rest:
    """Handlers of every path in `resources.RESOURCES`.

    :param world: the `server.ProcoreServer` whose store, access and clock are used
    """

    def __init__(self, world, router):
        self.world = world
        self._read = (None, [])  # (what was asked for, the rows of it) last
        for resource in RESOURCES:
            for path, verbs in resource.routes.items():
                for verb in verbs:
                    method, tail, name = _VERBS[verb]
                    router.add(method, path + tail, getattr(self, "_" + name), resource)

    # -- reading -------------------------------------------------------------------------

    def _list(self, call, resource):
        world, scope = self.world, self._scope(call, resource)
        rows = []
        if world.access.lists(resource.table, scope.get("_project")):
            rows = self._rows(call, resource, scope)
        here, reply = pages.page(rows, call, lambda some: _answer(call, some))
        world.after_page(resource.table, here)
        return reply

    def _rows(self, call, resource, scope):
        """What the list shows. The next page of a list that nobody changed is not looked for
        again: lists of many thousands are read in tests of speed."""
        world, today = self.world, stamp(self.world.clock.now())[:10]
        query = {name: call.query[name] for name in call.query if name not in pages.PAGE}
        key = [id(resource), scope, query, world.store.turn, world.access.turn, today]
        if self._read[0] == key and not world.lag:
            return self._read[1]
        rows = [
            row
            for row in world.store.rows(resource.table, True, **scope, **resource.lists)
            if resource.holds(row) and not world.access.hidden(row) and not self._late(row)
        ]
        if resource.dated:
            rows = pages.of_day(rows, call, resource.dated, today)
        rows = pages.chosen(rows, call, resource.deleted)
        self._read = (key, rows)
        return rows

    def _show(self, call, resource):
        return Reply(200, _answer(call, self._found(call, resource)))

    def _late(self, row):
        """Whether it is not readable yet, though its hook may have told of it."""
        lag = self.world.lag
        return bool(lag) and instant(row["created_at"]) + lag > self.world.clock.now()

    def _found(self, call, resource):
        """The row of the path, where this caller may see it.

        :raises Refused: 404 or 403
        """
        row = self.world.store.row(resource.table, call.number("id"))
        scope = self._scope(call, resource, by_id=True)
        if row is None or row.get("deleted_at") or not resource.holds(row) or self._late(row):
            raise missing()
        if any(row.get(name) != value for name, value in scope.items()):
            raise missing()
        self.world.access.touch(resource.table, row)
        return row

    def _scope(self, call, resource, by_id=False):
        """Values that rows within reach of the call have.

        Another company's header shows nothing, without a word.

        :raises Refused: 400 where the project has to be named and is not; unverified
        """
        if resource.table == "companies":
            return {}
        scope = {"_company": call.company}
        named = call.number("company_id")
        if named is not None and named != call.company:
            scope["_company"] = None
        project = call.number("project_id") if resource.table != "projects" else None
        if project is not None:
            scope["_project"] = project
        elif resource.scope == "project" and not by_id:
            raise Refused(400, {"errors": {"project_id": ["is missing"]}})
        if resource.parent:
            scope |= self._parent(call, resource)
        return scope

    def _parent(self, call, resource):
        number = call.number("parent_id")
        if number is None:
            return {}
        row = self.world.store.row(resource.parent, number)
        if row is None or row.get("deleted_at") or row["_company"] != call.company:
            raise missing()
        self.world.access.touch(resource.parent, row)
        return {"_parent": number}

    # -- writing -------------------------------------------------------------------------

    def _create(self, call, resource):
        scope = self._scope(call, resource)
        if "_project" in scope:
            project = self.world.store.row("projects", scope["_project"])
            if project is None or project["_company"] != call.company:
                raise missing()
            self.world.access.touch(resource.table, {"_project": scope["_project"]})
        row = self.make(resource, _fields(call, resource), scope, call)
        return Reply(201, _answer(call, row))

    def make(self, resource, values, scope, call):
        """A new row of what an integration sends.

        :raises Refused: 422
        """
        store = self.world.store
        values = {name: value for name, value in values.items() if name != "id"}
        parent = resource.parent and store.row(resource.parent, scope.get("_parent"))
        if parent:
            scope = scope | {"_project": parent["_project"], "_parent": parent["id"]}
            scope["_kind"] = resource.where.get("_kind") or parent.get("type")
            values["holder"] = {"id": parent["id"], "holder_type": scope["_kind"]}
        if scope.get("_project"):
            values.setdefault("project_id", scope["_project"])
        self._check(resource, None, values, call)
        values = {"origin_id": None, "origin_data": None} | values
        return store.add(resource.table, expand(store, values) | resource.where | scope, call)

    def _update(self, call, resource):
        row = self._found(call, resource)
        return Reply(200, _answer(call, self.write(resource, row, _fields(call, resource), call)))

    def write(self, resource, row, values, call):
        """Other values of a row.

        :raises Refused: 422
        """
        values = {name: value for name, value in values.items() if name != "id"}
        if not set(values) <= ORIGIN:
            self._check_open(resource, row)
        self._check(resource, row, values, call)
        values = expand(self.world.store, values)
        return self.world.store.change(resource.table, row["id"], values, call)

    def _delete(self, call, resource):
        row = self._found(call, resource)
        self._check_open(resource, row)
        self.world.store.remove(resource.table, row["id"], call)
        return Reply(204)

    def _sync(self, call, resource):
        return sync.answer(self, call, resource, self._scope(call, resource))

    # -- rules of Procore ----------------------------------------------------------------
    # That they hold is documented; the wording and the fields of the errors are ours.

    def _check_open(self, resource, row):
        if resource.locks and row.get("origin_id"):
            raise invalid(base="It is synced with the ERP system and cannot be changed")
        if resource.table == "requisitions":
            others = self.world.store.rows("requisitions", commitment_id=row.get("commitment_id"))
            if any(one["id"] > row["id"] for one in others) or row.get("status") == "approved":
                raise invalid(base="Only the latest open invoice can be changed")

    def _check(self, resource, row, values, call):
        state = values.get("status")
        if state is not None and resource.states and state not in resource.states:
            raise invalid(status=f"{state} is not included in the list")
        if values.get("origin_id"):
            self.check_origin(resource.table, row, values["origin_id"], call.company)
        if resource.table == "budget_changes":
            _check_balance(values.get("adjustment_line_items") or [])
        if resource.table == "budget_line_items" and row and row.get("_locked"):
            if "original_budget_amount" in values:
                raise invalid(original_budget_amount="cannot be updated for a locked budget")

    def check_origin(self, table, row, origin_id, company):
        """An `origin_id` is given once per kind of record and company.

        :raises Refused: 422
        """
        others = self.world.store.by_origin(table, company, origin_id)
        if any(one is not row for one in others):
            raise invalid(origin_id="has already been taken")


def _check_balance(lines):
    """Both sides of a budget change are equal, for each of its adjustments."""
    sums = {}
    for line in lines:
        if not line.get("_delete"):
            number = line.get("adjustment_number")
            try:
                sums[number] = sums.get(number, Decimal(0)) + Decimal(str(line.get("amount", 0)))
            except InvalidOperation:
                raise invalid(adjustment_line_items="have no amount") from None
    if any(sums.values()):
        raise invalid(adjustment_line_items="do not balance")


def _fields(call, resource):
    """The fields of a write: below the resource's key in version 1, else the body itself."""
    body = call.value
    if not isinstance(body, dict):
        raise Refused(400, {"errors": "The body has to be an object"})
    inner = body.get(resource.body) if resource.body else None
    fields = inner if isinstance(inner, dict) else body
    return {
        name: value
        for name, value in fields.items()
        if name != "company_id" and not name.startswith("_")
    }


def expand(store, values):
    """The short form of what is named by its id, beside the id."""
    made = dict(values)
    for name, table, fields in (
        ("vendor", "vendors", ("id", "name", "company", "origin_id")),
        ("cost_code", "cost_codes", ("id", "name", "full_code", "origin_id")),
        ("line_item_type", "line_item_types", ("id", "name", "code", "base_type", "origin_id")),
        ("project", "projects", ("id", "name", "origin_id")),
    ):
        row = made.get(f"{name}_id") and store.row(table, _whole(made[f"{name}_id"]))
        if row and name not in made:
            made[name] = {field: row.get(field) for field in fields}
    return made


def _whole(value):
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _answer(call, found):
    """Rows as the version of the path writes them."""
    value = [shown(row) for row in found] if isinstance(found, list) else shown(found)
    return {"data": as_v2(value)} if is_v2(call.path) else value
