"""Staged records: what the ERP side offers, until an accountant at Procore imports it.

The prefix of their path is unverified.
"""

from .store import shown
from .sync import updates_of
from .wire import Refused, Reply, check_company, invalid

STATES = ("archived", "imported", "invalid", "staged")
KINDS = (
    "vendor", "project", "sub_job", "prime_contract", "purchase_order_contract",
    "work_order_contract", "commitment_change_order", "line_item",
)  # fmt: skip


class Staged:
    def __init__(self, world, router, path):
        self.store = world.store
        router.add("POST", path, self._stage)
        router.add("PUT", path + "/{id}", self._stage)
        router.add("PATCH", path + "/sync", self._stage_all)

    def _stage(self, call):
        check_company(call)
        number = call.number("id") if "id" in call.places else None
        row = self._staged(call, call.value | ({"id": number} if number else {}))
        return Reply(200 if number else 201, shown(row))

    def _stage_all(self, call):
        """Children may be nested in their parent, or name it by `parent_origin_id`."""
        check_company(call)
        entities, errors = [], []
        for values in updates_of(call):
            try:
                row = self._staged(call, values)
                entities.append(shown(row))
                for child in values.get("children") or []:
                    entities.append(shown(self._staged(call, child | {"parent_id": row["id"]})))
            except Refused as error:
                errors.append(values | {"errors": error.reply.value["errors"]})
        return Reply(200, {"entities": entities, "errors": errors})

    def _staged(self, call, values):
        store = self.store
        known = store.rows("staged_records", _company=call.company)
        number, origin = values.get("id"), values.get("origin_id")
        found = next(
            (
                row
                for row in known
                if row["id"] == number
                or (not number and origin and row["origin_id"] == origin
                    and row["item_type"] == values.get("item_type"))
            ),
            None,
        )  # fmt: skip
        if number and found is None:
            raise invalid(id="Entity with this ID not found")
        fields = {"status": "staged", "data": {}, "parent_id": None} if found is None else {}
        fields |= {k: v for k, v in values.items() if k not in ("id", "children")}
        merged = (found or {}) | fields
        if merged.get("item_type") not in KINDS:
            raise invalid(item_type="is not included in the list")
        if merged.get("status") not in STATES:
            raise invalid(status="is not included in the list")
        parent = next((r for r in known if r["origin_id"] == merged.get("parent_origin_id")), None)
        if parent and merged.get("parent_origin_id"):
            fields["parent_id"] = merged["parent_id"] = parent["id"]
        if merged["item_type"] == "line_item" and not merged.get("parent_id"):
            raise invalid(parent_id="can't be blank")
        if found:
            return store.change("staged_records", found["id"], fields, call)
        return store.add("staged_records", fields | {"_company": call.company}, call)
