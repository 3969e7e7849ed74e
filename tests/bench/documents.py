"""The documents of the benchmarks: `data` of the contract, plain Python."""

import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal

JOBS = 50
CODES = 40  # leaves, under five divisions
VENDORS = 20
TYPES = ("labor", "material", "equipment", "subcontract")


def event(kind, data, sequence=1):
    """The envelope; `kind` is a type without `construction.` and `.v1`."""
    subject = kind.split(".")[0]
    identifier = data["job"] if subject == "budget" else data["external_id"]
    return {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": "https://platform.example",
        "type": f"construction.{kind}.v1",
        "subject": f"{subject}/{identifier}",
        "time": datetime.now(UTC).isoformat(),
        "sequence": str(sequence),
        "data": data,
    }


def master_data():
    """Jobs, codes, vendors and budgets that leave room for every commitment."""
    codes = [cost_code(f"D{n}", parent=None) for n in range(1, 6)]
    codes += [cost_code(f"C{n:03d}", parent=f"D{n % 5 + 1}") for n in range(1, CODES + 1)]
    jobs = [job(f"{n}") for n in range(1, JOBS + 1)]
    budgets = [budget("1", data["external_id"], CODES * len(TYPES)) for data in jobs]
    return [
        *(event("cost_code.upserted", data) for data in codes),
        *(event("job.upserted", data) for data in jobs),
        *(event("vendor.upserted", vendor(f"{n}")) for n in range(1, VENDORS + 1)),
        *(event("budget.approved", data) for data in budgets),
    ]


def job(unique):
    return {
        "external_id": f"job-{unique}",
        "number": f"26-{unique}",
        "name": f"Job {unique}",
        "status": "active",
    }


def budget(version, job, lines):
    """One line per code and type, of at most `CODES` × `TYPES`."""
    keys = [(code, kind) for code in range(1, CODES + 1) for kind in TYPES][:lines]
    return {
        "external_id": f"bud-{job}-{version}",
        "job": job,
        "version": version,
        "currency": "USD",
        "lines": [
            {"cost_code": f"C{code:03d}", "cost_type": kind, "amount": "900000000.00"}
            for code, kind in keys
        ],
    }


def cost_code(unique, parent="D1"):
    data = {
        "external_id": f"cc-{unique}",
        "code": unique,
        "name": f"Cast-in-place concrete {unique}",
        "uom": "cy",
        "cost_types": ["labor", "material"],
    }
    return data | ({"parent_code": parent} if parent else {})


def vendor(unique):
    return {
        "external_id": f"ven-{unique}",
        "name": f"Northfield Concrete {unique} LLC",
        "email": f"office-{unique}@northfield.example",
        "phone": "+1 503 555 0142",
        "is_subcontractor": True,
        "address": {
            "street": "1200 Industrial Way",
            "city": "Portland",
            "zip": "97210",
            "state": "OR",
            "country": "US",
        },
    }


def commitment(unique, job, vendor, lines=10):
    """Every second line by quantity and price, the others lump sums."""
    rows = []
    for position in range(1, lines + 1):
        row = {
            "line_id": f"{position:03d}",
            "item": str(position),
            "description": f"Footings and grade beams, area {position}",
            "cost_code": f"C{(position * 7) % CODES + 1:03d}",
            "cost_type": TYPES[position % len(TYPES)],
        }
        if position % 2:
            row |= {"pricing": "lump_sum", "amount": f"{1500 + position}.50"}
        else:
            quantity, price = Decimal(10 + position), Decimal("42.25")
            row |= {"pricing": "unit", "quantity": str(quantity), "uom": "cy"}
            row |= {"unit_cost": str(price), "amount": str(quantity * price)}
        rows.append(row)
    return {
        "external_id": f"com-{unique}",
        "number": f"SC-{unique}",
        "kind": "purchase_order",
        "title": "Concrete",
        "job": job,
        "vendor": vendor,
        "currency": "USD",
        "date": "2026-11-02",
        "approved_by": "Dana Whitfield",
        "approved_at": "2026-11-02T16:20:00+00:00",
        "lines": rows,
        "total": str(sum((Decimal(row["amount"]) for row in rows), Decimal(0))),
    }


def batch(kind, prefix, count):
    """`count` events of new documents; no two batches of a run share a prefix."""
    result = []
    for number in range(count):
        unique = f"{prefix}-{number:04d}"
        if kind == "cost_code":
            data = cost_code(unique, parent=f"D{number % 5 + 1}")
        elif kind == "vendor":
            data = vendor(unique)
        elif kind == "job":
            data = job(unique)
        elif kind == "budget":
            data = budget(prefix, f"job-{number % JOBS + 1}", 100)
        else:
            data = commitment(unique, f"job-{number % JOBS + 1}", f"ven-{number % VENDORS + 1}")
        fact = "approved" if kind in ("commitment", "budget") else "upserted"
        result.append(event(f"{kind}.{fact}", data, sequence=time.time_ns()))
    return result
