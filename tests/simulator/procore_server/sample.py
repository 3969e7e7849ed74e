"""The sample month as Procore would hold it: the same facts as `sample_month`, in its own records.

Each object stands as it is at the end of the month; `created_at` and `updated_at` are those of
its first and last event. What the month has no word for (a prime contract, subcontractor
invoices with retainage, time cards …) comes from `sample_extra`.
"""

from decimal import Decimal

from tests.simulator.sample_month import sample_month

from . import sample_extra, sample_field, sample_invoices, sample_orders
from .clock import instant, stamp
from .store import COMPANY, amount


class Month:
    """The events by what they tell of, and the rows that were made of them.

    :param world: the `server.ProcoreServer` that is filled
    """

    def __init__(self, world, seed):
        self.world, self.store = world, world.store
        self.first, self.last = {}, {}
        self.approved = {}  # last event that approved it, by subject
        for event in sample_month(seed):
            fact, what = event["type"].split(".")[1:3]
            key = (fact, event["subject"])
            if what == "approved":
                self.approved[event["subject"]] = event
            self.first.setdefault(key, event)
            self.last[key] = event
        self.jobs, self.vendors, self.types, self.codes = {}, {}, {}, {}
        self.orders, self.lines = {}, {}  # by external id; by (external id, line id)

    def data(self, fact):
        """(data, first and last moment) of every object of this kind, as it is in the end."""
        for (name, subject), event in self.last.items():
            if name == fact:
                yield event["data"], self.moments(name, subject)

    def moments(self, fact, subject):
        return (
            instant(self.first[fact, subject]["time"]),
            instant(self.last[fact, subject]["time"]),
        )

    def add(self, table, values, project=None, moments=None, **more):
        """A row, as nobody's integration made it."""
        if project:
            values = {"project_id": project["id"]} | values
            more["_project"] = project["id"]
        if moments:
            values = values | {"updated_at": stamp(moments[1])}
        blank = {"origin_id": None, "origin_code": None, "origin_data": None}
        values = blank | values | {"_company": COMPANY} | more
        return self.store.add(table, values, at=moments and moments[0])

    def job(self, reference):
        """The project that an order names by id or by number."""
        if isinstance(reference, dict):
            reference = reference.get("external_id") or self.numbers[reference["number"]]
        return self.jobs[reference]

    def code(self, project, reference):
        return self.codes[
            project["id"], reference["code"] if isinstance(reference, dict) else reference
        ]

    def wbs(self, project, code, kind):
        """The budget code of a cost code and type, made when it is first used."""
        flat = f"{code['full_code']}.{kind['code']}"
        for row in self.store.rows("wbs_codes", _project=project["id"], flat_code=flat):
            return row
        names = ("id", "name", "code", "base_type", "origin_id")
        used = [*code["line_item_types"], {name: kind[name] for name in names}]
        self.store.set_quietly("cost_codes", code["id"], {"line_item_types": used})
        values = {"flat_code": flat, "description": f"{code['name']}.{kind['name']}"}
        return self.add("wbs_codes", values, project)

    def line(self, project, holder, kind, row, position, **values):
        """A line of a contract, change or cost: coded, priced, with an amount that leads."""
        code, cost_type = self.code(project, row["cost_code"]), self.types[row["cost_type"]]
        wbs, total = self.wbs(project, code, cost_type), amount(row["amount"])
        unit = row.get("pricing") == "unit"
        made = {
            "amount": total,
            "extended_amount": total,
            "total_amount": amount(Decimal(row["amount"]) + Decimal(row.get("tax_amount", "0"))),
            "tax_amount": amount(row.get("tax_amount", "0")),
            "tax_code": None,
            "tax_code_id": None,
            "quantity": amount(row["quantity"]) if unit else "0.0",
            "unit_cost": amount(row["unit_cost"]) if unit else "0.0",
            "uom": row.get("uom"),
            "extended_type": "calculated" if unit else "manual",
            "description": row["description"],
            "position": position,
            "holder": {"id": holder["id"], "holder_type": kind},
            "cost_code_id": code["id"],
            "cost_code": {name: code[name] for name in ("id", "name", "full_code", "origin_id")},
            "line_item_type_id": cost_type["id"],
            "line_item_type": {
                name: cost_type[name] for name in ("id", "name", "code", "base_type", "origin_id")
            },
            "wbs_code_id": wbs["id"],
            "wbs_code": {name: wbs[name] for name in ("id", "flat_code", "description")},
            **values,
        }
        return self.add("line_items", made, project, _parent=holder["id"], _kind=kind)


