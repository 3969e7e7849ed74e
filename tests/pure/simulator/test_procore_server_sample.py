"""The sample month as Procore holds it: it ties, the addon's translator reads what is exported of
it, and the command line serves it."""

import json
import re
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal

import pytest

from odoo.addons.construction_sync_base.lib.ssrf import Guard
from odoo.addons.construction_sync_base.translators import procore_erp

from tests.pure.construction_sync_base.published_schemas import validator_of
from tests.pure.simulator.procore_caller import Caller
from tests.simulator.procore_server import erp_press, sample
from tests.simulator.procore_server.store import shown
from tests.simulator.procore_server.wire import dumps
from tests.simulator.sample_month import sample_month


def _last(fact):
    """The month's own objects of a kind, as they are in the end, by subject."""
    events = (e for e in sample_month(19) if e["type"] == f"construction.{fact}.v1")
    return {event["subject"]: event["data"] for event in events}


@pytest.fixture
def store(world):
    sample.load(world)
    return world.store


def test_orders_invoices_and_budgets_tie_to_the_month(store):
    voided = _last("commitment.voided")
    orders = [o for s, o in _last("commitment.approved").items() if s not in voided]
    rows = {row["number"]: row for row in store.rows("commitments")}
    assert set(rows) == {order["number"] for order in orders}
    for order in orders:
        row = rows[order["number"]]
        lines = store.rows("line_items", _parent=row["id"])
        assert Decimal(row["grand_total"]) == Decimal(order["total"])
        assert sum(Decimal(line["amount"]) for line in lines) == Decimal(order["total"])
    # the current budget: the last version and the change after it
    budget = sum(Decimal(data["total"]) for data in _last("budget.approved").values())
    costs = store.rows("erp_job_costs")
    assert sum(Decimal(row["new_amount"]) for row in costs) == budget
    values = defaultdict(Decimal)
    for row in store.rows("erp_transactions"):
        values[row["job_cost_id"]] += row["value"]
    assert all(values[row["id"]] == Decimal(row["new_amount"]) for row in costs)
    for change in store.rows("budget_changes"):
        assert sum(Decimal(line["amount"]) for line in change["adjustment_line_items"]) == 0
    for row in store.rows("requisitions"):
        items = store.rows("requisition_items", _parent=row["id"])
        net = sum(Decimal(item["net_amount"]) for item in items)
        assert Decimal(row["summary"]["current_payment_due"]) == pytest.approx(
            net, abs=Decimal("0.02") * len(items)
        )


def test_one_tier_change_orders_stand_twice_and_say_so(store):
    orders = store.rows("commitment_change_orders")
    packages = {row["id"]: row for row in store.rows("change_order_packages")}
    hidden = {row["change_order_package_id"]: row for row in store.rows("potential_change_orders")}
    assert len(orders) == len(packages) == len(hidden) == 5
    for order in orders:
        package = packages[order["legacy_package_id"]]
        assert package["number"] == order["number"]
        lines = store.rows("line_items", _parent=hidden[package["id"]]["id"])
        total = sum(Decimal(line["amount"]) for line in lines)
        assert total == Decimal(order["grand_total"])


def _answer(caller, store):
    """The ERP side links whatever it was sent, and the codes."""
    tables = {
        "project": "projects",
        "vendor": "vendors",
        "cost_code": "cost_codes",
        "line_item_type": "line_item_types",
        "budget": "erp_budgets",
        "requisition": "requisitions",
        "change_order": "commitment_change_orders",
    }
    updates = [
        {"item_type": item_type, "item_id": row["id"], "origin_id": f"odoo:{row['id']}"}
        for item_type, table in tables.items()
        for row in store.rows(table)
        if row.get("erp_status") == "exporting" or table in ("cost_codes", "line_item_types")
    ]
    for row in store.rows("commitments", erp_status="exporting"):
        kind = "work_order" if row["type"] == "WorkOrderContract" else "purchase_order"
        update = {"item_type": f"{kind}_contract", "item_id": row["id"]}
        updates.append(update | {"origin_id": f"odoo:{row['id']}"})
    path = "/rest/v1.0/companies/7/external_data/sync"
    assert caller.call("PATCH", path, {"updates": updates}).json()["errors"] == []


