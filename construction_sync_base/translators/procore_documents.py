"""Procore's budgets and commitments, as they reach the ERP tool. Amounts lead."""

from decimal import Decimal, InvalidOperation

from ..lib.errors import Malformed
from .procore_wire import day, given, instant, is_zero, number, reference, required, table, text

ORIGINAL = "Erp::OriginalEstimateTransaction"
COMMITMENT_KINDS = {"WorkOrderContract": "subcontract", "PurchaseOrderContract": "purchase_order"}
APPROVED = {"approved", "complete", "closed", "partially received", "received"}
MINOR_UNIT = Decimal("0.01")  # the contract takes a quantity and price within one of these


def export_budget(request):
    """Every job cost with its new amount. Transactions say whether changes are in it:
    then it is the current budget and names them, else the original one."""
    budget = request.part("budget")
    project_id, origin_id = text(budget.get("project_id")), text(request.data.get("job_id"))
    job = reference(project_id, origin_id, "budget.project_id")
    lines = [
        _budget_line(row, f"job_costs[{position}]")
        for position, row in enumerate(request.parts("job_costs"))
    ]
    transactions = request.parts("transactions")
    changes = [
        required(row.get("procore_transaction_id") or row.get("id"), "transactions.id")
        for row in transactions
        if row.get("type") != ORIGINAL
    ]
    current = bool(changes) or request.name == "update_budget"
    newest = max((instant(row.get("created_at")) or "" for row in transactions), default="")
    time = request.time or newest or request.received_at
    data = {
        "external_id": required(budget.get("id"), "budget.id"),
        "job": job,
        "version": day(time) or "1",
        "basis": "current" if current else "original",
        "currency": request.currency_of(job),
        "lines": lines,
    }
    if changes:
        data["includes_changes"] = changes
    request.event("budget.approved", f"budget/{project_id or origin_id}", data, newest)


def _budget_line(row, path):
    sub_job = text(row.get("sub_job_origin_id"))
    return {
        "line_id": required(row.get("id"), f"{path}.id"),
        "cost_code": _code(None, row.get("cost_code_origin_id"), f"{path}.cost_code_origin_id"),
        "cost_type": _code(
            None, row.get("line_item_type_origin_id"), f"{path}.line_item_type_origin_id"
        ),
        "amount": number(required(row.get("new_amount"), f"{path}.new_amount")),
        **given(sub_job={"origin_id": sub_job} if sub_job else None),
    }


def export_commitment(request):
    """A subcontract or purchase order in a state that Procore calls approved."""
    commitment = request.part("commitment")
    commitment_id = required(commitment.get("id"), "commitment.id")
    wire_number = text(commitment.get("number")) or commitment_id
    _check_approved(commitment, wire_number)
    kind = text(commitment.get("type")) or ""
    if kind not in COMMITMENT_KINDS:
        raise Malformed(f"commitment {wire_number} is of unknown type {kind[:40]!r}")
    project = table(commitment.get("project") or {}, "commitment.project")
    origin = text(project.get("origin_id")) or request.data.get("job_id")
    job = reference(project.get("id"), origin, "commitment.project")
    vendor = table(commitment.get("vendor"), "commitment.vendor")
    approved_at = request.time or instant(commitment.get("updated_at")) or request.received_at
    items = request.parts("commitment_items")
    unit = commitment.get("accounting_method") == "unit"
    data = {
        "external_id": commitment_id,
        "number": wire_number,
        "kind": COMMITMENT_KINDS[kind],
        "job": job,
        "vendor": reference(vendor.get("id"), vendor.get("origin_id"), "commitment.vendor"),
        "currency": _currency(request, commitment, job),
        "date": day(commitment.get("contract_date"))
        or day(commitment.get("issued_on_date"))
        or day(commitment.get("created_at"))
        or day(approved_at),
        "approved_by": {"name": "Procore"},
        "approved_at": approved_at,
        "lines": [
            _line(row, f"commitment_items[{position}]", unit) for position, row in enumerate(items)
        ],
        **given(
            title=text(commitment.get("title")),
            executed_on=day(commitment.get("execution_date")),
            start_on=day(commitment.get("contract_start_date")),
            end_on=day(commitment.get("contract_estimated_completion_date")),
            payment_terms=text(commitment.get("payment_terms")),
            retention_percent=number(commitment.get("retainage_percent")),
        ),
    }
    subject = f"commitment/{commitment_id}"
    request.event("commitment.approved", subject, data, commitment.get("updated_at"))


def _check_approved(commitment, wire_number):
    status = text(commitment.get("status")) or ""
    if text(commitment.get("deleted_at")):
        raise Malformed(f"commitment {wire_number} is deleted at Procore")
    if status.lower() not in APPROVED:
        raise Malformed(f"commitment {wire_number} is {status[:40]!r} at Procore, not approved")


def _currency(request, commitment, job):
    configured = commitment.get("currency_configuration")
    if isinstance(configured, dict) and text(configured.get("currency_iso_code")):
        return text(configured["currency_iso_code"])
    return request.currency_of(job)


def _line(row, path, unit):
    amount = number(required(row.get("amount"), f"{path}.amount"))
    code = table(row.get("cost_code"), f"{path}.cost_code")
    cost_type = table(row.get("line_item_type"), f"{path}.line_item_type")
    tax = row.get("tax_code")
    tax = tax.get("code") or tax.get("origin_id") if isinstance(tax, dict) else tax
    data = {
        "line_id": required(row.get("id"), f"{path}.id"),
        "description": text(row.get("description")) or text(code.get("name")) or "—",
        "cost_code": _code(code.get("full_code"), code.get("origin_id"), f"{path}.cost_code"),
        "cost_type": _code(
            cost_type.get("code"), cost_type.get("origin_id"), f"{path}.line_item_type"
        ),
        "amount": amount,
        "pricing": "lump_sum",
        **given(item=text(row.get("position")), tax_code=text(tax)),
    }
    if not is_zero(row.get("tax_amount")):
        data["tax_amount"] = number(row["tax_amount"])
    if unit and text(row.get("uom")) and _agrees(row):
        data |= {
            "pricing": "unit",
            "quantity": number(row["quantity"]),
            "unit_cost": number(row["unit_cost"]),
            "uom": text(row["uom"]),
        }
    return data


def _agrees(row):
    """Whether quantity times price gives the amount. Where it does not, the amount leads
    and the line is a lump sum."""
    try:
        quantity, price, amount = (
            Decimal(number(row.get(name)) or "0") for name in ("quantity", "unit_cost", "amount")
        )
    except InvalidOperation:
        return False
    return bool(quantity) and abs(quantity * price - amount) <= MINOR_UNIT


def unlink_commitment(request):
    """Somebody wants the commitment unlinked from its order."""
    data = table(request.data, "request_data")
    own_id = required(data.get("procore_commitment_id"), "procore_commitment_id")
    origin_id = data.get("commitment_origin_id")
    request.record("unlinked", "commitment", own_id, origin_id, reason=request.name)


def _code(code, origin_id, path):
    """A code as people write it where it is given, else our id of it."""
    code, origin_id = text(code), text(origin_id)
    if code:
        return code
    if origin_id:
        return {"origin_id": origin_id}
    raise Malformed(f"{path} is missing")
