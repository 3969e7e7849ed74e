"""ERP requests as Procore's ERP tool writes them: fields and forms of its events dictionary,
with values of our own."""

import copy
import itertools
import json

NUMBERS = itertools.count(9001)


def request(name, data, at="2026-03-02T17:00:00Z", **more):
    """The envelope of a request; ids are numbers, as Procore sends them."""
    return {
        "id": next(NUMBERS),
        "company_id": 7,
        "request_name": name,
        "request_data": data,
        "created_at": at,
        "updated_at": at,
        "integration_app_name": None,
        **more,
    }


def body(payload):
    return json.dumps(payload).encode()


COST_TYPE = {"id": 47, "name": "Material", "code": "M", "base_type": None, "origin_id": None}


def cost_code(code_id=1472, full_code="03-300", parent=None, **over):
    return {
        "id": code_id,
        "name": f"Code {full_code}",
        "full_code": full_code,
        "origin_id": None,
        "origin_data": None,
        "biller": "North Tower",
        "biller_id": 598134325841086,
        "biller_type": "Project",
        "budgeted": True,
        "code": full_code.rpartition("-")[2],
        "created_at": "2026-01-05T15:00:00Z",
        "deleted_at": None,
        "line_item_types": [COST_TYPE],
        "parent": {"id": parent},
        "position": None,
        "sortable_code": full_code,
        "updated_at": "2026-01-05T15:00:00Z",
        **over,
    }


def job(job_id=598134325841086, codes=None, **over):
    """An id beyond 32 bits, as regions other than the first have."""
    data = {
        "id": job_id,
        "name": "North Tower",
        "origin_id": None,
        "origin_data": None,
        "origin_code": "26-086",
        "erp_custom_fields": {},
        "address": "1 Mill Road",
        "city": "Pueblo",
        "state_code": "CO",
        "zip": "81001",
        "latitude": None,
        "longitude": None,
        "synced": False,
        "active": True,
        **over,
    }
    codes = [cost_code()] if codes is None else codes
    return {"job": data, "all_cost_codes": codes}


def sub_job(sub_job_id=1, project=598134325841086):
    return {
        "sub_job": {
            "id": sub_job_id,
            "code": "SJ-1",
            "name": "Garage",
            "created_at": "2026-01-06T15:00:00Z",
            "updated_at": "2026-01-06T15:00:00Z",
            "origin_data": None,
            "origin_id": None,
            "synced": False,
            "project": {"id": project, "name": "North Tower", "origin_id": None},
        },
        "all_cost_codes": [],
        "request_detail_id": 3,
        "company_id": 7,
    }


def vendor(vendor_id=598134325841047, **over):
    data = {
        "id": vendor_id,
        "name": "Ready Mix Supply",
        "abbreviated_name": None,
        "address": "",
        "authorized_bidder": True,
        "business_phone": "+1 719 555 0147",
        "business_register": None,
        "city": "",
        "company": "Ready Mix Supply",
        "country_code": "US",
        "created_at": "2026-01-04T09:00:00Z",
        "email_address": None,
        "is_active": True,
        "labor_union": None,
        "license_number": None,
        "mobile_phone": None,
        "non_union_prevailing_wage": False,
        "origin_code": None,
        "origin_data": None,
        "origin_id": "null",
        "state_code": "",
        "synced_to_erp": False,
        "trade_name": "",
        "union_member": True,
        "updated_at": "2026-01-04T09:00:00Z",
        "zip": "",
        **over,
    }
    return {"vendor": data, "request_detail_id": 1, "company_id": 7}


def link(vendor_id=32, origin_id="15"):
    return {"vendor": {"id": vendor_id, "origin_id": origin_id}, "company_id": 7}


def merge(master=1, sources=(2,)):
    return {
        "master_vendor": {"id": master, "origin_id": None},
        "source_vendors": [{"id": source, "origin_id": None} for source in sources],
        "company_id": 7,
    }


def budget(job_origin="12", costs=None, transactions=None, project=598134325841086):
    """`job_id` is an origin id despite its name; amounts are JSON numbers."""
    costs = [(456, "3", "1", 44.45)] if costs is None else costs
    if transactions is None:
        transactions = [(1, "Erp::OriginalEstimateTransaction", costs[0][0], costs[0][3])]
    return {
        "job_id": job_origin,
        "budget": {
            "id": 1,
            "origin_id": None,
            "origin_data": None,
            "synced": False,
            "custom_fields": {},
            "project_id": project,
        },
        "job_costs": [
            {
                "id": cost_id,
                "cost_code_origin_id": code,
                "line_item_type_origin_id": kind,
                "budget_line_item_id": cost_id + 1000,
                "new_amount": amount,
                "job_origin_id": job_origin,
                "sub_job_origin_id": None,
            }
            for cost_id, code, kind, amount in costs
        ],
        "transactions": [
            {
                "id": number,
                "origin_id": None,
                "code": None,
                "value": value,
                "synced": False,
                "type": kind,
                "procore_transaction_id": None,
                "procore_transaction_type": None,
                "job_cost_id": cost_id,
                "created_at": "2026-03-01T22:26:28Z",
                "notes": None,
            }
            for number, kind, cost_id, value in transactions
        ],
    }


