"""ERP requests, made of the records.

Fields as in the events dictionary (wire formats 1.7); what is not set stays null.
"""

from decimal import Decimal

from .erp_invoices import INVOICES, UNLINKED
from .store import amount, shown


def row_of(store, table, row_id):
    """The row; LookupError where there is none."""
    row = store.row(table, int(row_id))
    if row is None:
        raise LookupError(f"there is no {row_id} in {table}")
    return row


def erp_budget(store, project):
    """The budget of a project as the ERP side knows it, None without one."""
    return next(iter(store.rows("erp_budgets", _project=project["id"])), None)


def _closing(details, company):
    """What most requests carry besides."""
    return {"request_detail_id": details[0] if details else None, "company_id": company}


def _job(store, project):
    names = (
        "id", "name", "origin_id", "origin_data", "origin_code", "address", "city", "state_code",
        "zip", "latitude", "longitude", "active", "project_number",
    )  # fmt: skip
    job = {name: project.get(name) for name in names}
    job |= {"synced": bool(project.get("origin_id")), "custom_fields": {}, "erp_custom_fields": {}}
    codes = [_code(store, row) for row in store.rows("cost_codes", _project=project["id"])]
    return lambda details: {"job": job, "all_cost_codes": codes, **_closing(details, 7)}


def _code(store, row):
    """A code and the types it is used with, with the ERP's ids as they are now."""
    types = [
        one | {"origin_id": origin(store, "line_item_types", one["id"])}
        for one in row["line_item_types"]
    ]
    return shown(row) | {"line_item_types": types}


def _vendor(_store, vendor):
    return lambda details: {"vendor": shown(vendor), **_closing(details, 7)}


def _link(store, vendor, origin_id=None):
    """People choose the record of the ERP side that it is."""
    if origin_id:
        store.set_quietly("vendors", vendor["id"], {"origin_id": origin_id, "erp_status": "synced"})
    short = {"id": vendor["id"], "origin_id": vendor.get("origin_id")}
    return lambda details: {"vendor": short, **_closing(details, 7)}


def _merge(store, master, sources=()):
    """Vendors become one at Procore as well: the others are gone there."""
    rows = [row_of(store, "vendors", source) for source in sources]
    for row in rows:
        store.remove("vendors", row["id"])
    return {
        "master_vendor": {"id": master["id"], "origin_id": master.get("origin_id")},
        "source_vendors": [{"id": row["id"], "origin_id": row.get("origin_id")} for row in rows],
        "company_id": 7,
    }


def _reset_job(store, project):
    names = ("id", "name", "origin_id", "origin_code")
    data = {"project": {name: project.get(name) for name in names}, "company_id": 7}
    store.set_quietly("projects", project["id"], UNLINKED)
    return data


def _budget(store, project):
    """Amounts are JSON numbers here. An update brings only transactions that are not synced."""
    budget = erp_budget(store, project)
    if budget is None:
        raise LookupError(f"project {project['id']} has no budget")
    costs = store.rows("erp_job_costs", _project=project["id"], _planned=True)
    names = ("id", "origin_id", "origin_data", "project_id")
    transactions = store.rows("erp_transactions", _project=project["id"], synced=False)
    job = project.get("origin_id")
    return {
        "job_id": job,
        "budget": {name: budget.get(name) for name in names}
        | {"synced": bool(budget.get("origin_id")), "custom_fields": {}},
        "job_costs": [
            {
                "id": row["id"],
                "cost_code_origin_id": origin(store, "cost_codes", row["cost_code_id"]),
                "line_item_type_origin_id": origin(
                    store, "line_item_types", row["line_item_type_id"]
                ),
                "budget_line_item_id": row["budget_line_item_id"],
                "new_amount": Decimal(row["new_amount"]),
                "job_origin_id": job,
                "sub_job_origin_id": None,
            }
            for row in costs
        ],
        "transactions": [
            {name: value for name, value in shown(row).items() if name != "updated_at"}
            for row in transactions
        ],
    }


def origin(store, table, row_id):
    """The ERP side's id of a row, None while it is not linked."""
    return (store.row(table, row_id) or {}).get("origin_id")


def _short(row, *names):
    return {name: row.get(name) for name in ("id", *names, "origin_id", "origin_data")}


