"""What arrives in the wrong order on a real server, with real workers that take it as it
comes. Names carry the number of the fault catalogue."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from .platform import BATCHED, Platform
from .server import RpcError, wait_for


@pytest.fixture(scope="module")
def platform(server):
    made = Platform(server)
    made.masters()
    return made


def closing(platform, external_id, sequence):
    data = {
        "external_id": external_id,
        "date": "2026-11-02",
        "kind": "final",
        "final_amount": "0",
        "open_released": "1000.00",
        "retention_balance": "0",
    }
    return platform.event("commitment.closed", data, sequence)


def void(platform, external_id, sequence):
    data = {"external_id": external_id, "date": "2026-11-02", "reason": "wrong vendor"}
    return platform.event("commitment.voided", data, sequence)


def event_row(platform, event):
    return platform.server.psql(
        "SELECT id, attempts FROM construction_event WHERE platform_id = %s AND event_id = %s",
        (platform.id, event["id"]),
    )[0]


def test_fault_49_versions_3_1_2(platform):
    three, one, two = (
        platform.commitment("C49", sequence=n, amount=f"{n}00.00") for n in (3, 1, 2)
    )
    platform.send(three)
    platform.wait(three)
    platform.send(one)
    platform.send(two)
    platform.wait(one, two, states=("superseded",))
    assert [float(amount) for _state, amount in platform.orders("C49")] == [300]


def test_fault_49_versions_at_once_over_several_connections(platform):
    """Twenty versions of one order arrive in any order; the highest is what stays."""
    events = [
        platform.commitment("C49b", sequence=n, amount=f"{n}00.00")
        for n in (7, 3, 20, 11, 1, 15, 2, 19, 8, 4, 13, 5, 17, 9, 6, 12, 10, 18, 14, 16)
    ]
    with ThreadPoolExecutor(5) as pool:
        list(pool.map(platform.send, events))
    platform.wait(*events, states=("processed", "superseded"))
    assert [float(amount) for _state, amount in platform.orders("C49b")] == [2000]


def test_fault_50_void_before_its_commitment(platform):
    voided = void(platform, "C50", 2)
    platform.send(voided)
    platform.wait(voided)
    late = platform.commitment("C50", sequence=1)
    platform.send(late)
    platform.wait(late, states=("superseded",))
    assert not platform.orders("C50")


def test_fault_50_an_older_creation_after_the_update(platform):
    newer = platform.commitment("C50b", sequence=2, amount="2000.00")
    platform.send(newer)
    platform.wait(newer)
    older = platform.commitment("C50b", sequence=1)
    platform.send(older)
    platform.wait(older, states=("superseded",))
    assert [float(amount) for _state, amount in platform.orders("C50b")] == [2000]


def test_fault_51_closed_before_it_was_approved(platform):
    closed = closing(platform, "C51", 2)
    platform.send(closed)
    platform.wait(closed, states=("parked",))
    approved = platform.commitment("C51", sequence=1)
    platform.send(approved)
    platform.wait(approved, closed)
    assert platform.server.psql(
        "SELECT o.closed_state FROM construction_binding b JOIN purchase_order o"
        " ON o.id = b.res_id WHERE b.platform_id = %s AND b.external_id = 'C51'"
        " AND b.object = 'commitment'",
        (platform.id,),
    ) == [("final",)]


def test_fault_58_a_failed_event_blocks_its_own_subject_only(platform):
    stuck = platform.commitment("C58", sequence=1, vendor="nobody yet")
    after = closing(platform, "C58", 2)
    others = [platform.commitment(f"C58-{n}", sequence=1) for n in range(3)]
    platform.send(stuck, after, *others)
    platform.wait(*others)
    assert platform.states(stuck, after) == ["parked", "pending"]
    blocked = platform.server.psql(
        "SELECT e.event_id FROM construction_event e JOIN construction_event b"
        " ON b.id = e.blocked_by_id WHERE b.platform_id = %s AND b.event_id = %s",
        (platform.id, stuck["id"]),
    )
    assert blocked == [(after["id"],)]
    vendor = platform.vendor("nobody yet")
    platform.send(vendor)
    platform.wait(vendor, stuck, after)


def test_a_fix_supersedes_a_parked_version(platform):
    broken = platform.commitment("C-fix", sequence=1, vendor="a wrong one")
    platform.send(broken)
    platform.wait(broken, states=("parked",))
    fixed = platform.commitment("C-fix", sequence=2, amount="1500.00")
    platform.send(fixed)
    platform.wait(fixed)
    assert platform.states(broken) == ["superseded"]
    assert [state for _c, _m, state in platform.issues(broken)] == ["resolved"]
    vendor = platform.vendor("a wrong one")  # what it waited for does not revive it
    platform.send(vendor)
    platform.wait(vendor)
    assert platform.states(broken) == ["superseded"]
    assert [float(amount) for _state, amount in platform.orders("C-fix")] == [1500]


def test_fault_80_two_operators_replay_at_once(platform):
    """One of them replays, everybody else is told."""
    parked = platform.commitment("C80", sequence=1, vendor="never sent")
    platform.send(parked)
    platform.wait(parked, states=("parked",))
    row_id, attempts = event_row(platform, parked)
    server = platform.server
    sessions = [_session(server) for _n in range(6)]

    def replay(session):
        answer = session.post(
            f"{server.url}/web/dataset/call_kw/construction.event/action_replay",
            json={
                "jsonrpc": "2.0",
                "method": "call",
                "params": {
                    "model": "construction.event",
                    "method": "action_replay",
                    "args": [[row_id], "mended"],
                    "kwargs": {},
                },
            },
            timeout=120,
        ).json()
        return answer.get("error", {}).get("data", {}).get("name", "replayed")

    with ThreadPoolExecutor(len(sessions)) as pool:
        answers = list(pool.map(replay, sessions))
    replays = server.psql(
        "SELECT count(*) FROM construction_audit WHERE model = 'construction.event'"
        " AND res_id = %s AND action = 'event_replayed'",
        (row_id,),
    )[0][0]
    assert answers.count("replayed") == replays >= 1
    assert set(answers) == {"replayed", "odoo.exceptions.UserError"}
    wait_for(lambda: event_row(platform, parked)[1] == attempts + replays, 60)
    platform.wait(parked, states=("parked",))


def test_replaying_what_is_finished_is_refused(platform):
    done = platform.commitment("C80b", sequence=1)
    platform.send(done)
    platform.wait(done)
    row_id, _attempts = event_row(platform, done)
    with pytest.raises(RpcError, match="Nothing to replay"):
        platform.server.execute("construction.event", "action_replay", [[row_id], "why"])


def test_batches_that_meet_in_another_order_are_all_taken(platform):
    """The same events, forwards and backwards at once: a deadlock is no answer."""
    for _round in range(5):
        events = [platform.event("platform.pinged", {"external_id": f"d{n}"}) for n in range(400)]
        bodies = [json.dumps(batch).encode() for batch in (events, events[::-1]) * 3]
        with ThreadPoolExecutor(len(bodies)) as pool:
            answers = list(pool.map(lambda body: platform.post(body, BATCHED), bodies))
        assert {answer.status_code for answer in answers} <= {200, 202}
        assert sum(answer.json()["accepted"] for answer in answers) == len(events)


def _session(server):
    session = requests.Session()
    session.post(
        f"{server.url}/web/session/authenticate",
        json={
            "jsonrpc": "2.0",
            "params": {"db": server.db, "login": "admin", "password": "admin"},
        },
        timeout=120,
    ).raise_for_status()
    return session
