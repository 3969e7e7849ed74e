"""What the sample month has no word for, and Procore's users have: applications with retainage,
prime contracts and owner invoices, payments. Figures are made up of the
month's own, so they tie."""

from decimal import Decimal

from .clock import instant
from .sample_invoices import requisition
from .sample_orders import CURRENCY
from .store import amount, cents

OCTOBER = tuple(instant(f"2026-10-{day}T17:00:00Z") for day in (29, 30))
MARKUP = Decimal("1.08")  # of the budget: what the owner pays
BILLED, RETAINED = Decimal("0.2"), Decimal("5")  # part and percent of the first owner invoice


def add(month):
    _subcontracts(month)
    _primes(month)
    _payment(month)


def _subcontracts(month):
    """Two applications on each of three subcontracts, with the retainage they agreed on. The
    second is for somebody at the platform to approve still."""
    orders = [row for row in month.orders.values() if row["retainage_percent"]]
    for row in sorted(orders, key=lambda one: one["number"])[:3]:
        lines = month.store.rows("line_items", _parent=row["id"], _kind=row["type"])
        lines = [line for line in lines if Decimal(line["amount"]) > 0]
        percent = Decimal(row["retainage_percent"])
        for number, (part, status) in enumerate(
            ((Decimal("0.3"), "approved"), (Decimal("0.15"), "under_review")), 1
        ):
            billed = [
                (line, Decimal(cents(Decimal(line["amount"]) * part)), None) for line in lines
            ]
            name, day = f"{row['number']}-A{number}", f"2026-10-{12 + 15 * (number - 1)}"
            requisition(month, row, name, day, billed, OCTOBER, percent, status)


def _primes(month):
    """One contract with the owner per project, its changes, and its first invoice."""
    for project in month.jobs.values():
        rows = month.store.rows("budget_line_items", _project=project["id"])
        budget = sum(Decimal(row["original_budget_amount"]) for row in rows)
        total = Decimal(cents(budget * MARKUP))
        prime = month.add(
            "prime_contracts",
            {
                "number": f"{project['project_number']}-PC",
                "title": f"Prime contract, {project['name']}",
                "status": "Approved",
                "executed": True,
                "accounting_method": "amount",
                "grand_total": amount(total),
                "revised_contract_amount": amount(total),
                "approved_change_orders": "0.0",
                "owner_invoices_amount": amount(total * BILLED),
                "outstanding_balance": amount(total * BILLED),
                "retainage_percent": amount(RETAINED),
                "currency_configuration": CURRENCY,
            },
            project,
            OCTOBER,
        )
        row = rows[0]
        line = {
            "cost_code": row["cost_code"]["full_code"],
            "cost_type": row["line_item_type"]["code"],
            "description": "Contract sum",
            "amount": str(total),
        }
        item = month.line(project, prime, "PrimeContract", line, 1)
        _changes(month, project, prime)
        _owner_invoice(month, project, prime, item, total)


def _changes(month, project, prime):
    """What the owner pays for a change: cost without and with the markup."""
    for (fact, _subject), event in month.last.items():
        data = event["data"]
        if fact != "change_order" or month.job(data["job"]) is not project:
            continue
        revenue, cost = Decimal(data["total_revenue"]), Decimal(data["total_cost"])
        if not revenue:
            continue
        ended = event["type"].split(".")[2]
        status = {"executed": "approved", "submitted": "pending"}.get(ended, ended)
        change = month.add(
            "prime_change_orders",
            {
                "batch_id": None,
                "contract_id": prime["id"],
                "legacy_package_id": None,
                "legacy_request_id": None,
                "number": data["number"],
                "revision": 0,
                "status": status,
                "title": data["title"],
                "executed": ended == "executed",
                "reviewed_at": None,
                "approved_on": data["date"] if status == "approved" else None,
                "grand_total": amount(revenue),
                "schedule_impact_amount": data["schedule_days"],
                "change_events": [],
                "currency_configuration": CURRENCY,
            },
            project,
            OCTOBER,
        )
        markup = {
            "amount": amount(revenue - cost),
            "percentage": "15.0",
            "markup_set": "horizontal",
            "compounds_markups_above": False,
        }
        line = data["lines"][0] | {"amount": str(revenue), "pricing": "lump_sum"}
        more = {"extended_amount": amount(cost), "markup_line_items": [markup]}
        month.line(project, change, "PrimeChangeOrder", line, 1, **more)


