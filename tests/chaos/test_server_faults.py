"""What happens to Odoo's processes under load. Names carry the number of the fault catalogue."""

import os
import signal
import time

import psutil
import psycopg2
import pytest

from tests.e2e.platform import BATCHED, Platform
from tests.e2e.server import Server, wait_for
from tests.e2e.test_process_faults import OPTIONS, applications, slept, started

from .sender import Sender

CLAIM_LOCK = 0x43535943  # of construction_drain


def codes(platform, count):
    return [platform.cost_code(f"{platform.code}-{n:04d}") for n in range(count)]


@pytest.mark.parametrize("way", ["SIGTERM", "SIGHUP"])
def test_fault_08_odoo_restarts_under_load(server, platform, way):
    events = codes(platform, 150)
    with Sender(platform, events, pause=0.02) as sender:
        wait_for(lambda: len(sender.taken) >= 20)
        os.kill(server.process.pid, getattr(signal, way))
        sender.finish()
    assert sender.statuses() <= {200, 202, "ConnectionError"}, sender.statuses()
    platform.wait(*events)


def test_fault_09_a_job_that_lasts_longer_than_odoo_allows(tmp_path):
    """Odoo's master kills the worker; it counts as an attempt, and the third is the last.
    What waited behind it goes on."""
    limits = ["--limit-time-real=8", "--limit-time-cpu=600"]
    running = Server(workers=2, options=OPTIONS)
    try:
        running.start(timeout=240)
        platform = Platform(running)
        running.stop(keep=True)
        running.options = [OPTIONS[0], *limits]
        running.start()
        long = slept(platform, "long", tmp_path, 60)
        bystanders = codes(platform, 3)
        platform.send(long, *bystanders)
        platform.wait(*bystanders)
        platform.wait(long, states=("dead",), timeout=180)
        assert applications(running, "long") == 0
        assert [category for category, _m, _s in platform.issues(long)] == ["internal"]
    finally:
        running.stop()


def test_fault_10_the_runner_is_killed(server, platform):
    events = codes(platform, 40)
    (runner,) = server.worker_pids("WorkerJobRunner")
    with Sender(platform, events) as sender:
        wait_for(lambda: sender.taken)
        os.kill(runner, signal.SIGKILL)
        sender.finish()
    platform.wait(*events)
    # Odoo notices within its heartbeat, which events that were applied before do not wait for
    assert wait_for(lambda: set(server.worker_pids("WorkerJobRunner")) - {runner})


def test_fault_11_notifications_are_lost(server, platform):
    """Nobody tells the runner that a job waits; the sweeper applies what is overdue itself."""
    server.psql("DROP TRIGGER IF EXISTS queue_job_notify ON queue_job")
    try:
        events = codes(platform, 10)
        platform.send(*events)
        platform.wait(*events, timeout=240)
    finally:
        server.psql(
            "CREATE TRIGGER queue_job_notify AFTER INSERT OR UPDATE OR DELETE ON queue_job"
            " FOR EACH ROW EXECUTE PROCEDURE queue_job_notify()"
        )
        # the runner still counts jobs as running whose end nobody told it
        os.kill(server.worker_pids("WorkerJobRunner")[0], signal.SIGKILL)


def test_fault_13_telling_about_a_failure_fails(server, platform):
    """The event's own error stays, its neighbours are applied, and what was parked is told
    as soon as telling works again."""
    failing = (
        "CREATE FUNCTION chaos() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'chaos in %', TG_TABLE_NAME; END $$"
    )
    server.psql(failing)
    trigger = "CREATE TRIGGER chaos BEFORE INSERT ON {} FOR EACH ROW {} EXECUTE FUNCTION chaos()"
    server.psql(trigger.format("construction_cost_code", "WHEN (NEW.name = 'refused')"))
    server.psql(trigger.format("construction_issue", ""))
    refused = platform.cost_code(f"{platform.code}-bad", name="refused")
    waiting = platform.cost_code(f"{platform.code}-alone", parent_code="nobody")
    try:
        neighbours = codes(platform, 5)
        platform.send(refused, waiting, *neighbours)
        platform.wait(*neighbours)
        assert "construction_cost_code" in error_of(server, refused)
        assert "nobody" in error_of(server, waiting)
    finally:
        server.psql("DROP FUNCTION chaos CASCADE")
    server.psql(
        "UPDATE construction_event SET next_try_at = now() AT TIME ZONE 'UTC' WHERE event_id IN %s",
        ((refused["id"], waiting["id"]),),
    )
    platform.send(*codes(platform, 1))  # wakes a worker
    platform.wait(refused)
    platform.wait(waiting, states=("parked",))
    assert [category for category, _m, _s in platform.issues(waiting)] == ["unmapped_reference"]


