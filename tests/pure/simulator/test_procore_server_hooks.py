"""Webhooks of the Procore simulator: subscriptions, bodies, pause, waits, discard."""

import json

import pytest

from tests.simulator.procore_server.store import COMPANY

HOOKS, HOUR = "/rest/v1.0/webhooks/hooks", 3600.0
RFIS = "/rest/v1.0/projects/{}/rfis"


@pytest.fixture
def hook(caller, receiver, project):
    """A hook of the project that is told of new and changed questions."""
    return _hook(caller, receiver, {"project_id": project["id"]}, "RFIs", ("create", "update"))


def _hook(caller, receiver, owner, resource, events, version="v2"):
    fields = {
        "api_version": version,
        "namespace": "odoo-sync",
        "destination_url": receiver.url,
        "destination_headers": {"Authorization": "Bearer very-secret-12345"},
    }
    made = caller.call("POST", HOOKS, owner | {"hook": fields})
    assert made.status_code == 201, made.text
    path = f"{HOOKS}/{made.json()['id']}/triggers"
    for event in events:
        trigger = {"resource_name": resource, "event_type": event}
        answer = caller.call("POST", path, owner | {"api_version": version, "trigger": trigger})
        assert answer.status_code == 201, answer.text
    return made.json()


def _told(receiver):
    return [json.loads(body) for _headers, body in receiver.got]


def _outcomes(caller, hook, project, status="any"):
    path = f"{HOOKS}/{hook['id']}/deliveries"
    rows = caller.get(path, project_id=project["id"], **{"filter[status]": status}).json()
    return [row["outcome"] for row in rows]


def test_hooks_and_triggers_are_kept_by_owner_and_namespace(world, caller, receiver, hook, project):
    owner = {"project_id": project["id"]}
    assert hook["destination_headers"] == {"Authorization": "*****12345"}
    assert [row["id"] for row in caller.get(HOOKS, **owner).json()] == [hook["id"]]
    assert caller.get(f"{HOOKS}/{hook['id']}", **owner).json() == hook
    assert caller.get(HOOKS, **owner, namespace="procore").json() == []
    assert caller.get(HOOKS, company_id=COMPANY).json() == []
    assert caller.get(HOOKS).status_code == 400
    assert caller.get(HOOKS, **owner, company_id=COMPANY).status_code == 400
    one = f"{HOOKS}/{hook['id']}"
    triggers = caller.get(one + "/triggers", **owner).json()
    assert [(row["resource_name"], row["event_type"]) for row in triggers] == [
        ("RFIs", "CREATE"),
        ("RFIs", "UPDATE"),
    ]
    offered = {row["name"]: row["except"] for row in _offered(caller, **owner)}
    assert offered["RFIs"] == [] and "Requisitions" not in offered and "Projects" not in offered
    company = {row["name"]: row["except"] for row in _offered(caller, company_id=COMPANY)}
    assert company["Projects"] == ["delete"] and "ERP Requests" in company
    many = [
        {"resource_name": "RFIs", "event_type": "delete"},
        {"resource_name": "Requisitions", "event_type": "create"},
    ]
    answer = caller.call("POST", one + "/triggers/bulk", owner | {"triggers": many})
    assert answer.status_code == 207
    assert (len(answer.json()["success"]), len(answer.json()["failed"])) == (1, 1)
    removed = f"{one}/triggers/{triggers[0]['id']}?project_id={project['id']}"
    assert caller.call("DELETE", removed).status_code == 200
    assert len(caller.get(one + "/triggers", **owner).json()) == 2
    bad = owner | {"hook": {"namespace": "Not Allowed"}}
    assert caller.call("PATCH", one, bad).status_code == 422
    assert caller.call("DELETE", f"{one}?project_id={project['id']}").status_code == 200
    caller.call("POST", RFIS.format(project["id"]), {"rfi": {"subject": "?"}})
    world.deliverer.settle()
    assert receiver.got == []


def _offered(caller, **owner):
    return caller.get("/rest/v1.0/webhooks/resources", **owner).json()


def test_version_two_says_who_did_it_and_nothing_of_the_record(
    world, caller, receiver, hook, project
):
    mine = caller.call("POST", RFIS.format(project["id"]), {"rfi": {"subject": "secret"}}).json()
    world.store.change("rfis", mine["id"], {"status": "closed"})  # a person at the platform
    world.store.remove("rfis", mine["id"])  # nobody asked for that
    other = world.store.add("projects", {"name": "South", "active": True, "_company": COMPANY})
    caller.call("POST", RFIS.format(other["id"]), {"rfi": {"subject": "not ours"}})
    world.deliverer.settle()
    headers, body = receiver.got[0]
    assert headers["Authorization"] == "Bearer very-secret-12345"
    assert not any("signature" in name.lower() for name in headers)  # none is documented
    assert b"secret" not in body
    made, changed = _told(receiver)
    assert made | {"event_type": "create", "api_version": "v2.0"} == made
    assert (made["resource_name"], made["resource_id"]) == ("RFIs", mine["id"])
    assert (made["company_id"], made["project_id"]) == (COMPANY, project["id"])
    app = world.tokens.apps["sim-client"]
    assert made["metadata"]["source_application_id"] == app.number
    assert made["user_id"] == app.user
    assert changed["event_type"] == "update"
    assert changed["metadata"]["source_application_id"] is None