def _owner_invoice(month, project, prime, item, total):
    billed = Decimal(cents(total * BILLED))
    kept = Decimal(cents(billed * RETAINED / 100))
    period = month.add(
        "billing_periods",
        {"start_date": "2026-10-01", "end_date": "2026-10-31", "status": "open"},
        project,
        OCTOBER,
    )
    line = {
        "id": month.store.new_id(),
        "item_number": 1,
        "type": "payment_application_line_item",
        "accounting_method": "amount",
        "description_of_work": "Contract sum",
        "holder_id": prime["id"],
        "holder_type": "PrimeContract",
        "origin_id": None,
        "origin_type": "LineItem",
        "scheduled_value": cents(total),
        "work_completed_from_previous_application": "0.00",
        "work_completed_this_period": cents(billed),
        "materials_presently_stored": "0.00",
        "materials_presently_stored_from_previous_application": "0.00",
        "new_materials": "0.00",
        "stored_materials": "0.00",
        "total_completed_and_stored_to_date": cents(billed),
        "total_completed_and_stored_to_date_percent": "20.00",
        "balance_to_finish": cents(total - billed),
        "work_completed_retainage_from_previous_application": "0.00",
        "work_completed_retainage_retained_this_period": cents(kept),
        "work_completed_retainage_percent_this_period": cents(RETAINED),
        "work_completed_retainage_released_this_period": "0.00",
        "work_completed_retainage_currently_retained": cents(kept),
        "total_retainage_from_previous_application": "0.00",
        "total_retainage_currently_retained": cents(kept),
        "wbs_code": item["wbs_code"],
    }
    summary = {
        "application_number": "1",
        "contract_original_sum": cents(total),
        "net_change_by_change_order": "0.00",
        "contract_sum_to_date": cents(total),
        "total_completed_and_stored_to_date": cents(billed),
        "completed_work_retainage_percent": cents(RETAINED),
        "completed_work_retainage_amount": cents(kept),
        "stored_materials_retainage_percent": cents(RETAINED),
        "stored_materials_retainage_amount": "0.00",
        "total_retainage": cents(kept),
        "total_earned_less_retainage": cents(billed - kept),
        "less_previous_certificates_for_payment": "0.00",
        "current_payment_due": cents(billed - kept),
        "balance_to_finish_including_retainage": cents(total - billed + kept),
    }
    values = {
        "billing_date": "2026-10-31",
        "billing_period": {"start_date": "2026-10-01", "end_date": "2026-10-31"},
        "contract_id": prime["id"],
        "contract_name": prime["title"],
        "invoice_number": f"{project['project_number']}-1",
        "status": "approved",
        "period_id": period["id"],
        "period_start": "2026-10-01",
        "period_end": "2026-10-31",
        "items": [line],
        "summary": summary,
    }
    month.add("payment_applications", values, project, OCTOBER, _parent=prime["id"])


def _payment(month):
    """The first application is paid."""
    paid = next(
        row for row in month.store.rows("requisitions", status="approved")
        if Decimal(row["summary"]["total_retainage"])
    )  # fmt: skip
    values = {
        "contract_id": paid["commitment_id"],
        "requisition_id": paid["id"],
        "vendor_id": paid["vendor_id"],
        "amount": amount(paid["summary"]["current_payment_due"]),
        "date": "2026-10-30",
        "invoice_number": paid["invoice_number"],
        "invoice_date": paid["billing_date"],
        "check_number": "1204",
        "payment_number": None,
        "payment_method": "check",
        "date_payment_created": "2026-10-30T15:06:02Z",
        "date_payment_initiated": "1970-01-01T00:00:00Z",  # so not set
        "date_payment_settled": None,
        "draw_request_number": None,
        "external_payment_id": None,
        "retainage_released_payment_amount": "0.0",
        "status": "paid",
    }
    month.add("contract_payments", values, {"id": paid["_project"]}, OCTOBER)
