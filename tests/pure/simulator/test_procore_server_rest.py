"""Lists, records and bulk upserts of the Procore simulator."""

from datetime import UTC, datetime

import pytest
import requests

from tests.simulator.procore_server.store import COMPANY

VENDORS, PROJECTS = "/rest/v1.0/vendors", "/rest/v1.1/projects"


def _vendors(world, count):
    return [
        world.store.add("vendors", {"name": f"V{n}", "is_active": True, "_company": COMPANY})["id"]
        for n in range(count)
    ]


def test_pages_are_linked_both_ways(world, caller):
    made = _vendors(world, 7)
    answer = caller.get(VENDORS, page=2, per_page=3, sort="id")
    assert [row["id"] for row in answer.json()] == made[3:6]
    assert (answer.headers["Per-Page"], answer.headers["Total"]) == ("3", "7")
    assert set(answer.links) == {"first", "prev", "next", "last"}
    assert "page=3&per_page=3" in answer.links["next"]["url"]
    assert "sort=id" in answer.links["next"]["url"]  # a link keeps what was asked for
    assert set(caller.get(VENDORS, page=3, per_page=3).links) == {"first", "prev"}
    assert caller.ids(VENDORS, page=4, per_page=3) == []
    assert caller.walk(VENDORS, per_page=2) == made
    assert max(made) > 2**31


def test_pages_shift_while_somebody_reads(world, caller):
    """What is touched moves behind; whoever reads by pages misses the row that took its place."""
    made = _vendors(world, 6)
    world.advance(60)
    caller.sim("POST", "shifts", {"table": "vendors", "move": "touch", "times": 1})
    found = caller.walk(VENDORS, per_page=2, sort="updated_at")
    assert set(made) - set(found) == {made[2]}
    assert found.count(made[0]) == 2
    caller.sim("POST", "shifts", {"table": "vendors", "move": "delete", "times": 1})
    assert made[2] not in caller.walk(VENDORS, per_page=2)
    assert len(caller.walk(VENDORS, per_page=2)) == 5


def test_filters_and_order(world, caller, project):
    made = _vendors(world, 3)
    world.advance(3600)
    start = world.clock.now()
    caller.call("PATCH", f"{VENDORS}/{made[1]}", {"vendor": {"name": "Changed"}})
    first, last = (
        datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for moment in (start - 1, start + 1)
    )
    query = {"filters[updated_at]": f'"{first}...{last}"'}
    assert caller.ids(VENDORS, **query) == [made[1]]
    assert caller.ids(VENDORS, sort="-updated_at")[0] == made[1]
    assert caller.ids(VENDORS, **{"filters[name][]": ["V0", "V2"]}) == [made[0], made[2]]
    assert caller.get(VENDORS, **{"filters[colour]": "red"}).status_code == 406
    codes = "/rest/v1.0/cost_codes"
    kept, gone = (
        caller.call(
            "POST", codes, {"project_id": project["id"], "cost_code": {"full_code": code}}
        ).json()["id"]
        for code in ("01-100", "01-200")
    )
    assert caller.call("DELETE", f"{codes}/{gone}?project_id={project['id']}").status_code == 204
    asked = {"project_id": project["id"]}
    assert caller.ids(codes, **asked) == [kept]
    assert caller.ids(codes, **asked, **{"filters[include_deleted]": "only"}) == [gone]
    assert caller.ids(codes, **asked, **{"filters[include_deleted]": "with"}) == [kept, gone]
    assert caller.get(codes).status_code == 400  # whose codes?


def test_inactive_vendors_and_todays_logs_stand_elsewhere(world, caller, project):
    made = _vendors(world, 2)
    caller.call("PATCH", f"{VENDORS}/{made[0]}", {"vendor": {"is_active": False}})
    assert caller.ids(VENDORS) == [made[1]]
    assert caller.ids(f"/rest/v1.0/companies/{COMPANY}/vendors/inactive") == [made[0]]
    logs = f"/rest/v1.0/projects/{project['id']}/manpower_logs"
    days = {
        day: caller.call("POST", logs, {"manpower_log": {"date": day}}).json()["id"]
        for day in ("2026-11-04", "2026-11-05")
    }
    assert caller.ids(logs) == [days["2026-11-05"]]
    assert caller.ids(logs, log_date="2026-11-04") == [days["2026-11-04"]]
    assert len(caller.ids(logs, start_date="2026-11-01", end_date="2026-11-30")) == 2


def test_version_two_has_an_envelope_and_text_for_ids(world, caller, project):
    vendor = _vendors(world, 1)[0]
    base = f"/rest/v2.0/companies/{COMPANY}/projects/{project['id']}/commitment_contracts"
    order = {"type": "WorkOrderContract", "number": "SC-1", "status": "Approved"}
    order |= {"vendor_id": str(vendor)}
    made = caller.call("POST", base, order)
    assert made.status_code == 201
    row = made.json()["data"]
    assert isinstance(row["id"], str) and row["vendor"]["id"] == str(vendor)
    line = {"amount": "-12345.6789", "wbs_code_id": "1"}
    assert caller.call("POST", f"{base}/{row['id']}/line_items", line).status_code == 201
    lines = caller.get(f"{base}/{row['id']}/line_items").json()["data"]
    assert [one["amount"] for one in lines] == ["-12345.6789"]
    for number in range(2, 13):
        caller.call("POST", base, order | {"number": f"SC-{number}"})
    answer = caller.get(base)
    assert (len(answer.json()["data"]), answer.headers["Per-Page"]) == (10, "10")
    # the same order, as version 1 shows it; the other kind is not in its list
    asked = {"project_id": project["id"]}
    assert int(row["id"]) in caller.ids("/rest/v1.0/work_order_contracts", **asked)
    assert caller.ids("/rest/v1.0/purchase_order_contracts", **asked) == []
    assert len(caller.ids(f"/rest/v1.0/work_order_contracts/{row['id']}/line_items")) == 1


