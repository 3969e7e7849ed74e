"""Procore's ERP Integrations: requests, their details, external data, budget transactions and
job costs (wire formats 1.7).

The paths of request details, of `external_data/sync` and of `erp_transactions/sync` are
documented. Those of ERP requests and job costs are printed without their prefix or not at all:
here they stand beside the others, **unverified**.
"""

from . import pages
from .staged import Staged
from .store import shown
from .sync import updates_of
from .wire import Refused, Reply, check_company, invalid, missing

COMPANY = "/rest/v1.0/companies/{company_id}"
STATES = ("in progress", "success", "failed", "stale")

#: item type of the external data → table, values of its rows
ITEMS = {
    # unverified which of them it means; their ids differ
    "change_order": ("commitment_change_orders prime_change_orders", {}),
    "contract_payment": ("contract_payments", {}),
    "cost_code": ("cost_codes", {}),
    "department": ("departments", {}),
    "item": ("direct_costs", {}),
    "budget": ("erp_budgets", {}),
    "insurance": ("insurances", {}),
    "invoice_payment": ("invoice_payments", {}),
    "line_item": ("line_items", {}),
    "line_item_type": ("line_item_types", {}),
    "markup": ("markups", {}),
    "payment_application": ("payment_applications", {}),
    "payment_application_line_item": ("payment_application_items", {}),
    "prime_contract": ("prime_contracts", {}),
    "project": ("projects", {}),
    "purchase_order_contract": ("commitments", {"type": "PurchaseOrderContract"}),
    "requisition": ("requisitions", {}),
    "requisition_change_order_item": ("requisition_items", {"_kind": "change_order_item"}),
    "requisition_contract_detail_item": ("requisition_items", {"_kind": "contract_detail_item"}),
    "requisition_contract_item": ("requisition_items", {"_kind": "contract_item"}),
    "standard_cost_code": ("standard_cost_codes", {}),
    "sub_job": ("sub_jobs", {}),
    "tax_code": ("tax_codes", {}),
    "vendor": ("vendors", {}),
    "work_order_contract": ("commitments", {"type": "WorkOrderContract"}),
    "company_level_direct_cost": ("company_level_direct_costs", {}),
}


