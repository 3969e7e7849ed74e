"""Clocks that differ: Odoo's server ten minutes off from PostgreSQL, and set back while it
runs. Names carry the number of the fault catalogue.

Who says what time it is: PostgreSQL decides when an event is due, leased, forgotten and how
fast a platform may send; Odoo's server decides whether a signature is of now and whether a
secret still holds; nobody's clock orders anything.
"""

import os
import time

import pytest

import apt

from .platform import Platform
from .server import Server, wait_for

AHEAD, BEHIND = 600, -600


@pytest.fixture(scope="module")
def library():
    """Path of libfaketime, which shifts the clock of one process."""
    found = os.environ.get("CS_FAKETIME") or apt.faketime()
    if not found:
        pytest.skip("NO LIBFAKETIME HERE: differing clocks are NOT tested. Set CS_FAKETIME to it.")
    return found


class Clock:
    """The clock of a server, in seconds ahead of PostgreSQL's and ours."""

    def __init__(self, file, library):
        self.file = file
        self.set(AHEAD)
        self.environment = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, seconds):
        self.file.write_text(f"{seconds:+d}\n")
        self.ahead = seconds


@pytest.fixture(scope="module")
def skewed(library, tmp_path_factory):
    clock = Clock(tmp_path_factory.mktemp("clock") / "offset", library)
    running = Server(workers=2, environment=clock.environment)
    running.clock = clock
    try:
        running.start()
        yield running
    finally:
        running.stop()


class Skewed(Platform):
    """A platform whose own clock is right by the server's."""

    def headers(self, body, mimetype="application/cloudevents+json", now=None):
        now = now or time.time() + self.server.clock.ahead
        return super().headers(body, mimetype, now)


@pytest.fixture(scope="module")
def platform(skewed):
    return Skewed(skewed)


@pytest.fixture(scope="module", params=[AHEAD, BEHIND], ids=["ahead", "set back"])
def shifted(request, skewed, platform):
    """The server's clock as named; from the second one on it was set back while it ran."""
    if skewed.clock.ahead != request.param:
        skewed.clock.set(request.param)
        time.sleep(1.5)  # each process looks once a second
        wait_for(lambda: all(_taken(platform) for _n in range(10)), 20, message="no new time")
    return platform


def _taken(platform):
    return platform.post(b"{}").status_code != 401


def row(platform, event):
    """(state, failures, seconds until the next try) by PostgreSQL's clock."""
    ((state, failures, seconds),) = platform.server.psql(
        "SELECT state, failures, extract(epoch FROM next_try_at - now() AT TIME ZONE 'UTC')::float"
        " FROM construction_event WHERE platform_id = %s AND event_id = %s",
        (platform.id, event["id"]),
    )
    return state, failures, seconds


def test_fault_15_signatures_are_of_the_server_s_now(shifted):
    """One clock decides: a sender ten minutes off is refused, whatever PostgreSQL's says."""
    body = b'{"specversion": "1.0"}'
    now = time.time() + shifted.server.clock.ahead
    for seconds, expected in ((0, False), (-290, False), (290, False), (-310, True), (310, True)):
        answer = shifted.post(body, headers=shifted.headers(body, now=now + seconds))
        assert (answer.status_code == 401) is expected, (seconds, answer.status_code)


def test_fault_15_events_are_due_by_one_clock(shifted):
    """What arrives is applied at once; what fails is tried again after the five seconds of the
    schedule, neither at once nor ten minutes late; what a person replays is due now."""
    server = shifted.server
    event = shifted.cost_code(f"{shifted.code}-{server.clock.ahead}")
    shifted.send(event)
    shifted.wait(event, timeout=20)
    server.psql("""
        CREATE OR REPLACE FUNCTION not_now() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'not now'; END $$;
        CREATE TRIGGER not_now BEFORE INSERT ON construction_cost_code
            FOR EACH ROW EXECUTE FUNCTION not_now()
    """)
    try:
        failing = shifted.cost_code(f"{shifted.code}-f{server.clock.ahead}")
        shifted.send(failing)
        wait_for(lambda: row(shifted, failing)[1] > 0, 20)
        state, _failures, seconds = row(shifted, failing)
        assert state == "pending" and 0 < seconds <= 37, seconds
    finally:
        server.psql("DROP TRIGGER not_now ON construction_cost_code")
    ((event_id,),) = server.psql(
        "SELECT id FROM construction_event WHERE platform_id = %s AND event_id = %s",
        (shifted.id, failing["id"]),
    )
    server.psql("UPDATE construction_event SET state = 'dead' WHERE id = %s", (event_id,))
    server.execute("construction.event", "action_replay", [[event_id], "the clock was wrong"])
    shifted.wait(failing, timeout=30)


def test_fault_15_no_clock_orders_anything(shifted):
    """The sender's clock went back ten minutes between two versions: the sequence decides. Equal
    times without a sequence: what arrived last holds."""
    server, name = shifted.server, f"{shifted.code}-o{shifted.server.clock.ahead}"
    times = ("2026-10-02T10:10:00Z", "2026-10-02T10:00:00Z", "2026-10-02T10:05:00Z")
    versions = [
        shifted.cost_code(name, number, name=f"version {number}") | {"time": moment}
        for number, moment in zip((1, 3, 2), times, strict=True)
    ]
    for event in versions:
        shifted.send(event)
        shifted.wait(event, states=("processed", "superseded"), timeout=20)
    assert shifted.states(*versions) == ["processed", "processed", "superseded"]
    names = server.psql("SELECT name FROM construction_cost_code WHERE code = %s", (name,))
    assert names == [("version 3",)]