def _commitment(store, row):
    """The order with its lines, as three kinds of requests carry it."""
    project, vendor = store.row("projects", row["_project"]), store.row("vendors", row["vendor_id"])
    header = shown(row) | {
        "project": _short(project, "name"),
        "vendor": _short(vendor, "company"),
        "custom_fields": {},
        "erp_custom_fields": {},
    }
    lines = store.rows("line_items", _parent=row["id"], _kind=row["type"])
    return {
        "commitment": header,
        "commitment_items": [_line(store, line, project) for line in lines],
        "additional_data": {"accounting_date": None},
    }


def _line(store, row, project):
    """A line with the codes as they are now: the ERP's ids of them may have come since."""
    return shown(row) | {
        "cost_code": _code(store, store.row("cost_codes", row["cost_code_id"])),
        "line_item_type": _short(
            store.row("line_item_types", row["line_item_type_id"]), "name", "code", "base_type"
        ),
        "project": _short(project, "name"),
    }


def _export_commitment(store, row):
    project = store.row("projects", row["_project"])
    data = _commitment(store, row) | {"job_id": project.get("origin_id")}
    return lambda details: data | _closing(details, 7)


def _unlink_commitment(store, row):
    project = store.row("projects", row["_project"])
    return lambda details: {
        "job_origin_id": project.get("origin_id"),
        "erp_commitment_id": 1,
        "request_detail_id": details[0],
        "project_id": project["id"],
        "procore_commitment_id": row["id"],
        "commitment_type": row["type"],
        "commitment_origin_id": row.get("origin_id"),
    }


def _change_order(store, row):
    contract = store.row("commitments", row["contract_id"])
    project = store.row("projects", row["_project"])
    lines = store.rows("line_items", _parent=row["id"], _kind="CommitmentChangeOrder")
    names = (
        "id", "contract_id", "number", "status", "title", "description", "due_date",
        "invoiced_date", "paid_date", "reviewed_at", "origin_id", "origin_code", "origin_data",
        "created_at", "updated_at", "deleted_at",
    )  # fmt: skip
    order = {name: row.get(name) for name in names} | {"custom_fields": {}, "erp_custom_fields": {}}
    data = _commitment(store, contract) | {
        "job_origin_id": project.get("origin_id"),
        "change_order": order,
        "change_order_items": [_line(store, line, project) for line in lines],
    }
    return lambda details: data | _closing(details, 7)


def _prime_change(store, row):
    """Cost without the markup is `extended_amount`; the markup beside it makes `amount`."""
    prime = store.row("prime_contracts", row["contract_id"])
    lines = store.rows("line_items", _parent=row["id"], _kind="PrimeChangeOrder")
    items = store.rows("line_items", _parent=prime["id"], _kind="PrimeContract")
    names = (
        "id", "contract_id", "number", "status", "title", "executed", "reviewed_at", "approved_on",
    )  # fmt: skip
    order = {name: row.get(name) for name in names}
    data = {
        "project": _short(store.row("projects", row["_project"]), "name"),
        "prime_contract": shown(prime),
        "prime_contract_items": [shown(item) for item in items],
        "prime_contract_change_order": order | {"erp_custom_fields": {"transaction_date": None}},
        "prime_contract_change_order_items": [
            shown(line) | {"amount": amount(line["amount"])} for line in lines
        ],
    }
    return lambda details: data | _closing(details, 7)


#: request → (table, item type of its detail or "", builder)
BUILDERS = {
    "create_or_update_job": ("projects", "project", _job),
    "reset_job": ("projects", "", _reset_job),
    "create_vendor": ("vendors", "vendor", _vendor),
    "link_vendor": ("vendors", "vendor", _link),
    "unlink_vendor": ("vendors", "vendor", _link),
    "merge_vendors": ("vendors", "", _merge),
    "create_budget": ("projects", "budget", _budget),
    "update_budget": ("projects", "budget", _budget),
    "create_commitment": ("commitments", "commitment", _export_commitment),
    "unlink_commitment": ("commitments", "commitment", _unlink_commitment),
    "create_commitment_change_order": ("commitment_change_orders", "change_order", _change_order),
    "create_prime_contract_change_order": ("prime_change_orders", "change_order", _prime_change),
    **INVOICES,
}
