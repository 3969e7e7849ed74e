"""What becomes of the sample month's orders in its last week: requisitions, deliveries, invoices
(right ones and such as a bookkeeper stops), change orders in each state, a forecast.

Everything hangs on the newest version of an order, so quantities and prices tie to it.
"""

from decimal import ROUND_HALF_UP, Decimal

from .sample_documents import cents, code_of, plain
from .timeline import local

CLINIC, BRIDGE = "26-014", "26-107"
MANAGER, ENGINEER = "Ivy Castellano", "Noor Vance"


def add_costs(timeline, histories):
    """Facts of 26 to 31 October on the orders of `histories`."""
    orders = {history[-1][1]["number"]: history[-1][1] for history in histories}
    _requisitions(timeline, orders)
    _deliveries(timeline, orders)
    _invoices(timeline, orders)
    _direct_costs(timeline, orders)
    _changes(timeline, orders)
    _plans(timeline, orders)


def _job(orders, number):
    """The platform's id of a job; some orders name it by number."""
    return next(
        data["job"]
        for data in orders.values()
        if data["number"].startswith(number) and isinstance(data["job"], str)
    )


def _line(order, line_id):
    return next(line for line in order["lines"] if line["line_id"] == line_id)


def _left(order, parts):
    """[(line, its part)]: a revision may have taken the last line off."""
    known = {line["line_id"]: line for line in order["lines"]}
    return [(known[line_id], part) for line_id, part in parts.items() if line_id in known]


def _part(line, percent):
    """A part of what a unit line orders, in whole units where it is ordered so."""
    quantity = Decimal(line["quantity"])
    step = Decimal(1) if quantity == quantity.to_integral_value() else Decimal("0.01")
    return (quantity * percent / 100).quantize(step, rounding=ROUND_HALF_UP)


# -- from the requisition to the invoice ---------------------------------------------------


def _requisitions(timeline, orders):
    for position, (job, vendor, code, cost_type, description, quantity, uom, price) in enumerate(
        (
            (CLINIC, "v-2003", "06-1000", "M", "Blocking and backing, second floor",
             "900", "lf", "1.40"),
            (BRIDGE, "v-2002", "03-2000", "M", "Dowels, epoxy-coated", "1.2", "ton", "2250.00"),
        )
    ):  # fmt: skip
        timeline.add(
            local(26, 9, 5 + position),
            "requisition.approved",
            f"requisition/req-{31 + position}",
            {
                "external_id": f"req-{31 + position}",
                "number": f"{job}-REQ-{31 + position}",
                "job": _job(orders, job),
                "needed_by": "2026-11-16",
                "requested_by": {"name": ENGINEER},
                "fulfil_from": "purchase",
                "vendor": vendor,
                "currency": "USD",
                "lines": [
                    {
                        "line_id": "1",
                        "cost_code": code,
                        "cost_type": cost_type,
                        "description": description,
                        "quantity": quantity,
                        "uom": uom,
                        "estimated_unit_cost": price,
                    }
                ],
            },
        )


#: what came: order, {line: percent of what is ordered}
DELIVERIES = [
    ("26-014-PO-001", {"001": 60, "002": 40}),
    ("26-014-PO-002", {"001": 50}),
    ("26-014-PO-004", {"001": 100}),
    ("26-107-PO-003", {"001": 30, "002": 20}),
    ("26-107-PO-004", {"001": 25, "002": 112}),  # more than was ordered
]


def _deliveries(timeline, orders):
    for position, (number, lines) in enumerate(DELIVERIES):
        order = orders[number]
        timeline.add(
            local(27, 10, 3 * position),
            "receipt.recorded",
            f"receipt/rec-{51 + position}",
            {
                "external_id": f"rec-{51 + position}",
                "number": f"{number}-D1",
                "kind": "receipt",
                "commitment": order["external_id"],
                "date": "2026-10-27",
                "packing_slip": f"PS-{8800 + position}",
                "received_by": {"name": ENGINEER},
                "lines": [
                    {
                        "commitment_line_id": line["line_id"],
                        "quantity": plain(_part(line, percent)),
                    }
                    for line, percent in _left(order, lines)
                ],
            },
        )


#: order, {line: (percent of what is ordered, factor on the price)}, what is to be seen
INVOICES = [
    ("26-014-PO-001", {"001": (60, "1"), "002": (40, "1")}),  # as ordered and delivered
    ("26-014-PO-002", {"001": (50, "1.04")}),  # four percent dearer than ordered
    ("26-014-PO-005", {"001": (40, "1")}),  # not delivered yet
    ("26-014-RT-002", {"001": (10, "1")}),  # the month's rent
    ("26-107-PO-003", {"001": (30, "1"), "002": (20, "1")}),
]