def test_version_three_names_the_parent_and_version_four_is_all_text(
    world, caller, receiver, project
):
    owner = {"project_id": project["id"]}
    lines = "Direct Cost Line Items"
    _hook(caller, receiver, owner, lines, ("create",), "v3")
    _hook(caller, receiver, owner, lines, ("create",), "v4")
    path = f"/rest/v1.1/projects/{project['id']}/direct_costs"
    cost = caller.call("POST", path, {"direct_cost": {"status": "draft"}}).json()
    line = {"line_item": {"amount": "5.0"}}
    line = caller.call("POST", f"{path}/{cost['id']}/line_items", line).json()
    world.deliverer.settle()
    third, fourth = sorted(_told(receiver), key=lambda one: "reason" in one)
    assert third["related_resources"] == [{"id": cost["id"], "name": "Direct Costs"}]
    assert set(fourth) == {
        "id", "timestamp", "reason", "company_id", "project_id", "user_id", "resource_type",
        "resource_id",
    }  # fmt: skip
    assert all(isinstance(value, str) for value in fourth.values())
    assert (fourth["reason"], fourth["resource_id"]) == ("create", str(line["id"]))


def test_a_company_hook_is_told_of_vendors_without_a_project(world, caller, receiver, project):
    _hook(caller, receiver, {"company_id": COMPANY}, "Company Vendors", ("create", "update"))
    vendor = caller.call("POST", "/rest/v1.0/vendors", {"vendor": {"name": "A"}}).json()
    caller.call("POST", RFIS.format(project["id"]), {"rfi": {"subject": "?"}})
    world.deliverer.settle()
    assert [(one["resource_id"], one["project_id"]) for one in _told(receiver)] == [
        (vendor["id"], None)
    ]


def test_a_failure_pauses_the_queue_and_the_waits_grow(world, caller, receiver, hook, project):
    receiver.status = 500
    for subject in ("first", "second"):
        caller.call("POST", RFIS.format(project["id"]), {"rfi": {"subject": subject}})
    world.deliverer.settle()
    assert len(receiver.got) == 1  # the second waits behind the first
    counts = []
    for seconds in (1, 1, 1, 4):  # due after 1, 3, 7 seconds
        world.advance(seconds)
        counts.append(len(receiver.got))
    assert counts == [2, 2, 3, 4]
    assert _outcomes(caller, hook, project, "failing") == ["failed"]
    receiver.status = 204
    world.advance(8)
    told = _told(receiver)
    assert len(told) == 6 and told[4]["id"] == told[0]["id"] != told[5]["id"]
    assert _outcomes(caller, hook, project) == [*["retried"] * 4, "ok", "ok"]
    assert world.hooks.all[hook["id"]].failing_since is None


def test_after_twelve_hours_the_queue_is_discarded_and_it_goes_on(
    world, caller, receiver, hook, project
):
    path = RFIS.format(project["id"])
    world.tokens.lifetime = 10**6
    caller.token()
    receiver.status = 503
    caller.call("POST", path, {"rfi": {"subject": "first"}})
    world.advance(6 * HOUR)
    caller.call("POST", path, {"rfi": {"subject": "never tried"}})
    world.advance(6 * HOUR - 1)
    tried = len(receiver.got)
    assert 12 < tried < 30  # every second at first, every hour at last
    assert _outcomes(caller, hook, project, "discarded") == []
    world.advance(1)
    assert len(receiver.got) == tried
    discarded = caller.get(
        f"{HOOKS}/{hook['id']}/deliveries",
        project_id=project["id"],
        **{"filter[status]": "discarded"},
    ).json()
    ids = {row["event"]["resource_id"] for row in discarded}
    assert ids == set(caller.ids(path)) and len(ids) == 2  # all that has to be fetched now
    receiver.status = 204
    world.advance(24 * HOUR)
    assert len(receiver.got) == tried  # gone is gone
    caller.call("POST", path, {"rfi": {"subject": "afresh"}})
    world.deliverer.settle()
    assert len(receiver.got) == tried + 1


def test_an_answer_that_takes_too_long_or_leads_elsewhere_is_a_failure(
    world, caller, receiver, hook, project
):
    receiver.status = 302
    caller.call("POST", RFIS.format(project["id"]), {"rfi": {"subject": "?"}})
    world.deliverer.settle()
    receiver.stop()
    world.advance(1)
    rows = caller.get(f"{HOOKS}/{hook['id']}/deliveries", project_id=project["id"]).json()
    assert [row["response_status"] for row in rows] == [302, None]
    assert [row["response_error"] for row in rows] == [None, "ConnectionError"]


def test_notices_come_twice_and_out_of_order(world, caller, receiver, hook, project):
    receiver.status = 500
    caller.call("POST", RFIS.format(project["id"]), {"rfi": {"subject": "first"}})
    world.deliverer.settle()
    caller.call("POST", RFIS.format(project["id"]), {"rfi": {"subject": "second"}})
    receiver.status = 204
    caller.sim("POST", "hooks", {"twice": 1, "newest_first": True})
    world.advance(1)
    told = [one["resource_id"] for one in _told(receiver)]
    assert told == [told[0], told[1], told[1], told[0]] and told[0] < told[1]
    assert len({one["ulid"] for one in _told(receiver)}) == 2  # the same event, not another one