def error_of(server, event):
    query = (
        "SELECT last_error FROM construction_event WHERE event_id = %s AND last_error IS NOT NULL"
    )
    return wait_for(lambda: server.psql(query, (event["id"],)))[0][0]


def test_fault_37_five_thousand_events_at_once(server, platform):
    """Every batch is answered within the five seconds after which platforms give up."""
    events = codes(platform, 5000)
    slowest = 0
    for start in range(0, len(events), 250):
        began = time.monotonic()
        answer = platform.post(events[start : start + 250], BATCHED)
        slowest = max(slowest, time.monotonic() - began)
        assert answer.status_code == 202, answer.text[:300]
    assert slowest < 5
    wait_for(
        lambda: (
            server.psql(
                "SELECT count(*) FROM construction_event"
                " WHERE platform_id = %s AND state <> 'processed'",
                (platform.id,),
            )
            == [(0,)]
        ),
        300,
        1,
    )


def test_fault_75_a_document_of_thousands_of_lines(server, platform):
    """About as many as fit into one event (10,000 keys); the worker lives."""
    platform.masters()
    lines = [
        {
            "line_id": str(n),
            "description": "Item",
            "cost_code": platform.code,
            "cost_type": "material",
            "amount": "1.00",
        }
        for n in range(1500)
    ]
    event = platform.commitment("huge", lines=lines)
    platform.send(event)
    platform.wait(event, timeout=400)
    assert platform.orders("huge")[0][1] == 1500
    crashes = server.psql(
        "SELECT crashes FROM construction_event WHERE event_id = %s", (event["id"],)
    )
    assert crashes == [(0,)]


def test_fault_01_many_times_under_load(server, platform):
    """Workers die every two seconds while events arrive: none is lost, none applied twice."""
    events = codes(platform, 400)
    killed = 0
    with Sender(platform, events, size=10, pause=0.1) as sender:
        wait_for(lambda: sender.taken)
        while len(sender.taken) < len(events) and killed < 8:
            workers = server.worker_pids("WorkerHTTP")
            if workers and psutil.pid_exists(workers[-1]):
                os.kill(workers[-1], signal.SIGKILL)
                killed += 1
            time.sleep(2)
        sender.finish()
    assert killed >= 3
    platform.wait(*events, timeout=240)


def test_fault_04_a_worker_sleeps_past_its_lease(server, tmp_path):
    """Stopped while it applies one platform's part of a claim: another worker takes over the
    part whose lease has passed, and the one that wakes finds its token void for that, and
    goes on with what it held."""
    first, second = Platform(server), Platform(server)
    held = slept(first, "held", tmp_path, 15)
    taken_over = slept(second, "taken-over", tmp_path, 0)
    with psycopg2.connect(dbname=server.db) as connection, connection.cursor() as cr:
        cr.execute("SELECT pg_advisory_xact_lock(%s)", (CLAIM_LOCK,))
        first.send(held)
        second.send(taken_over)  # nobody claims until both are there
    connection.close()
    worker = started(tmp_path, "held")
    os.kill(worker, signal.SIGSTOP)
    try:
        moved = server.psql(
            "UPDATE construction_event SET lease_until = now() AT TIME ZONE 'UTC' - interval '1 s'"
            " WHERE event_id = %s AND claim IS NOT NULL RETURNING 1",
            (taken_over["id"],),
        )
        assert moved, "the first worker holds both"
        second.send(*codes(second, 1))  # wakes another worker
        second.wait(taken_over)
    finally:
        os.kill(worker, signal.SIGCONT)
    first.wait(held)
    assert applications(server, "held") == applications(server, "taken-over") == 1