def _invoices(timeline, orders):
    for position, (number, parts) in enumerate(INVOICES):
        order = orders[number]
        lines = []
        for line, (percent, factor) in _left(order, parts):
            quantity = _part(line, percent)
            price = (Decimal(line["unit_cost"]) * Decimal(factor)).normalize()
            lines.append(
                {
                    "commitment_line_id": line["line_id"],
                    "description": line["description"],
                    "quantity": plain(quantity),
                    "uom": line["uom"],
                    "unit_price": plain(price),
                    "amount": str(cents(quantity * price)),
                }
            )
        _invoice(timeline, position, order, f"INV-{20931 + 7 * position}", lines)
    testing = orders["26-014-SV-001"]
    lump = {
        "commitment_line_id": "001",
        "description": "Cylinder breaks, October",
        "amount": "4500.00",
    }
    _invoice(timeline, len(INVOICES), testing, "T-10/2026", [lump])
    # the same paper once more, by mail: its number is written otherwise
    _invoice(timeline, len(INVOICES) + 1, testing, "T 10-2026", [lump])


def _invoice(timeline, position, order, number, lines):
    total = str(sum((Decimal(line["amount"]) for line in lines), Decimal("0.00")))
    timeline.add(
        local(28, 11, 4 * position),
        "supplier_invoice.received",
        f"supplier_invoice/inv-{71 + position}",
        {
            "external_id": f"inv-{71 + position}",
            "kind": "invoice",
            "number": number,
            "vendor": order["vendor"],
            "commitment": order["external_id"],
            "date": "2026-10-28",
            "received_on": "2026-10-28",
            "due_date": "2026-11-27",
            "currency": "USD",
            "amount_untaxed": total,
            "amount_tax": "0.00",
            "amount_total": total,
            "lines": lines,
        },
    )


def _direct_costs(timeline, orders):
    for position, (code, kind, vendor, description, amount) in enumerate(
        (
            ("01-5000", "permit", "v-2012", "Street closure permit", "1240.00"),
            ("01-5400", "utility", "v-2004", "Temporary power, October", "2318.45"),
        )
    ):
        timeline.add(
            local(29, 9, position),
            "direct_cost.approved",
            f"direct_cost/dc-{91 + position}",
            {
                "external_id": f"dc-{91 + position}",
                "kind": kind,
                "number": f"{CLINIC}-DC-{91 + position}",
                "job": _job(orders, CLINIC),
                "vendor": vendor,
                "date": "2026-10-29",
                "currency": "USD",
                "amount_untaxed": amount,
                "amount_tax": "0.00",
                "amount_total": amount,
                "paid": "unpaid",
                "approved_by": MANAGER,
                "approved_at": local(29, 8).isoformat(),
                "lines": [
                    {
                        "line_id": "1",
                        "description": description,
                        "cost_code": code,
                        "cost_type": "O",
                        "amount": amount,
                    }
                ],
            },
        )


# -- changes -------------------------------------------------------------------------------

#: (fact, its hour) of each change order; the last one is where it stands
CHANGES = [
    (
        "co-1", "Thicker footing at grid C", "owner", "26-014-PO-001", "001",
        "6200.00", "7130.00", ["submitted"],
    ),
    (
        "co-2", "Generator moved to the roof", "design", "26-014-SC-007", "001",
        "8400.00", "9660.00", ["submitted", "approved", "executed"],
    ),
    (
        "co-3", "Fire caulking at the corridor", "site", "26-014-SC-008", "001",
        "5150.00", "0.00", ["submitted", "approved"],
    ),
    (
        "co-4", "Terrazzo in the lobby", "owner", "26-014-SC-009", "001",
        "31000.00", "35650.00", ["submitted", "rejected"],
    ),
    (
        "co-5", "Rock at pier 2", "site", "26-107-SC-002", "001",
        "18250.00", "20987.50", ["submitted", "approved"],
    ),
]  # fmt: skip


