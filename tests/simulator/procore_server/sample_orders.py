"""Budgets, orders and changes of the sample month, as Procore's records."""

from decimal import Decimal

from .store import amount

CURRENCY = {
    "currency_iso_code": "USD",
    "currency_exchange_rate": "1.0",
    "base_currency_iso_code": "USD",
}
WORK = ("subcontract", "service")  # the rest is bought by purchase order
# the wire formats name the first; the second is unverified
TRANSACTIONS = ("Erp::OriginalEstimateTransaction", "Erp::ApprovedBudgetChangeTransaction")


def add(month):
    _budgets(month)
    _orders(month)
    _changes(month)


# -- budgets -----------------------------------------------------------------------------


def _budgets(month):
    """The first version is the original budget; what came later are budget changes."""
    moved = list(month.data("budget_change"))
    for data, moments in month.data("budget"):
        project = month.job(data["job"])
        first = month.first["budget", f"budget/{data['job']}"]["data"]
        later = {line["line_id"]: line for line in data["lines"]}
        lines = {
            line["line_id"]: _budget_line(month, project, line, moments) for line in first["lines"]
        }
        month.add("erp_budgets", {"synced": False}, project, moments)
        shift = {
            key: Decimal(later[key]["amount"]) - Decimal(line["amount"])
            for line in first["lines"]
            for key in [line["line_id"]]
        }
        _budget_change(month, project, "Buyout review", lines, shift, moments)
        for change, when in moved:
            if month.job(change["job"]) is project:
                shift = {
                    f"{line['cost_code']}.{line['cost_type']}": Decimal(line["amount"])
                    for line in change["lines"]
                }
                _budget_change(month, project, change["reason"], lines, shift, when)


def _budget_line(month, project, line, moments):
    """(budget line, job cost) with its first transaction."""
    code, kind = month.code(project, line["cost_code"]), month.types[line["cost_type"]]
    wbs = month.wbs(project, code, kind)
    coded = {"cost_code_id": code["id"], "line_item_type_id": kind["id"]}
    row = month.add(
        "budget_line_items",
        coded
        | {
            "cost_code": {name: code[name] for name in ("id", "name", "full_code", "origin_id")},
            "line_item_type": {name: kind[name] for name in ("id", "name", "code", "origin_id")},
            "wbs_code_id": wbs["id"],
            "wbs_code": {name: wbs[name] for name in ("id", "flat_code", "description")},
            "description": line.get("description"),
            "original_budget_amount": amount(line["amount"]),
            "quantity": amount(line["quantity"]) if "quantity" in line else None,
            "unit_cost": amount(line["unit_cost"]) if "unit_cost" in line else None,
            "uom": line.get("uom"),
        },
        project,
        moments,
        _locked=True,
    )
    cost = month.add(
        "erp_job_costs",
        coded | {"budget_line_item_id": row["id"], "new_amount": line["amount"]},
        project,
        moments,
        _planned=True,
    )
    _transaction(month, project, cost, TRANSACTIONS[0], Decimal(line["amount"]), None, moments)
    return row, cost


def _transaction(month, project, cost, kind, value, change, moments):
    values = {
        "code": None,
        "value": value,
        "synced": False,
        "type": kind,
        "procore_transaction_id": change and change["id"],
        "procore_transaction_type": change and "BudgetChange",
        "job_cost_id": cost["id"],
        "notes": None,
    }
    month.add("erp_transactions", values, project, moments)


def _budget_change(month, project, title, lines, shift, moments):
    """Both sides of it balance."""
    shift = {key: value for key, value in shift.items() if value}
    number = len(month.store.rows("budget_changes", _project=project["id"])) + 1
    change = month.add(
        "budget_changes",
        {
            "number": number,
            "status": "approved",
            "title": title,
            "description": title,
            "erp_status": "ready_to_export",
            "adjustment_line_items": [
                {
                    "ref": key,
                    "adjustment_number": 1,
                    "wbs_code_id": lines[key][0]["wbs_code_id"],
                    "type": "budget_change",
                    "amount": amount(value),
                }
                for key, value in shift.items()
            ],
        },
        project,
        moments,
    )
    for key, value in shift.items():
        cost = lines[key][1]
        total = Decimal(cost["new_amount"]) + value
        month.store.set_quietly("erp_job_costs", cost["id"], {"new_amount": str(total)})
        _transaction(month, project, cost, TRANSACTIONS[1], value, change, moments)


