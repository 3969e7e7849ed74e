"""Subcontractor invoices and direct costs of the sample month, as Procore's records."""

from collections import defaultdict
from decimal import Decimal

from .sample_orders import CURRENCY
from .store import amount, cents, shown


def add(month):
    _invoices(month)
    _direct_costs(month)


def _invoices(month):
    """Invoices on orders are subcontractor invoices ("requisitions") at Procore."""
    for data, moments in month.data("supplier_invoice"):
        order = month.orders[data["commitment"]]
        billed = [
            (
                month.lines[data["commitment"], line["commitment_line_id"]],
                Decimal(line["amount"]),
                line.get("quantity"),
            )
            for line in data["lines"]
        ]
        requisition(month, order, data["number"], data["date"], billed, moments)


def requisition(month, order, number, day, billed, moments, percent=Decimal(0), status="approved"):
    """One invoice on an order.

    :param billed: [(line of the order, amount of the period, quantity or None)]
    :param percent: of retainage on completed work
    """
    project = {"id": order["_project"]}
    earlier = month.store.rows("requisitions", commitment_id=order["id"])
    before = defaultdict(Decimal)
    for row in earlier:
        for item in month.store.rows("requisition_items", _parent=row["id"]):
            before[item["line_item_id"]] += Decimal(item["work_completed_this_period"])
    total, past = sum(value for _l, value, _q in billed), sum(before.values(), Decimal(0))
    kept, kept_past = total * percent / 100, past * percent / 100
    contract = Decimal(order["grand_total"])
    done = past + total
    summary = {
        "original_contract_sum": cents(contract),
        "net_change_by_change_orders": "0.00",
        "contract_sum_to_date": cents(contract),
        "total_completed_and_stored_to_date": cents(done),
        "completed_work_retainage_percent": cents(percent),
        "completed_work_retainage_amount": cents(kept + kept_past),
        "stored_materials_retainage_percent": cents(percent),
        "stored_materials_retainage_amount": "0.00",
        "total_retainage": cents(kept + kept_past),
        "total_earned_less_retainage": cents(done - kept - kept_past),
        "less_previous_certificates_for_payment": cents(past - kept_past),
        "current_payment_due": cents(total - kept),
        "balance_to_finish_including_retainage": cents(contract - done + kept + kept_past),
        "tax_applicable_to_this_payment": "0.00",
    }
    row = month.add(
        "requisitions",
        {
            "number": len(earlier) + 1,
            "status": status,
            "erp_status": "ready_to_export",
            "commitment_id": order["id"],
            "commitment_type": order["type"],
            "contract_name": order["title"],
            "vendor_id": order["vendor_id"],
            "vendor_name": order["vendor"]["company"],
            "previous_requisition_id": earlier[-1]["id"] if earlier else None,
            "period_id": None,
            "billing_date": day,
            "requisition_start": f"{day[:7]}-01",
            "requisition_end": day,
            "invoice_number": number,
            "payment_date": None,
            "percent_complete": f"{done / contract * 100 if contract else 0:.2f}%",
            "final": False,
            "submitted_at": None,
            "total_claimed_amount": cents(total),
            "summary": summary,
            "item_packages": [],
            "currency_configuration": CURRENCY,
        },
        project,
        moments,
    )
    items = [
        _item(month, project, row, line, value, before[line["id"]], percent, quantity)
        for line, value, quantity in billed
    ]
    month.store.set_quietly("requisitions", row["id"], {"items": [shown(item) for item in items]})
    return row


def _item(month, project, row, line, value, past, percent, quantity):
    kept = value * percent / 100
    return month.add(
        "requisition_items",
        {
            "item_type": "contract_item",
            "line_item_id": line["id"],
            "cost_code_id": line["cost_code_id"],
            "wbs_code": line["wbs_code"],
            "description_of_work": line["description"],
            "scheduled_value": cents(line["amount"]),
            "gross_amount": cents(value),
            "net_amount": cents(value - kept),
            "work_completed_from_previous_application": cents(past),
            "work_completed_this_period": cents(value),
            "materials_presently_stored": "0.00",
            "total_completed_and_stored_to_date": cents(past + value),
            "total_completed_and_stored_to_date_from_previous": cents(past),
            "work_completed_retainage_from_previous_application": cents(past * percent / 100),
            "work_completed_retainage_retained_this_period": cents(kept),
            "work_completed_retainage_released_this_period": "0.00",
            "subcontractor_claimed_amount": cents(value),
            "status": "approved",
            "ssr_manual_override": False,
        },
        project,
        _parent=row["id"],
        _kind="contract_item",
        _quantity=amount(quantity or "0"),
    )


def _direct_costs(month):
    for data, moments in month.data("direct_cost"):
        project, vendor = month.job(data["job"]), month.vendors[data["vendor"]]
        row = month.add(
            "direct_costs",
            {
                "amount": amount(data["amount_untaxed"]),
                "grand_total": amount(data["amount_total"]),
                "direct_cost_type": "invoice",
                "direct_cost_date": data["date"],
                "received_date": data["date"],
                "payment_date": None,
                "invoice_number": data["number"],
                "status": "approved",
                "terms": None,
                "vendor_id": vendor["id"],
                "vendor": {"id": vendor["id"], "name": vendor["name"]},
                "employee": None,
                "currency_configuration": CURRENCY,
                "deleted_at": None,
            },
            project,
            moments,
        )
        for position, line in enumerate(data["lines"], 1):
            made = month.line(project, row, "DirectCost", line, position)
            wire = {
                "manual_amount": made["amount"],
                "ref": line["line_id"],
                "direct_cost_id": row["id"],
            }
            month.store.set_quietly("line_items", made["id"], wire)