def item(item_id=177, amount="250.0", **over):
    """A commitment line; the other totals are wrong on purpose, the amount leads."""
    return {
        "id": item_id,
        "amount": amount,
        "extended_amount": "999.0",
        "total_amount": "999.0",
        "formatted_amount": "$999.00",
        "tax_amount": "0.0",
        "tax_code": None,
        "tax_code_id": None,
        "quantity": "0.0",
        "unit_cost": "0.0",
        "uom": None,
        "extended_type": "manual",
        "description": "Foundation walls",
        "position": 1,
        "holder": {"id": 41, "holder_type": "WorkOrderContract"},
        "cost_code": cost_code(),
        "line_item_type": COST_TYPE,
        "project": {"id": 598134325841086, "name": "North Tower", "origin_id": None},
        "origin_id": None,
        "origin_data": None,
        "created_at": "2026-03-01T19:17:53Z",
        "updated_at": "2026-03-01T19:17:54Z",
        **over,
    }


def commitment(
    commitment_id=41, items=None, job_id=598134325841086, vendor_id=598134325841047, **over
):
    header = {
        "id": commitment_id,
        "type": "WorkOrderContract",
        "number": f"SC-{commitment_id}",
        "title": "Concrete",
        "status": "Approved",
        "executed": False,
        "execution_date": "1970-01-01T00:00:00Z",
        "contract_date": None,
        "issued_on_date": None,
        "contract_start_date": None,
        "contract_estimated_completion_date": None,
        "accounting_method": "amount",
        "grand_total": "250.0",
        "revised_contract": "250.0",
        "approved_change_orders": "0.0",
        "retainage_percent": None,
        "payment_terms": None,
        "code": "10543",
        "origin_id": None,
        "origin_code": None,
        "origin_data": None,
        "created_at": "2026-03-01T12:17:31-07:00",
        "updated_at": "2026-03-01T19:17:59Z",
        "deleted_at": None,
        "custom_fields": {},
        "erp_custom_fields": {},
        "project": {"id": job_id, "name": "North Tower", "origin_id": "null"},
        "vendor": {"id": vendor_id, "company": "Ready Mix Supply", "origin_id": None},
        **over,
    }
    return {
        "job_id": None,
        "request_detail_id": 137,
        "commitment": header,
        "commitment_items": [item()] if items is None else copy.deepcopy(items),
        "additional_data": {"accounting_date": None},
        "company_id": 7,
    }


def unlink_commitment(commitment_id=41, origin_id="null"):
    return {
        "job_origin_id": "12",
        "erp_commitment_id": 1,
        "request_detail_id": 2,
        "project_id": 598134325841086,
        "procore_commitment_id": commitment_id,
        "commitment_type": "WorkOrderContract",
        "commitment_origin_id": origin_id,
    }


def every_kind():
    """One request of each kind that can be applied and gives events."""
    project = {"project": {"id": 8, "name": "A", "origin_id": "5", "origin_code": "A"}}
    code = {"id": 3, "origin_id": "9", "sortable_code": "1-01"}
    standard = {
        "id": 2,
        "standard_cost_code_list_id": 1,
        "origin_id": None,
        "parent_id": 1,
        "code": "100",
        "full_code": "01-100",
        "name": "Repair",
        "request_detail_id": 1,
    }
    return [
        request("create_or_update_job", job()),
        request("create_job_in_procore", project),
        request("reset_job", project),
        request("create_sub_job", sub_job()),
        request("create_sub_job_in_procore", sub_job()),
        request("reset_sub_job", sub_job()),
        request("create_standard_cost_codes", [standard]),
        request("delete_standard_cost_codes", {"standard_cost_code_data_array": [code]}),
        request("unlink_standard_cost_codes", {"standard_cost_codes": [code]}),
        request(
            "delete_standard_categories",
            {"standard_category_data_array": [{"procore_id": 1, "code": "O", "origin_id": "2"}]},
        ),
        request("delete_cost_code", {"project_cost_code_data_array": [code]}),
        request("delete_cost_codes", {"cost_codes": [code], "project": {"id": 1}}),
        request("create_vendor", vendor()),
        request("create_vendor_in_procore", link()),
        request("link_vendor", link()),
        request("link_all_vendors", {"vendors": [{"id": 1, "origin_id": "4"}], "company_id": 7}),
        request("unlink_vendor", link()),
        request("merge_vendors", merge()),
        request("create_budget", budget()),
        request("update_budget", budget()),
        request("create_commitment", commitment()),
        request("unlink_commitment", unlink_commitment()),
    ]