def load(world, seed=19):
    """Fill the platform with the month.

    :return: {table: number of rows}
    :raises ValueError: it was filled before
    """
    if world.store.rows("projects"):
        raise ValueError("the sample month is there already")
    with world.store.lock:
        month = Month(world, seed)
        _masters(month)
        sample_orders.add(month)
        sample_invoices.add(month)
        sample_extra.add(month)
        sample_field.add(month)
    return {name: len(world.store.rows(name)) for name in world.store.tables()}


def _masters(month):
    _types(month)
    _jobs(month)
    _codes(month)
    _vendors(month)


def _types(month):
    for data, moments in month.data("cost_type"):
        values = {
            "name": data["name"],
            "code": data["code"],
            # the wire formats name no other base type
            "base_type": "labor" if data["category"] == "labor" else None,
        }
        month.types[data["code"]] = month.add("line_item_types", values, moments=moments)


def _jobs(month):
    month.numbers = {}
    for data, moments in month.data("job"):
        address = data["address"]
        values = {
            "name": data["name"],
            "display_name": f"{data['number']} - {data['name']}",
            "project_number": data["number"],
            "active": data["status"] == "active",
            "project_stage": {"id": 1, "name": "Course of Construction"},
            "address": address["street"],
            "city": address["city"],
            "state_code": address["state"],
            "country_code": address["country"],
            "zip": address["zip"],
            "latitude": None,
            "longitude": None,
            "time_zone": data["time_zone"],
            "start_date": data["start_date"],
            "completion_date": data["end_date"],
            "company": {"id": COMPANY, "name": "Cedar Ridge"},
        }
        row = month.add("projects", values | {"origin_code": data["number"]}, moments=moments)
        month.jobs[data["external_id"]] = row
        month.numbers[data["number"]] = data["external_id"]


def _codes(month):
    """The standard list, and for each project its copies of it beside codes of its own."""
    found = list(month.data("cost_code"))
    shared, standard = [one for one in found if "job" not in one[0]], {}
    for data, moments in shared:
        parent = standard.get(data.get("parent_code"), {}).get("id")
        values = _code_values(data, parent) | {"parent_id": parent, "standard_cost_code_list_id": 1}
        row = month.add("standard_cost_codes", values, moments=moments)
        standard[data["code"]] = row
    for external_id, project in month.jobs.items():
        own = [one for one in found if one[0].get("job") == external_id]
        for data, moments in (*shared, *own):
            parent = month.codes.get((project["id"], data.get("parent_code")), {}).get("id")
            values = _code_values(data, parent) | {
                "standard_cost_code_id": standard.get(data["code"], {}).get("id"),
                "budgeted": True,
                "biller": project["name"],
                "biller_id": project["id"],
                "biller_type": "Project",
                "biller_origin_id": None,
                "line_item_types": [],
                "deleted_at": None,
            }
            row = month.add("cost_codes", values, project, moments)
            month.codes[project["id"], data["code"]] = row


def _code_values(data, parent):
    return {
        "name": data["name"],
        "full_code": data["code"],
        "sortable_code": data["code"],
        "code": data["code"].rpartition("-")[2],
        "parent": {"id": parent},
        "position": None,
    }


def _vendors(month):
    for data, moments in month.data("vendor"):
        address = data["address"]
        values = {
            "name": data["name"],
            "company": data["name"],
            "abbreviated_name": None,
            "trade_name": data.get("legal_name") or "",
            "address": address["street"],
            "city": address["city"],
            "state_code": address["state"],
            "zip": address["zip"],
            "country_code": address["country"],
            "business_phone": data.get("phone"),
            "mobile_phone": None,
            "fax_number": None,
            "email_address": data.get("email"),
            "website": None,
            "is_active": data["active"],
            "authorized_bidder": True,
            "prequalified": False,
            "labor_union": None,
            "union_member": False,
            "non_union_prevailing_wage": False,
            "license_number": None,
            "vendor_group": None,
            "business_register": {"type": "EIN", "identifier": data["vat"]},
            "primary_contact": None,
            "synced_to_erp": False,
            "erp_custom_fields": {},
        }
        month.vendors[data["external_id"]] = month.add("vendors", values, moments=moments)
