"""The ERP Integrations of the Procore simulator: requests, answers, ids, costs back."""

import json

import pytest

from tests.simulator.procore_server import sample
from tests.simulator.procore_server.store import COMPANY

BASE = f"/rest/v1.0/companies/{COMPANY}"
EXTERNAL, DETAILS = BASE + "/external_data/sync", BASE + "/erp_request_details"


@pytest.fixture
def month(world):
    return sample.load(world)


def _order(world):
    return world.store.rows("commitments", type="WorkOrderContract")[0]


def test_a_request_is_told_thin_fetched_whole_and_answered(world, caller, receiver, month):
    hook = {"api_version": "v2", "namespace": "odoo", "destination_url": receiver.url}
    hook = caller.call("POST", "/rest/v1.0/webhooks/hooks", {"company_id": COMPANY, "hook": hook})
    trigger = {"resource_name": "ERP Requests", "event_type": "create"}
    caller.call(
        "POST",
        f"/rest/v1.0/webhooks/hooks/{hook.json()['id']}/triggers",
        {"company_id": COMPANY, "api_version": "v2", "trigger": trigger},
    )
    order = _order(world)
    caller.sim("POST", "export", {"name": "create_commitment", "id": order["id"]})
    assert world.store.row("commitments", order["id"])["erp_status"] == "exporting"
    world.deliverer.settle()
    [(_headers, body)] = receiver.got
    told = json.loads(body)
    assert "request_data" not in told and told["resource_name"] == "ERP Requests"
    request = caller.get(f"{BASE}/erp_requests/{told['resource_id']}").json()
    assert request["request_name"] == "create_commitment"
    data = request["request_data"]
    assert data["commitment"]["number"] == order["number"]
    [detail] = caller.get(DETAILS, **{"filters[item_id]": order["id"]}).json()
    assert detail["id"] == data["request_detail_id"]
    assert (detail["status"], detail["messages"]) == ("in progress", [])
    why = "Cost code 03-3000 is closed on job 26-014. Reopen it or choose another."
    path, failed = f"{DETAILS}/{detail['id']}", {"status": "failed", "messages": [why]}
    assert caller.call("PUT", path, {"request_detail": failed}).status_code == 200
    assert world.store.row("commitments", order["id"])["erp_status"] == "failed_to_export"
    done = {"request_detail": {"status": "success", "messages": []}}
    assert caller.call("PATCH", path, done).status_code == 200
    bad = {"request_detail": {"status": "done", "messages": []}}
    assert caller.call("PATCH", path, bad).status_code == 422
    # both answers can be read at the simulator, the newest leads
    written = caller.sim("GET", "written/erp_request_details")
    assert [one["values"]["messages"] for one in written] == [[why], []]
    [shown] = caller.sim("GET", "erp")
    assert [one["status"] for one in shown["details"]] == ["success"]


def test_ids_come_back_record_by_record_with_status_200(world, caller, month):
    order = _order(world)
    line = world.store.rows("line_items", _parent=order["id"])[0]
    other = world.store.rows("commitments", type="PurchaseOrderContract")[0]
    updates = [
        {"item_type": "work_order_contract", "item_id": order["id"], "origin_id": "odoo:po:1",
         "origin_data": "{}"},
        {"item_type": "line_item", "item_id": line["id"], "origin_id": "odoo:line:1"},
        {"item_type": "work_order_contract", "item_id": other["id"], "origin_id": "odoo:po:2"},
        {"item_type": "purchase_order_contract", "item_id": other["id"], "origin_id": "odoo:po:1"},
        {"item_type": "unicorn", "item_id": 1, "origin_id": "x"},
        {"item_type": "vendor", "item_id": 1, "origin_id": "x"},
    ]  # fmt: skip
    answer = caller.call("PATCH", EXTERNAL, {"updates": updates})
    assert answer.status_code == 200
    assert [row["origin_id"] for row in answer.json()["entities"]] == ["odoo:po:1", "odoo:line:1"]
    errors = answer.json()["errors"]
    assert [next(iter(row["errors"])) for row in errors] == [
        "item_id", "origin_id", "item_type", "item_id",
    ]  # fmt: skip
    assert errors[0] | updates[2] == errors[0]  # with what was sent
    row = caller.get(f"/rest/v1.0/work_order_contracts/{order['id']}").json()
    assert (row["origin_id"], row["erp_status"]) == ("odoo:po:1", "synced")
    # the bare list that the documentation prints as well; null unlinks
    bare = [{"item_type": "work_order_contract", "item_id": order["id"], "origin_id": None}]
    assert caller.call("PATCH", EXTERNAL, bare).json()["errors"] == []
    assert world.store.row("commitments", order["id"])["erp_status"] == "not_in_erp"
    listed = caller.get(BASE + "/external_data", item_type="line_item").json()
    assert [(one["item_id"], one["origin_id"]) for one in listed] == [(line["id"], "odoo:line:1")]


