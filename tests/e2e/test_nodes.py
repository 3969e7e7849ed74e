"""Two servers on one database, and what an update finds in a full queue."""

import os
import signal

import pytest

import launch
import process
from paths import LOGS

from .platform import Platform
from .server import Server, wait_for
from .test_process_faults import OPTIONS, started

ADDONS = OPTIONS[:1]
# the process that leads the job runners, by the name its database session carries
LEADERS = """
    SELECT s.application_name FROM pg_locks l JOIN pg_stat_activity s USING (pid)
     WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
       AND (l.classid::bigint << 32) + l.objid::bigint = 2293787760715711918
       AND s.datname = current_database()
"""
TRACES = """
    SELECT split_part(key, '.', 2), count(*) FROM ir_config_parameter
     WHERE key LIKE 'probe.%' GROUP BY 1
"""


@pytest.fixture
def first():
    running = Server(workers=2, options=OPTIONS)
    try:
        running.start(timeout=240)
        running.options = ADDONS
        yield running
    finally:
        running.stop()


@pytest.fixture
def second(first):
    node = launch.Odoo(first.db, LOGS / f"{first.db}.second.log", workers=2, options=ADDONS)
    node.log_path.unlink(missing_ok=True)
    try:
        node.start()
        node.wait()
        yield node
    finally:
        node.kill()


def probes(platform, folder, number, seconds):
    return [
        platform.event(
            "probe.slept",
            {"external_id": f"p{n}", "folder": str(folder), "seconds": seconds},
        )
        for n in range(number)
    ]


def leader(server):
    """Process id of the job runner that leads, once exactly one does."""

    def one():
        names = [row[0] for row in server.psql(LEADERS)]
        assert len(names) < 2, f"two job runners lead at once: {names}"
        return names and int(names[0].removeprefix("odoo-"))

    return wait_for(one, 60, message="no job runner leads")


def assert_once(server, platform, events):
    """Every event is applied, and the handler's trace stands once for each."""
    platform.wait(*events, timeout=300)
    traces = dict(server.psql(TRACES))
    wanted = {event["data"]["external_id"]: 1 for event in events}
    assert traces == wanted


def send_in_batches(platform, events, *urls):
    """Batches of twenty, in turn to each node."""
    for position in range(0, len(events), 20):
        platform.url = platform.url.replace(
            platform.url.split("/construction_sync")[0], urls[position // 20 % len(urls)]
        )
        platform.send(*events[position : position + 20])


def test_the_second_node_takes_over_from_a_killed_leader(first, second, tmp_path):
    """Row 10 of the catalogue: both nodes take requests, one leads; the leader is killed
    with all its workers while it applies; the other goes on, and nothing is applied twice."""
    platform = Platform(first)
    nodes = {pid: node for node in (first, second) for pid in node.worker_pids("WorkerJobRunner")}
    killed = nodes[leader(first)]
    survivor = second if killed is first else first
    events = probes(platform, tmp_path, 200, 0.1)
    send_in_batches(platform, events, first.url, second.url)
    started(tmp_path, "p0")
    killed.kill()
    wait_for(
        lambda: leader(first) in survivor.worker_pids("WorkerJobRunner"),
        60,
        message="the second node does not lead",
    )
    assert_once(first, platform, events)
    killed.start()
    killed.wait()
    assert leader(first) in survivor.worker_pids("WorkerJobRunner"), "it leads without need"


def test_a_frozen_leader_is_no_second_one(first, second, tmp_path):
    """A leader that is stopped and goes on still holds its lock: nobody else leads."""
    platform = Platform(first)
    runner = leader(first)
    event, after = probes(platform, tmp_path, 2, 0)
    os.kill(runner, signal.SIGSTOP)
    try:
        platform.send(event)
        assert leader(first) == runner
    finally:
        os.kill(runner, signal.SIGCONT)
    platform.send(after)
    assert_once(first, platform, [event, after])


def test_an_update_with_a_full_queue(first, tmp_path):
    """The server is killed while events are applied and wait, the addon is updated, the
    server starts again: nothing is lost, nothing is applied twice."""
    platform = Platform(first)
    events = probes(platform, tmp_path, 300, 0.05)
    send_in_batches(platform, events, first.url)
    started(tmp_path, "p0")
    first.kill()
    ((waiting, held),) = first.psql(
        "SELECT count(*) FILTER (WHERE claim IS NULL), count(*) FILTER (WHERE claim IS NOT NULL)"
        " FROM construction_event WHERE state = 'pending'"
    )
    assert waiting and held, "the queue was not full when the server was killed"
    process.odoo_once("e2e.update", first.db, "-u", "construction_sync_base", *ADDONS)
    assert first.psql("SELECT count(*) FROM construction_event WHERE state = 'pending'") == [
        (waiting + held,)
    ]
    first.start(timeout=240)
    assert_once(first, platform, events)