# -- orders ------------------------------------------------------------------------------


def _orders(month):
    ends = {}
    for (fact, subject), event in month.last.items():
        if fact == "commitment":
            ends[subject] = event["type"].split(".")[2]
    for subject, end in ends.items():
        event = month.approved[subject]
        row = _order(month, event["data"], month.moments("commitment", subject))
        if end == "voided":  # a purchase order has no such state at Procore: it is deleted
            month.store.remove("commitments", row["id"])
        elif end == "closed":
            month.store.set_quietly("commitments", row["id"], {"status": "Closed"})


def _order(month, data, moments):
    project, vendor = month.job(data["job"]), month.vendors[data["vendor"]]
    work = data["kind"] in WORK
    kind = "WorkOrderContract" if work else "PurchaseOrderContract"
    total = amount(data["total"])
    retention = data.get("retention", {}).get("work_percent")
    values = {
        "type": kind,
        "number": data["number"],
        "title": data["title"],
        "description": "",
        "status": "Approved",
        "executed": "executed_on" in data,
        "execution_date": data.get("executed_on"),
        "contract_date": data["date"],
        "issued_on_date": None,
        "contract_start_date": data.get("start_on"),
        "contract_estimated_completion_date": data.get("end_on"),
        "accounting_method": "unit" if any("quantity" in x for x in data["lines"]) else "amount",
        "grand_total": total,
        "revised_contract": total,
        "approved_change_orders": "0.0",
        "pending_change_orders": "0.0",
        "draft_change_orders_amount": "0.0",
        "pending_revised_contract": total,
        "retainage_percent": retention and amount(retention),
        "payment_terms": None,
        "private": True,
        "code": data["number"],
        "vendor_id": vendor["id"],
        "vendor": {"id": vendor["id"], "company": vendor["name"], "origin_id": None},
        "project": {"id": project["id"], "name": project["name"], "origin_id": None},
        "currency_configuration": CURRENCY,
        "deleted_at": None,
    }
    row = month.add("commitments", values, project, moments)
    month.orders[data["external_id"]] = row
    for position, line in enumerate(data["lines"], 1):
        made = month.line(project, row, kind, line, position)
        month.lines[data["external_id"], line["line_id"]] = made
    return row


# -- changes -----------------------------------------------------------------------------

_STATES = {"submitted": "pending", "approved": "approved", "executed": "approved"}


def _changes(month):
    """Each as the newer change order and as what older projects have: a package, and a hidden
    order below it that holds the lines. `legacy_package_id` says that they are one."""
    for (fact, subject), event in list(month.last.items()):
        if fact != "change_order":
            continue
        data, moments = event["data"], month.moments(fact, subject)
        status = _STATES.get(event["type"].split(".")[2], "rejected")
        project, line = month.job(data["job"]), data["lines"][0]
        order = month.orders[line["commitment"]]
        common = {
            "contract_id": order["id"],
            "number": data["number"],
            "revision": 0,
            "status": status,
            "title": data["title"],
            "description": data["reason"],
            "executed": event["type"].split(".")[2] == "executed",
            "grand_total": amount(data["total_cost"]),
            "due_date": data["respond_by"],
            "invoiced_date": None,
            "paid_date": None,
            "reviewed_at": None,
            "schedule_impact_amount": data["schedule_days"],
            "currency_configuration": CURRENCY,
        }
        package = month.add("change_order_packages", common, project, moments)
        hidden = common | {"change_order_package_id": package["id"]}
        hidden = month.add("potential_change_orders", hidden, project, moments)
        newer = common | {
            "batch_id": None,
            "legacy_package_id": package["id"],
            "legacy_request_id": None,
            "paid": False,
            "change_events": [],
        }
        change = month.add("commitment_change_orders", newer, project, moments)
        priced = line | {"amount": line["cost_amount"], "pricing": "lump_sum"}
        parent = month.lines.get((line["commitment"], line.get("commitment_line_id")))
        old = parent["id"] if parent else None
        for holder, kind in ((hidden, "PotentialChangeOrder"), (change, "CommitmentChangeOrder")):
            month.line(project, holder, kind, priced, 1, commitment_line_item_id=old)
