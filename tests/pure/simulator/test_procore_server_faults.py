"""What goes wrong on the way to the Procore simulator, each switched on by a test."""

import time

import pytest
import requests

from odoo.addons.construction_sync_base.lib import remote
from odoo.addons.construction_sync_base.lib.ssrf import Answer

from tests.simulator.procore_server.store import COMPANY

VENDORS = "/rest/v1.0/vendors"


@pytest.fixture
def vendor(world):
    return world.store.add("vendors", {"name": "A", "is_active": True, "_company": COMPANY})


def _verdict(answer, now=0.0):
    """What the addon makes of it."""
    read = remote.read(Answer(answer.status_code, answer.headers, answer.content), now, True)
    return read.verdict, read.wait


def test_down_for_two_hours_of_the_platforms_clock(world, caller, vendor):
    caller.sim("POST", "faults", {"kind": "unavailable", "lasts": 7200, "retry_after": "30"})
    for _again in range(3):
        assert _verdict(caller.get(VENDORS)) == ("again", 30.0)
    assert caller.grant(grant_type="client_credentials").status_code == 503  # the whole platform
    world.advance(7199)
    assert caller.get(VENDORS).status_code == 503
    world.advance(1)
    caller.token()  # it has ended meanwhile as well
    assert caller.ids(VENDORS) == [vendor["id"]]
    seen = [one["fault"] for one in caller.sim("GET", "requests")]
    assert seen[-7:] == [*["unavailable"] * 5, None, None]


@pytest.mark.parametrize("kind", ["html", "truncated", "wrong_type"])
def test_status_200_that_is_no_answer(world, caller, vendor, kind):
    world.fail(kind, path="vendors")
    answer = caller.get(VENDORS)
    assert answer.status_code == 200 and _verdict(answer)[0] == "again"
    assert _verdict(caller.get(VENDORS))[0] == "done"  # once is once


@pytest.mark.parametrize(
    "told, wait",
    [("30", 30.0), ("", 1.0), ("0", 1.0), ("-5", 1.0), ("1000000000", 3600.0),
     ("Thu, 01 Jan 1970 00:01:00 GMT", 60.0)],
)  # fmt: skip
def test_a_wait_in_every_form(world, caller, told, wait):
    world.fail("limited", retry_after=told, path="vendors")
    assert _verdict(caller.get(VENDORS)) == ("later", wait)


def test_it_was_done_but_nobody_heard(world, caller):
    """The line is cut after the commit: a second try without an id of ours makes a second one."""
    world.fail("commit_timeout", method="POST", path="vendors")
    with pytest.raises(requests.ConnectionError):
        caller.call("POST", VENDORS, {"vendor": {"name": "Twice"}})
    assert len(caller.sim("GET", "written/vendors")) == 1
    caller.call("POST", VENDORS, {"vendor": {"name": "Twice"}})
    assert len(world.store.rows("vendors", name="Twice")) == 2
    world.fail("commit_timeout", method="PATCH", path="sync")
    sent = {"updates": [{"name": "Once", "origin_id": "odoo:1"}]}
    with pytest.raises(requests.ConnectionError):
        caller.call("PATCH", VENDORS + "/sync", sent)
    assert caller.call("PATCH", VENDORS + "/sync", sent).status_code == 200
    assert len(world.store.rows("vendors", name="Once")) == 1


def test_the_token_ends_in_the_middle_of_a_batch(world, caller):
    world.fail("expired", path="vendors", skip=2)
    statuses = [
        caller.call("POST", VENDORS, {"vendor": {"name": str(n)}}).status_code for n in range(4)
    ]
    assert statuses == [201, 201, 401, 401]
    caller.token()
    assert caller.call("POST", VENDORS, {"vendor": {"name": "4"}}).status_code == 201
    assert len(world.store.rows("vendors")) == 3


def test_slow_elsewhere_too_much_and_otherwise_shaped(world, caller, vendor):
    world.fail("slow", path="vendors", seconds=0.3)
    began = time.monotonic()
    assert caller.get(VENDORS).status_code == 200 and time.monotonic() - began >= 0.3
    world.fail("redirect", path="vendors")
    answer = caller.session.get(world.url + VENDORS, allow_redirects=False, timeout=10)
    assert answer.status_code == 301 and "169.254.169.254" in answer.headers["Location"]
    world.fail("huge", path="vendors", bytes=9_000_000)
    assert len(caller.get(VENDORS).content) == 9_000_000
    change = {"without": ["name"], "null": ["is_active"], "ids": "text", "with": {"new": 1}}
    caller.sim("POST", "faults", {"kind": "drift", "path": "vendors", "change": change})
    [row] = caller.get(VENDORS).json()
    assert row["id"] == str(vendor["id"]) and "name" not in row
    assert row["is_active"] is None and row["new"] == 1
    world.fail("refused", method="POST", path="vendors")
    refused = caller.call("POST", VENDORS, {"vendor": {"name": "B"}})
    assert _verdict(refused)[0] == "refused" and not world.store.rows("vendors", name="B")


def test_a_fault_that_is_none_is_refused_with_what_there_is(world, caller):
    answer = requests.post(f"{world.url}/_sim/faults", json={"kind": "gremlins"}, timeout=10)
    assert answer.status_code == 400 and "unavailable" in answer.json()["errors"]
    answer = requests.get(f"{world.url}/_sim/nothing", timeout=10)
    assert answer.status_code == 404 and "POST /_sim/advance" in answer.json()["known"]
