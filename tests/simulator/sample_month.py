"""October 2026 of a general contractor as its platform would report it: about 230 events.

`sample_month(seed)` is a pure function: one seed, one month, to the byte. The facts (numbers,
names, external ids) are the same for every seed; amounts, days, revisions and event ids vary.
Every event carries the whole object, as R events must, so any version may arrive first.
"""

import copy
import random
from datetime import timedelta

from . import contractor
from .sample_costs import add_costs
from .sample_documents import add_documents
from .timeline import Timeline, local


def sample_month(seed: int = 19) -> list[dict]:
    """The month's CloudEvents in the order in which they happened, master data first."""
    rng = random.Random(f"sample-month-{seed}")
    timeline = Timeline()
    _cost_types(timeline)
    _cost_codes(timeline, rng)
    _vendors(timeline, rng)
    _jobs(timeline, rng)
    add_costs(timeline, add_documents(timeline, rng))
    return timeline.events(rng)


def code_id(code):
    """External id of a cost code: deliberately not the code."""
    return f"cc-{code.replace('-', '')}"


def _cost_types(timeline):
    moment = local(1, 8)
    for index, (code, name, category) in enumerate(contractor.COST_TYPES):
        data = {
            "external_id": f"ct-{101 + index}",
            "code": code,
            "name": name,
            "category": category,
            "active": True,
        }
        timeline.add(
            moment + timedelta(seconds=5 * index),
            "cost_type.upserted",
            f"cost_type/{data['external_id']}",
            data,
        )
    renamed = {**data, "name": "Job Overhead and Insurance"}
    timeline.add(
        local(6, 9, 12), "cost_type.upserted", f"cost_type/{renamed['external_id']}", renamed
    )


def _cost_codes(timeline, rng):
    moment, made = local(1, 8, 10), []

    def add(code, name, parent=None, uom=None, job=None):
        nonlocal moment
        moment += timedelta(seconds=7)
        data = {"external_id": code_id(code), "code": code, "name": name, "active": True}
        if parent:
            data["parent_code"] = parent
        if uom:
            data["uom"] = uom
        if job:
            data["job"] = job
        timeline.add(moment, "cost_code.upserted", f"cost_code/{data['external_id']}", data)
        made.append(data)

    for division, title, codes in contractor.DIVISIONS:
        add(division, title)
        for code, name, uom in codes:
            add(code, name, division, uom)
    shared = [data for data in made if "parent_code" in data]
    moment = local(1, 10)  # after the jobs, whose own codes these are
    number, division, title, codes = contractor.JOB_CODES
    job = next(job[0] for job in contractor.JOBS if job[1] == number)
    add(division, title, job=job)
    for code, name, uom in codes:
        add(code, name, division, uom, job)
    for day, data in zip((7, 13, 20, 27), rng.sample(shared, 4), strict=True):
        timeline.add(
            local(day, 10, 40),
            "cost_code.upserted",
            f"cost_code/{data['external_id']}",
            {**data, "name": f"{data['name']}, complete"},
        )


def _vendors(timeline, rng):
    made = []
    for index, row in enumerate(contractor.VENDORS):
        external_id, name, legal_name, vat, city, zip_code, subcontractor = row
        host = "".join(c for c in name.lower() if c.isascii() and c.isalnum())
        data = {
            "external_id": external_id,
            "name": name,
            "vat": vat,
            "email": f"office@{host}.example",
            "phone": f"+1 303 555 {120 + index:04d}",
            "address": {
                "street": f"{1200 + 35 * index} Industrial Way",
                "city": city,
                "zip": zip_code,
                "state": "CO",
                "country": "US",
            },
            "is_subcontractor": subcontractor,
            "currency": "USD",
            "active": True,
        }
        if legal_name:
            data["legal_name"] = legal_name
        if subcontractor:
            data["retention_percent"] = "10"
        timeline.add(local(1, 9, index), "vendor.upserted", f"vendor/{external_id}", data)
        made.append(data)
    changes = [
        {"tax_form": {"kind": "W-9", "received_on": "2026-10-05"}},
        {"tax_form": {"kind": "W-9", "received_on": "2026-10-07"}},
        {"phone": "+1 720 555 0188"},
        {"tax_form": {"kind": "W-9", "received_on": "2026-10-09"}},
        {"email": "billing@platform.example", "note": "Invoices come from a shared mailbox."},
        {
            "remit_to": {
                "name": "Lockbox 4410",
                "address": {
                    "street": "PO Box 4410",
                    "city": "Denver",
                    "zip": "80201",
                    "state": "CO",
                    "country": "US",
                },
            }
        },
        {"retention_percent": "5"},
        {"phone": None, "note": "Number out of service."},
    ]
    for day, data, change in zip(
        (6, 8, 9, 12, 15, 19, 21, 26), rng.sample(made, 8), changes, strict=True
    ):
        timeline.add(
            local(day, 11, 5),
            "vendor.upserted",
            f"vendor/{data['external_id']}",
            {**copy.deepcopy(data), **change},
        )


def _jobs(timeline, rng):
    later = {
        "26-014": [
            (8, {"substantial_completion_on": "2027-08-06"}),
            (22, {"project_manager": {"external_id": "u-14", "name": "Ivy Castellano"}}),
        ],
        "26-021": [(12, {"end_date": "2028-01-28", "substantial_completion_on": "2027-12-17"})],
        "26-107": [
            (
                9,
                {
                    "prevailing_wage": {
                        "determination": "CO20260011",
                        "modification": "2",
                        "county": "Coal Creek",
                        "effective_on": "2026-10-02",
                    }
                },
            ),
            (16, {"warranty_until": "2029-09-30"}),
        ],
    }
    for index, (external_id, number, name, legal_entity, contract, _scale) in enumerate(
        contractor.JOBS
    ):
        owner_id, owner, email, vat = contractor.CUSTOMERS[number]
        manager_id, manager = contractor.PROJECT_MANAGERS[number]
        street, city, zip_code = contractor.ADDRESSES[number]
        data = {
            "external_id": external_id,
            "number": number,
            "name": name,
            "status": "active",
            "kind": "job",
            "contract_type": contract,
            "currency": "USD",
            "customer": {"external_id": owner_id, "name": owner, "email": email},
            "start_date": f"2026-10-{5 + rng.randrange(3):02d}",
            "end_date": ("2027-09-17", "2027-12-22", "2027-09-30")[index],
            "project_manager": {"external_id": manager_id, "name": manager},
            "time_zone": contractor.TIME_ZONE,
            "tax_area": {"country": "US", "state": "CO", "city": city},
            "certified_payroll": number != "26-021",
            "union_job": False,
            "retention": {"work_percent": "5", "stored_percent": "5"},
            "address": {
                "street": street,
                "city": city,
                "zip": zip_code,
                "state": "CO",
                "country": "US",
            },
            "url": f"https://platform.example/jobs/{external_id}",
        }
        if vat:
            data["customer"]["vat"] = vat
        if legal_entity:
            data["legal_entity"] = legal_entity
        timeline.add(local(1, 9, 40 + index), "job.upserted", f"job/{external_id}", data)
        for day, change in later[number]:
            data = {**copy.deepcopy(data), **change}
            timeline.add(local(day, 16, 20), "job.upserted", f"job/{external_id}", data)