def test_a_budget_goes_out_once_and_then_by_what_is_new(world, caller, month):
    project = world.store.rows("projects")[0]
    first = caller.sim("POST", "export", {"name": "create_budget", "id": project["id"]})
    data = first["request_data"]
    assert all(isinstance(row["new_amount"], int | float) for row in data["job_costs"])
    by_cost = {row["id"]: row["new_amount"] for row in data["job_costs"]}
    sums = dict.fromkeys(by_cost, 0)
    for row in data["transactions"]:
        sums[row["job_cost_id"]] += row["value"]
    assert sums == pytest.approx(by_cost)  # transactions explain every amount
    synced = [
        {"id": row["id"], "origin_id": f"odoo:t:{n}", "synced": True}
        for n, row in enumerate(data["transactions"][1:])
    ]
    sent = {"project_id": project["id"], "updates": [*synced, {"id": 1, "synced": True}]}
    answer = caller.call("PATCH", "/rest/v1.0/erp_transactions/sync", sent).json()
    assert (len(answer["entities"]), len(answer["errors"])) == (len(synced), 1)
    second = caller.sim("POST", "export", {"name": "update_budget", "id": project["id"]})
    left = second["request_data"]["transactions"]
    assert [row["id"] for row in left] == [data["transactions"][0]["id"]]


def test_what_a_job_cost_is_readable_by_code(world, caller, month):
    project = world.store.rows("projects")[0]
    cost = world.store.rows("erp_job_costs", _project=project["id"])[0]
    path = "/rest/v1.0/erp_job_costs"
    code = {"cost_code_id": cost["cost_code_id"], "line_item_type_id": cost["line_item_type_id"]}
    rows = [
        {"id": cost["id"], "origin_id": "odoo:jc:1", "job_to_date_costs": "1240.50"},
        code | {"origin_id": "odoo:jc:2", "job_to_date_costs": "17.00"},
        {"origin_id": "odoo:jc:3", "cost_code_id": 1, "job_to_date_costs": "1.00"},
    ]
    for _again in range(2):  # the same twice is one row
        sent = {"project_id": project["id"], "updates": rows}
        answer = caller.call("PATCH", path + "/sync", sent).json()
        assert (len(answer["entities"]), len(answer["errors"])) == (2, 1)
        assert list(answer["errors"][0]["errors"]) == ["cost_code_id"]
    query = {"project_id": project["id"], "filters[origin_id][]": ["odoo:jc:1", "odoo:jc:2"]}
    found = caller.get(path, **query).json()
    assert [row["job_to_date_costs"] for row in found] == ["1240.50", "17.00"]
    assert found[0]["new_amount"] == cost["new_amount"]  # the budget beside it stands


def test_vendors_that_become_one_and_orders_that_are_unlinked(world, caller, month):
    master, source = world.store.rows("vendors")[:2]
    asked = {"name": "merge_vendors", "id": master["id"], "sources": [source["id"]]}
    data = caller.sim("POST", "export", asked)["request_data"]
    assert data["master_vendor"]["id"] == master["id"]
    assert [row["id"] for row in data["source_vendors"]] == [source["id"]]
    assert caller.get(f"/rest/v1.0/vendors/{source['id']}").status_code == 404
    asked = {"name": "link_vendor", "id": master["id"], "origin_id": "odoo:v:5"}
    assert caller.sim("POST", "export", asked)["request_data"]["vendor"]["origin_id"] == "odoo:v:5"
    assert caller.get(f"/rest/v1.0/vendors/{master['id']}").json()["origin_id"] == "odoo:v:5"
    order = _order(world)
    asked = {"name": "unlink_commitment", "id": order["id"]}
    data = caller.sim("POST", "export", asked)["request_data"]
    assert data["procore_commitment_id"] == order["id"] and data["request_detail_id"]
    invoice = world.store.rows("requisitions", status="approved")[0]
    asked = {"name": "create_requisitions", "id": [invoice["id"]]}
    data = caller.sim("POST", "export", asked)["request_data"]
    assert "request_detail_id" not in data["requisitions"][0]
    assert len(caller.get(DETAILS, **{"filters[item_id]": invoice["id"]}).json()) == 1
    link = {"item_type": "requisition", "item_id": invoice["id"], "origin_id": "odoo:b:1"}
    caller.call("PATCH", EXTERNAL, {"updates": [link]})
    data = caller.sim("POST", "export", {"name": "reset_requisition", "id": invoice["id"]})
    assert data["request_data"]["requisition_origin_id"] == "odoo:b:1"
    one = f"/rest/v1.1/requisitions/{invoice['id']}"
    assert caller.get(one).json()["origin_id"] is None


def test_staged_records_wait_for_an_accountant(world, caller):
    path, vendor = BASE + "/staged_records", {"item_type": "vendor", "origin_id": "odoo:v:1"}
    made = caller.call("POST", path, vendor | {"data": {"name": "New"}})
    assert (made.status_code, made.json()["status"]) == (201, "staged")
    order = {"item_type": "purchase_order_contract", "origin_id": "odoo:po:1", "data": {}}
    child = {"item_type": "line_item", "origin_id": "odoo:l:1", "data": {"amount": "5.0"}}
    updates = [order | {"children": [child]}, child | {"origin_id": "odoo:l:2"}, vendor]
    answer = caller.call("PATCH", path + "/sync", {"updates": updates}).json()
    parent, nested, again = answer["entities"]
    assert nested["parent_id"] == parent["id"] and again["id"] == made.json()["id"]
    assert [list(row["errors"]) for row in answer["errors"]] == [["parent_id"]]
    gone = caller.call("PUT", f"{path}/{parent['id']}", {"status": "archived"})
    assert (gone.status_code, gone.json()["status"]) == (200, "archived")
