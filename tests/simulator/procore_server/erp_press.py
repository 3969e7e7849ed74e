"""Buttons of Procore's ERP tool: somebody sends a record to the ERP side."""

from .erp_export import BUILDERS, erp_budget, origin, row_of

OPEN = ("not_in_erp", "ready_to_export")
APPROVED = ("approved", "approved_as_noted", "complete")


def export(world, name, row_id, **more):
    """The request of one record.

    :param name: of the request; `create_requisitions` also takes a list of ids
    :param more: `sources` of merge_vendors: [ids]; `origin_id` of link_vendor
    :return: the row of the request
    :raises LookupError: there is no such request, or no such record
    """
    if name not in BUILDERS:
        raise LookupError(f"{name} is not made of a record; there are {', '.join(BUILDERS)}")
    table, item_type, build = BUILDERS[name]
    store = world.store
    with store.lock:
        if isinstance(row_id, list):
            rows = [row_of(store, table, one) for one in row_id]
            items = [(_type(item_type, row), row["id"]) for row in rows]
            return world.erp.ask(name, build(store, rows), items, rows[0].get("_project"))
        row = row_of(store, table, row_id)
        subject = (erp_budget(store, row) or {}).get("id") if item_type == "budget" else row["id"]
        items = [(_type(item_type, row), subject)] if item_type else []
        data = build(store, [row] if name == "create_requisitions" else row, **more)
        return world.erp.ask(name, data, items, row.get("_project"))


def export_all(world):
    """Press the button of everything that can go now: what the ERP side has not got, was not
    asked for yet, and builds only on what is linked. After its answers more can go."""
    store, made = world.store, []
    with store.lock:
        for name, table, ready in (
            ("create_or_update_job", "projects", lambda row: row["active"]),
            ("create_vendor", "vendors", lambda row: row["is_active"]),
            ("create_budget", "projects", lambda row: _budget_ready(store, row)),
            ("create_commitment", "commitments", lambda row: _order_ready(store, row)),
            (
                "create_commitment_change_order",
                "commitment_change_orders",
                lambda row: _linked(store, "commitments", row["contract_id"]),
            ),
            (
                "create_requisitions",
                "requisitions",
                lambda row: _linked(store, "commitments", row["commitment_id"]),
            ),
        ):
            for row in store.rows(table):
                held = erp_budget(store, row) if name == "create_budget" else row
                open_state = (held or {}).get("erp_status") in (None, *OPEN)
                if held and open_state and _approved(row) and ready(row):
                    made.append(export(world, name, row["id"]))
    return made


def _approved(row):
    """Orders, changes and invoices go when they are approved; others have no such state."""
    return str(row.get("status", "approved")).lower() in APPROVED


def _linked(store, table, row_id):
    return origin(store, table, row_id) is not None


def _order_ready(store, row):
    vendor = _linked(store, "vendors", row["vendor_id"])
    return vendor and _linked(store, "projects", row["_project"])


def _budget_ready(store, project):
    """A budget names its codes by the ERP's ids alone."""
    costs = store.rows("erp_job_costs", _project=project["id"], _planned=True)
    return _linked(store, "projects", project["id"]) and all(
        _linked(store, "cost_codes", row["cost_code_id"])
        and _linked(store, "line_item_types", row["line_item_type_id"])
        for row in costs
    )


def _type(item_type, row):
    if item_type != "commitment":
        return item_type
    return (
        "work_order_contract" if row["type"] == "WorkOrderContract" else "purchase_order_contract"
    )