def test_a_bulk_upsert_is_judged_by_record_and_answers_200(world, caller):
    known = _vendors(world, 1)[0]
    other = {"origin_id": "odoo:2", "name": "Other"}
    updates = [
        {"id": known, "name": "Renamed", "origin_id": "odoo:1"},
        other,
        {"id": 4, "name": "Nobody"},
        {"name": "Without any id"},
        {"id": known, "origin_id": "odoo:2"},
    ]
    answer = caller.call("PATCH", VENDORS + "/sync", {"company_id": COMPANY, "updates": updates})
    assert answer.status_code == 200
    entities, errors = answer.json()["entities"], answer.json()["errors"]
    assert [row["name"] for row in entities] == ["Renamed", "Other", "Without any id"]
    assert errors == [
        {"id": 4, "name": "Nobody", "errors": {"id": ["Entity with this ID not found"]}},
        updates[4] | {"errors": {"origin_id": ["has already been taken"]}},
    ]
    again = {"updates": [other | {"name": "Again"}, {"name": "Without any id"}]}
    again = caller.call("PATCH", VENDORS + "/sync", again).json()["entities"]
    # by our id it is found, without one it is made anew
    assert again[0]["id"] == entities[1]["id"] and again[1]["id"] != entities[2]["id"]
    assert len(world.store.rows("vendors", name="Without any id")) == 2
    many = {"updates": [{"name": "x"}] * 1001}
    assert caller.call("PATCH", VENDORS + "/sync", many).status_code == 400


def test_what_is_synced_is_locked_and_states_are_known(world, caller, project):
    path = f"/rest/v1.1/projects/{project['id']}/direct_costs"
    cost = caller.call("POST", path, {"direct_cost": {"status": "approved", "amount": "10.0"}})
    one = f"{path}/{cost.json()['id']}"
    assert caller.call("PATCH", one, {"direct_cost": {"amount": "11.0"}}).status_code == 200
    assert caller.call("PATCH", one, {"direct_cost": {"origin_id": "o:1"}}).status_code == 200
    assert caller.call("PATCH", one, {"direct_cost": {"amount": "12.0"}}).status_code == 422
    assert caller.call("DELETE", one).status_code == 422
    refused = caller.call("POST", path, {"direct_cost": {"status": "paid"}})
    assert refused.status_code == 422 and "status" in refused.json()["errors"]
    changes = f"/rest/v1.0/projects/{project['id']}/budget_changes"
    lines = [{"adjustment_number": 1, "amount": amount} for amount in (4500, -2500, -2000)]
    change = {"status": "draft", "adjustment_line_items": lines}
    assert caller.call("POST", changes, change).status_code == 201
    assert caller.call("POST", changes, {"adjustment_line_items": lines[:2]}).status_code == 422
    assert caller.call("POST", "/rest/v1.0/budget_modifications", {}).status_code == 405


def test_access_is_lost_without_a_word(world, caller, project):
    other = world.store.add("projects", {"name": "South", "active": True, "_company": COMPANY})
    rfis = f"/rest/v1.0/projects/{project['id']}/rfis"
    question = caller.call("POST", rfis, {"rfi": {"subject": "?"}}).json()["id"]
    caller.sim("POST", "access", {"project": project["id"]})
    assert caller.ids(PROJECTS, company_id=COMPANY) == [other["id"]]
    assert (caller.get(rfis).status_code, caller.ids(rfis)) == (200, [])
    assert caller.get(f"{rfis}/{question}").status_code == 404
    assert caller.call("POST", rfis, {"rfi": {"subject": "!"}}).status_code == 404
    caller.sim("DELETE", "access")
    assert caller.ids(rfis) == [question]
    for how, status in (("empty", 200), ("forbidden", 403), ("missing", 404)):
        caller.sim("POST", "access", {"table": "rfis", "how": how})
        answer = caller.get(rfis)
        assert answer.status_code == status and (how != "empty" or answer.json() == [])
    world.access.restore()
    caller.sim("POST", "access", {"connected": False})
    assert caller.get(rfis).status_code == 403


def test_a_record_is_told_of_before_it_can_be_read(world, caller, project):
    rfis = f"/rest/v1.0/projects/{project['id']}/rfis"
    world.lag = 5
    question = caller.call("POST", rfis, {"rfi": {"subject": "?"}}).json()["id"]
    assert caller.get(f"{rfis}/{question}").status_code == 404 and caller.ids(rfis) == []
    world.advance(5)
    assert caller.get(f"{rfis}/{question}").json()["subject"] == "?"


def test_a_list_of_thousands_is_read_fresh(world, caller, project):
    """Pages of a long list come from one look; a change between them is seen all the same."""
    scope = {"_company": COMPANY, "_project": project["id"], "type": "WorkOrderContract"}
    made = [world.store.add("commitments", {"number": str(n)} | scope)["id"] for n in range(3000)]
    path, asked = "/rest/v1.0/work_order_contracts", {"project_id": project["id"]}
    assert caller.walk(path, per_page=1000, **asked) == made
    assert caller.ids(path, page=3, per_page=1000, **asked)[0] == made[2000]
    caller.call("DELETE", f"{path}/{made[0]}?project_id={project['id']}")
    assert caller.ids(path, page=3, per_page=1000, **asked)[0] == made[2001]
    world.access.hide(project["id"])
    assert caller.ids(path, page=3, per_page=1000, **asked) == []


def test_who_is_gone_answers_on_no_connection(world, caller):
    assert caller.ids(VENDORS) == []
    world.stop()
    with pytest.raises(requests.ConnectionError):
        caller.get(VENDORS)