def _changes(timeline, orders):
    for position, (key, title, origin, order, line_id, cost, revenue, facts) in enumerate(CHANGES):
        commitment = orders[order]
        line = _line(commitment, line_id)
        data = {
            "external_id": key,
            "number": f"{order[:6]}-CO-{position + 1:03d}",
            "title": title,
            "job": _job(orders, order[:6]),
            "stage": "proposed",
            "origin": origin,
            "date": f"2026-10-{27 + position % 3}",
            "respond_by": "2026-11-13",
            "currency": "USD",
            "reason": title,
            "schedule_days": position,
            "total_cost": cost,
            "total_revenue": revenue,
            "lines": [_change_line(key, title, commitment, line, cost, revenue)],
        }
        if revenue == "0.00":
            data["revenue_status"] = "none"
        for step, fact in enumerate(facts):
            done = {"revenue_status": "executed", "cost_status": "executed"}
            timeline.add(
                local(29 + step, 13, position),
                f"change_order.{fact}",
                f"change_order/{key}",
                data | (done if fact == "executed" else {}),
            )
    timeline.add(
        local(30, 16),
        "field_ticket.signed",
        "field_ticket/ft-1",
        {
            "external_id": "ft-1",
            "number": f"{CLINIC}-T-014",
            "job": _job(orders, CLINIC),
            "date": "2026-10-30",
            "description": "Abandoned conduit found in the slab, removed by hand",
            "respond_by": "2026-11-06",
            "labor": [{"classification": "Laborer", "hours": "12", "time_type": "regular"}],
            "equipment": [{"category": "Core drill", "hours": "5"}],
            "materials": [{"description": "Patching mortar", "quantity": "8", "amount": "196.00"}],
            "currency": "USD",
            "amount": "1486.00",
            "signed_by": {"name": "Hollis Ferreira", "company": "Owner's representative"},
        },
    )


def _change_line(key, title, commitment, line, cost, revenue):
    values = {
        "line_id": f"{key}-1",
        "description": title,
        "cost_code": code_of(line["cost_code"]),
        "cost_type": line["cost_type"],
        "commitment": commitment["external_id"],
        "cost_amount": cost,
        "revenue_amount": revenue,
    }
    if line["pricing"] == "lump_sum":
        values["commitment_line_id"] = line["line_id"]
    markup = Decimal(revenue) - Decimal(cost)
    if markup > 0:
        values["markup"] = [{"kind": "fee", "percent": "15", "amount": str(markup)}]
    return values


def _plans(timeline, orders):
    """Contingency assigned to a trade, and the month's forecast."""
    job = _job(orders, CLINIC)
    timeline.add(
        local(30, 10),
        "budget_change.approved",
        "budget_change/bc-1",
        {
            "external_id": "bc-1",
            "job": job,
            "number": f"{CLINIC}-BT-001",
            "kind": "transfer",
            "date": "2026-10-30",
            "currency": "USD",
            "reason": "Ice and blankets: concrete is placed in the cold",
            "lines": [
                {"cost_code": "01-9000", "cost_type": "O", "amount": "-15000.00",
                 "reserve": "contingency"},
                {"cost_code": "03-3000", "cost_type": "M", "amount": "15000.00"},
            ],
        },
    )  # fmt: skip
    to_come = (("03-3000", "M", "68000.00"), ("03-2000", "M", "41500.00"))
    timeline.add(
        local(31, 9),
        "forecast.approved",
        "forecast/fc-1",
        {
            "external_id": "fc-1",
            "job": job,
            "month": "2026-10",
            "as_of": "2026-10-31",
            "currency": "USD",
            "approved_by": MANAGER,
            "approved_at": local(31, 9).isoformat(),
            "lines": [
                {"cost_code": code, "cost_type": cost_type, "estimate_to_complete": amount}
                for code, cost_type, amount in to_come
            ],
        },
    )
    done = (("03-3000", "M", "35"), ("03-2000", "M", "42"), ("01-4500", "O", "20"))
    timeline.add(
        local(31, 10),
        "progress.reported",
        "progress/pr-1",
        {
            "external_id": "pr-1",
            "job": job,
            "as_of": "2026-10-31",
            "source": "field",
            "lines": [
                {"cost_code": code, "cost_type": cost_type, "percent_complete": percent}
                for code, cost_type, percent in done
            ],
            "milestones": [
                {"code": "M1", "name": "Foundations poured", "baseline_on": "2026-11-06",
                 "forecast_on": "2026-11-13"},
            ],
        },
    )  # fmt: skip
    order = orders["26-014-SC-002"]
    timeline.add(
        local(31, 11),
        "accrual.proposed",
        "accrual/ac-1",
        {
            "external_id": "ac-1",
            "job": job,
            "month": "2026-10",
            "reverses_on": "2026-11-01",
            "currency": "USD",
            "kind": "work_not_billed",
            "lines": [
                {
                    "line_id": "1",
                    "commitment": order["external_id"],
                    "commitment_line_id": "001",
                    "cost_code": code_of(_line(order, "001")["cost_code"]),
                    "cost_type": "S",
                    "amount": "28150.00",
                }
            ],
        },
    )