def test_the_addon_reads_what_is_exported(world, store):
    """Every request that the addon applies becomes valid events, with the month's figures. Each
    press of the button brings what builds on what was answered before."""
    caller, requests, waves = Caller(world.url), [], []
    for _wave in range(4):
        asked = erp_press.export_all(world)
        requests += asked
        waves.append(sorted({row["request_name"] for row in asked}))
        _answer(caller, store)
    assert waves == [
        ["create_or_update_job", "create_vendor"],
        ["create_budget", "create_commitment"],
        ["create_commitment_change_order", "create_requisitions"],
        [],
    ]
    made = []
    for request in requests:
        body = dumps(shown(request))
        if request["request_name"] in procore_erp.REQUESTS:
            made += procore_erp.translate(body, lambda _job: "USD", "2026-11-05T12:00:00Z")
    by_type = defaultdict(list)
    for event in made:
        problems = list(validator_of(event["type"]).iter_errors(event["data"]))
        assert not problems, (event["type"], problems[0].message)
        by_type[event["type"].split(".", 1)[1]].append(event["data"])
    assert {job["number"] for job in by_type["job.upserted.v1"]} == {
        data["number"] for data in _last("job.upserted").values()
    }
    assert len(by_type["vendor.upserted.v1"]) == 12
    totals = {
        data["number"]: sum(Decimal(line["amount"]) for line in data["lines"])
        for data in by_type["commitment.approved.v1"]
    }
    month = _last("commitment.approved").values()
    month = {data["number"]: Decimal(data["total"]) for data in month}
    assert len(totals) == 43 and totals == {number: month[number] for number in totals}
    budgets = by_type["budget.approved.v1"]
    assert [data["basis"] for data in budgets] == ["current"] * 3


def test_an_invoice_and_an_order_are_summed_up(world, store):
    caller, payment = Caller(world.url), store.rows("contract_payments")[0]
    invoice = store.row("requisitions", payment["requisition_id"])
    detail = caller.get(f"/rest/v1.0/requisitions/{invoice['id']}/detail").json()
    g702 = {name: Decimal(value) for name, value in detail["g702"].items()}
    assert detail["invoice_number"] == invoice["invoice_number"]
    kept, due = g702["total_retainage"], g702["current_payment_due"]
    assert kept and due == g702["total_completed_and_stored_to_date"] - kept
    change = store.rows("commitment_change_orders", status="approved")[0]
    for order_id, name in (
        (payment["contract_id"], "total_payments_amount"),
        (change["contract_id"], "approved_change_total"),
    ):
        project = store.row("commitments", order_id)["_project"]
        path = f"/rest/v2.0/companies/7/projects/{project}/commitment_contracts/{order_id}/summary"
        sums = caller.get(path).json()["data"]
        wanted = payment["amount"] if "payments" in name else change["grand_total"]
        assert Decimal(sums[name]) == Decimal(wanted)
        assert Decimal(sums["total_invoices_amount"]) == sum(
            Decimal(row["total_claimed_amount"])
            for row in store.rows("requisitions", commitment_id=order_id)
        )


def test_owner_invoices_carry_numbers_and_the_text_null(world, store):
    row = store.rows("payment_applications")[0]
    request = erp_press.export(world, "create_payment_application", row["id"])
    data = json.loads(dumps(shown(request)))["request_data"]["payment_application"]
    assert data["origin_id"] == "null"
    assert isinstance(data["summary"]["current_payment_due"], int | float)
    assert isinstance(data["invoice_number"], str)
    row = store.rows("prime_change_orders")[0]
    request = erp_press.export(world, "create_prime_contract_change_order", row["id"])
    [line] = request["request_data"]["prime_contract_change_order_items"]
    markup = sum(Decimal(one["amount"]) for one in line["markup_line_items"])
    assert markup and Decimal(line["extended_amount"]) + markup == Decimal(line["amount"])


def test_the_command_line_serves_the_month(tmp_path):
    """Over TLS, so that Odoo's guard of calls lets it pass."""
    command = [sys.executable, "-m", "tests.simulator.procore_server", "--port", "0"]
    command += ["--self-signed", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert "records" in process.stdout.readline()
        url = re.search(r"https://localhost:\d+(?=,)", process.stdout.readline())[0]
        loopback, authority = ["127.0.0.1/32", "::1/128"], str(tmp_path / "ca.pem")
        guard = Guard([url.removeprefix("https://")], networks=loopback, verify=authority)
        assert guard.call("GET", url + "/oauth/token/info").status == 401
        caller = Caller(url, verify=authority)
        assert len(caller.walk("/rest/v1.1/projects", company_id=7, per_page=2)) == 3
        before = caller.sim("GET", "state")["now"]
        assert caller.sim("POST", "advance", {"seconds": 86400})["now"] > before
        assert len(caller.sim("POST", "export", {"name": "all"})) == 15
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdout.close()
