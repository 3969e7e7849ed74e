"""The simulator's own address, `/_sim/…`: what a person at the platform would do, what goes
wrong, what was written. It asks for no token, so it is for this machine alone."""

from . import erp_press, sample
from .faults import Fault
from .store import shown
from .wire import Refused, Reply, loads


class Control:
    def __init__(self, world):
        self.world = world
        self._handlers = {
            ("GET", "state"): lambda call: world.settings(),
            ("POST", "advance"): self._advance,
            ("POST", "settle"): self._settle,
            ("GET", "requests"): lambda call: list(world.requests),
            ("GET", "written"): self._written,
            ("POST", "faults"): self._fault,
            ("DELETE", "faults"): lambda call: world.faults.clear(),
            ("POST", "access"): self._access,
            ("DELETE", "access"): lambda call: world.access.restore(),
            ("POST", "limits"): self._limits,
            ("POST", "tokens"): self._tokens,
            ("POST", "lag"): self._lag,
            ("POST", "shifts"): lambda call: world.shifts.append({"times": 1} | call.value),
            ("POST", "hooks"): self._hooks,
            ("DELETE", "hooks"): lambda call: world.hooks.all.clear(),
            ("GET", "deliveries"): self._deliveries,
            ("POST", "records"): self._make,
            ("GET", "records"): self._records,
            ("PATCH", "records"): self._change,
            ("DELETE", "records"): self._remove,
            ("POST", "export"): self._export,
            ("POST", "ask"): self._ask,
            ("GET", "erp"): self._erp,
            ("POST", "seed"): lambda call: sample.load(world, call.value.get("seed", 19)),
        }

    def answer(self, call):
        """`/_sim/<name>[/<table>[/<id>]]`; the answer is JSON, `null` where there is nothing."""
        call.value = loads(call.body)
        name, *rest = call.path.removeprefix("/_sim/").strip("/").split("/")
        handler = self._handlers.get((call.method, name))
        if handler is None:
            known = sorted({f"{method} /_sim/{one}" for method, one in self._handlers})
            raise Refused(404, {"errors": f"There is no {call.path}", "known": known})
        call.places = dict(zip(("table", "row"), rest, strict=False))
        try:
            return Reply(200, handler(call))
        except (ValueError, TypeError, KeyError, LookupError) as error:
            raise Refused(400, {"errors": f"{type(error).__name__}: {error}"}) from None

    # -- time and trouble ----------------------------------------------------------------

    def _advance(self, call):
        self.world.advance(float(call.value["seconds"]))
        return self.world.settings()

    def _settle(self, _call):
        self.world.deliverer.settle()

    def _fault(self, call):
        self.world.faults.add(Fault(**call.value))

    def _access(self, call):
        """{"project": id} loses a project; {"table", "how", "project"} a tool;
        {"connected": false} the whole company."""
        value, access = call.value, self.world.access
        if "connected" in value:
            access.connected = bool(value["connected"])
        elif "table" in value:
            access.deny(value["table"], value.get("how", "empty"), value.get("project"))
        else:
            access.hide(int(value["project"]))

    def _limits(self, call):
        self.world.limits.set(int(call.value["hourly"]), int(call.value["spike"]))

    def _tokens(self, call):
        """{"do": "expire"} or {"do": "revoke"}; {"lifetime": seconds} of those to come."""
        value, tokens = call.value, self.world.tokens
        tokens.lifetime = int(value.get("lifetime", tokens.lifetime))
        what = {"expire": tokens.expire, "revoke": tokens.revoke, None: lambda: None}
        what[value.get("do")]()

    def _lag(self, call):
        self.world.lag = float(call.value["seconds"])

    def _hooks(self, call):
        """{"twice": n} duplicates, {"newest_first": true} disorder."""
        deliverer = self.world.deliverer
        deliverer.twice = int(call.value.get("twice", deliverer.twice))
        deliverer.newest_first = bool(call.value.get("newest_first", deliverer.newest_first))

    # -- what is there -------------------------------------------------------------------

    def _written(self, call):
        """What integrations wrote, of one table where it is named."""
        table = call.places.get("table")
        with self.world.store.lock:
            return [one for one in self.world.written if table in (None, one["table"])]

    def _deliveries(self, _call):
        return [row for hook in self.world.hooks.all.values() for row in hook.deliveries]

    def _records(self, call):
        """Rows as they are, also those that no integration may see."""
        table, row = call.places["table"], call.places.get("row")
        if row is not None:
            return shown(self.world.store.row(table, int(row)) or {})
        return [shown(one) for one in self.world.store.rows(table)]

    def _erp(self, _call):
        """Every ERP request with what became of it."""
        store = self.world.store
        return [
            shown(row)
            | {
                "details": [
                    shown(one)
                    for one in store.rows("erp_request_details", erp_request_id=row["id"])
                ]
            }
            for row in store.rows("erp_requests")
        ]

    # -- people at the platform ----------------------------------------------------------

    def _make(self, call):
        """A record, with its project and what it is a line of: {"project", "parent", "kind",
        "values"}."""
        value = call.value
        scope = {"_company": value.get("company", 7), "_project": value.get("project")}
        if "parent" in value:
            scope |= {"_parent": value["parent"], "_kind": value.get("kind")}
        return shown(self.world.store.add(call.places["table"], value.get("values", {}) | scope))

    def _change(self, call):
        table, row = call.places["table"], int(call.places["row"])
        return shown(self.world.store.change(table, row, call.value))

    def _remove(self, call):
        return shown(self.world.store.remove(call.places["table"], int(call.places["row"])))

    def _export(self, call):
        """{"name": "create_commitment", "id": …} presses the button; {"name": "all"} presses
        those of every record that the ERP side has not got."""
        value = call.value
        if value["name"] == "all":
            return [shown(row) for row in erp_press.export_all(self.world)]
        more = {key: one for key, one in value.items() if key not in ("name", "id")}
        return shown(erp_press.export(self.world, value["name"], value["id"], **more))

    def _ask(self, call):
        """Any request, word for word: {"name", "data", "items": [[type, id]]}."""
        value = call.value
        items = [tuple(item) for item in value.get("items", [])]
        return shown(self.world.erp.ask(value["name"], value["data"], items))