class Erp:
    """What an integration reads and writes as the ERP side, and what people ask of it."""

    def __init__(self, world, router):
        self.world = world
        add, details = router.add, COMPANY + "/erp_request_details"
        add("GET", COMPANY + "/erp_requests", self._rows, "erp_requests")
        add("GET", COMPANY + "/erp_requests/{id}", self._row, "erp_requests")
        add("GET", details, self._rows, "erp_request_details")
        # documented with PUT, used with PATCH
        add("PUT", details + "/{id}", self._close)
        add("PATCH", details + "/{id}", self._close)
        add("PATCH", COMPANY + "/external_data/sync", self._external)
        add("GET", COMPANY + "/external_data", self._external_list)
        for name in ("erp_transactions", "erp_job_costs"):
            add("PATCH", f"/rest/v1.0/{name}/sync", self._upsert, name)
            add("GET", f"/rest/v1.0/{name}", self._rows, name)
        add("GET", COMPANY + "/staged_records", self._rows, "staged_records")
        Staged(world, router, COMPANY + "/staged_records")

    # -- people ask ----------------------------------------------------------------------

    def ask(self, name, data, items=(), project=None, company=7):
        """A person presses a button: a request, and a detail for each item it is about.

        :param data: the request's data, or function [ids of the details] → data
        :param items: [(item type, id)]
        :return: the request's row
        """
        store = self.world.store
        with store.lock:
            details = [
                store.add(
                    "erp_request_details",
                    {
                        "erp_request_id": None,
                        "item_type": item_type,
                        "item_id": item_id,
                        "status": "in progress",
                        "messages": [],
                        "_company": company,
                    },
                )
                for item_type, item_id in items
            ]
            for item_type, item_id in items:
                self._set_state(item_type, item_id, "exporting")
            values = {
                "company_id": company,
                "request_name": name,
                "request_data": data([row["id"] for row in details]) if callable(data) else data,
                "integration_app_name": None,
                "_company": company,
                "_project": project,
            }
            row = store.add("erp_requests", values)
            for detail in details:
                store.set_quietly(
                    "erp_request_details", detail["id"], {"erp_request_id": row["id"]}
                )
            return row

    def _set_state(self, item_type, item_id, state):
        table, row = self._item(item_type, item_id)
        if row is not None:
            # "exportging (sic)" is how budget changes spell it
            spelled = "exportging" if (table, state) == ("budget_changes", "exporting") else state
            self.world.store.set_quietly(table, item_id, {"erp_status": spelled})

    def _item(self, item_type, item_id):
        """(table, row) of an item; row None where it is not there."""
        tables, where = ITEMS.get(item_type, ("", {}))
        for table in tables.split():
            row = self.world.store.row(table, item_id)
            if row and all(row.get(name) == value for name, value in where.items()):
                return table, row
        return tables, None

    # -- the integration reads -----------------------------------------------------------

    def _rows(self, call, table):
        check_company(call)
        values = {"_company": call.company}
        if call.number("project_id") is not None:
            values["_project"] = call.number("project_id")
        rows = pages.chosen(self.world.store.rows(table, True, **values), call, False)
        return pages.page(rows, call, lambda some: [shown(row) for row in some])[1]

    def _row(self, call, table):
        check_company(call)
        row = self.world.store.row(table, call.number("id"))
        if row is None or row["_company"] != call.company:
            raise missing()
        return Reply(200, shown(row))

    # -- the integration answers ---------------------------------------------------------

    def _close(self, call):
        """`messages` are what the person at Procore reads."""
        check_company(call)
        store, number = self.world.store, call.number("id")
        row = store.row("erp_request_details", number)
        if row is None or row["_company"] != call.company:
            raise missing()
        fields = call.value.get("request_detail")
        if not isinstance(fields, dict) or fields.get("status") not in STATES:
            raise invalid(status="is not included in the list")
        messages = fields.get("messages") or []
        if not all(isinstance(text, str) for text in messages):
            raise invalid(messages="have to be texts")
        row = store.change(
            "erp_request_details", number, {"status": fields["status"], "messages": messages}, call
        )
        ends = {"success": "synced", "failed": "failed_to_export"}
        if fields["status"] in ends:
            self._set_state(row["item_type"], row["item_id"], ends[fields["status"]])
        return Reply(200, shown(row))

    def _external(self, call):
        """Our ids of their records, judged record by record. Both bodies that the documentation
        prints are taken: `{"updates": […]}` and the bare list."""
        check_company(call)
        if isinstance(call.value, list):
            call.value = {"updates": call.value}
        entities, errors = [], []
        for values in updates_of(call):
            try:
                entities.append(self._link(call, values))
            except Refused as error:
                errors.append(values | {"errors": error.reply.value["errors"]})
        return Reply(200, {"entities": entities, "errors": errors})

    def _link(self, call, values):
        if values.get("item_type") not in ITEMS:
            raise invalid(item_type="is not included in the list")
        store, number = self.world.store, str(values.get("item_id"))
        table, row = self._item(values["item_type"], int(number) if number.isdigit() else 0)
        if row is None or row["_company"] != call.company or row.get("deleted_at"):
            raise invalid(item_id="Entity with this ID not found")
        given = {
            name: values[name]
            for name in ("origin_id", "origin_code", "origin_data")
            if name in values
        }
        if given.get("origin_id"):
            self.world.rest.check_origin(table, row, given["origin_id"], call.company)
        if "origin_id" in given:
            given["erp_status"] = "synced" if given["origin_id"] else "not_in_erp"
        store.set_quietly(table, row["id"], given)
        self.world.note(call, "link", table, row)
        return self._external_row(values["item_type"], row)

    def _external_row(self, item_type, row):
        kept = {name: row.get(name) for name in ("origin_id", "origin_code", "origin_data")}
        return {"item_type": item_type, "item_id": row["id"], **kept}

    def _external_list(self, call):
        """What is linked, by type; the filters' names are unverified."""
        check_company(call)
        item_type, number = call.one("item_type"), call.number("item_id")
        if item_type not in ITEMS:
            raise invalid(item_type="is not included in the list")
        tables, where = ITEMS[item_type]
        rows = []
        for table in tables.split():
            rows += self.world.store.rows(table, _company=call.company, **where)
        return Reply(
            200,
            [
                self._external_row(item_type, row)
                for row in rows
                if row.get("origin_id") and number in (None, row["id"])
            ],
        )

    # -- job costs and transactions ------------------------------------------------------

    def _upsert(self, call, table):
        """Rows by our `origin_id`, or by their id; fields beyond the ids are kept as they come
        (their names are unverified)."""
        project = self.world.store.row("projects", call.number("project_id"))
        if project is None or project["_company"] != call.company:
            raise missing()
        self.world.access.touch(table, {"_project": project["id"]})
        scope = {"_company": call.company, "_project": project["id"]}
        entities, errors = [], []
        for values in updates_of(call):
            try:
                entities.append(shown(self._put(call, table, scope, values)))
            except Refused as error:
                errors.append(values | {"errors": error.reply.value["errors"]})
        return Reply(200, {"entities": entities, "errors": errors})

    def _put(self, call, table, scope, values):
        store = self.world.store
        values = {name: value for name, value in values.items() if not name.startswith("_")}
        self._check_codes(scope, values)
        number, origin = values.get("id"), values.get("origin_id")
        if number:
            found = store.row(table, int(number)) if str(number).isdigit() else None
        else:
            found = next(iter(store.by_origin(table, scope["_company"], origin)), None)
        if found and any(found.get(name) != scope[name] for name in scope):
            found = None
        if number and found is None:
            raise Refused(422, {"errors": {"id": ["Entity with this ID not found"]}})
        values.pop("id", None)
        if found:
            return store.change(table, found["id"], values, call)
        return store.add(table, values | scope, call)

    def _check_codes(self, scope, values):
        for name, table in (("cost_code", "cost_codes"), ("line_item_type", "line_item_types")):
            number, origin = values.get(f"{name}_id"), values.get(f"{name}_origin_id")
            if number and not self.world.store.row(table, int(number)):
                raise invalid(**{f"{name}_id": "Entity with this ID not found"})
            if origin and not self.world.store.by_origin(table, scope["_company"], origin):
                raise invalid(**{f"{name}_origin_id": "Entity with this origin ID not found"})
