"""ERP requests about money that was billed: subcontractor invoices, owner invoices, payments."""

from decimal import Decimal

from .store import amount, shown

UNLINKED = {"origin_id": None, "erp_status": "not_in_erp"}
_TYPES = {
    "contract_item": "Billings::ContractItem",
    "change_order_item": "Billings::ChangeOrderItem",  # unverified
    "contract_detail_item": "Billings::ContractDetailItem",  # unverified
}


def _requisitions(store, rows):
    """A batch. Their details are not in it: they are found by the item's id."""
    return {"requisitions": [_requisition(store, row) for row in rows]}


def _requisition(store, row):
    contract = store.row("commitments", row["commitment_id"])
    project = store.row("projects", row["_project"])
    items = store.rows("requisition_items", _parent=row["id"])
    return {
        "procore_requisition_id": row["id"],
        "accounting_method": contract["accounting_method"],
        "billing_date": row["billing_date"],
        "code": row["invoice_number"],
        "contract_id": contract["id"],
        "contract_origin_id": contract.get("origin_id"),
        "created_at": row["created_at"],
        "custom_fields": {},
        "erp_custom_fields": {},
        # made for people, and rounded to whole dollars: nobody computes with it
        "formatted_payment_due": f"${Decimal(row['summary']['current_payment_due']):,.0f}",
        "invoice_number": row["invoice_number"],
        "job_origin_id": project.get("origin_id"),
        "line_items": [_item(store, contract, item) for item in items],
    }


def _item(store, contract, item):
    line = store.row("line_items", item["line_item_id"])
    code = store.row("cost_codes", line["cost_code_id"])
    kind = store.row("line_item_types", line["line_item_type_id"])
    billed = Decimal(item["work_completed_this_period"])
    kept = amount(item["work_completed_retainage_retained_this_period"])
    return {
        "procore_requisition_item_id": item["id"],
        "accounting_method": contract["accounting_method"],
        "amount": amount(billed),
        "change_order_line_item_origin_id": None,
        "commitment_item_origin_id": line.get("origin_id"),
        "cost_code_id": code["id"],
        "cost_code_origin_id": code.get("origin_id"),
        "description": line["description"],
        "formatted_amount": f"${billed:,.2f}",
        "formatted_unit_cost": f"${Decimal(line['unit_cost']):,.2f}",
        "line_item_description": line["description"],
        "line_item_type_origin_id": kind.get("origin_id"),
        "qty": item["_quantity"],
        "released_work_completed_this_period": "0.0",
        "requisition_item_type": _TYPES[item["_kind"]],
        "retainage_materials_presently_stored": "0.0",
        "retainage_materials_previously_stored": "0.0",
        "retainage_this_period": kept,
        "retainage_work_completed_this_period": kept,
        "scheduled_total_amount": amount(item["scheduled_value"]),
        "tax_code_origin_id": None,
        "unit_cost": line["unit_cost"],
        "uom": line["uom"],
    }


def _reset_requisition(store, row):
    """Procore forgets that it is synced, and tells it afterwards."""
    data = {
        "requisition_id": row["id"],
        "project_id": row["_project"],
        "requisition_origin_id": row.get("origin_id"),
        "reset_override": False,
    }
    store.set_quietly("requisitions", row["id"], UNLINKED)
    return data


def _payment(_store, row):
    payment = shown(row)
    return lambda details: {
        "request_detail_id": details[0],
        "contract_payment": payment,
        "company_id": 7,
    }


def _payment_application(_store, row):
    """Amounts are JSON numbers here, and what is not set may be the text "null"."""
    application = _numbers(shown(row)) | {"origin_id": row.get("origin_id") or "null"}
    return lambda details: {
        "request_detail_id": details[0],
        "payment_application": application,
        "company_id": 7,
    }


def _reset_payment(store, row):
    """Its fields are unverified."""
    data = {"contract_payment_id": row["id"], "origin_id": row.get("origin_id")}
    store.set_quietly("contract_payments", row["id"], UNLINKED)
    return data


_TEXTS = {"invoice_number", "application_number", "contract_name", "description_of_work"}


def _numbers(value, name=""):
    """Amounts that are text become numbers."""
    if isinstance(value, dict):
        return {key: _numbers(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_numbers(one) for one in value]
    plain = isinstance(value, str) and name not in _TEXTS
    return Decimal(value) if plain and value.replace(".", "", 1).lstrip("-").isdigit() else value


INVOICES = {
    "create_requisitions": ("requisitions", "requisition", _requisitions),
    "reset_requisition": ("requisitions", "", _reset_requisition),
    "create_contract_payment": ("contract_payments", "contract_payment", _payment),
    "reset_payment": ("contract_payments", "", _reset_payment),
    "create_payment_application": (
        "payment_applications",
        "payment_application",
        _payment_application,
    ),
}
