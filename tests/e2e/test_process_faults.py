"""What kills or freezes processes. Names carry the number of the fault catalogue.

Times are waited for, never asserted; the benchmark measures them.
"""

import contextlib
import os
import signal
from pathlib import Path

import psycopg2
import pytest

from .platform import Platform
from .server import wait_for

PROBE = Path(__file__).parent / "addons"
OPTIONS = [f"--addons-path={PROBE.parents[2]},{PROBE}", "-i", "construction_sync_probe"]


@pytest.fixture(scope="module")
def probed():
    """A server with the probe addon, for tests that hurt it."""
    from .server import Server

    running = Server(workers=3, options=OPTIONS)
    try:
        running.start(timeout=240)
        running.options = OPTIONS[:1]  # installed once is enough, this server restarts
        yield running
    finally:
        running.stop()


@pytest.fixture
def platform(probed):
    return Platform(probed)


def slept(platform, name, folder, seconds):
    data = {"external_id": name, "folder": str(folder), "seconds": seconds}
    return platform.event("probe.slept", data)


def started(folder, name):
    """Process id of the worker that applies the probe, once it does."""
    file = folder / f"{name}.pid"
    return int(wait_for(lambda: file.exists() and file.read_text(), 90))


def applications(server, name):
    rows = server.psql(
        "SELECT count(*) FROM ir_config_parameter WHERE key LIKE %s", (f"probe.{name}.%",)
    )
    return rows[0][0]


def test_fault_01_kill_9_in_the_middle_of_a_drain(probed, platform, tmp_path):
    """The event is applied once, by another worker, although a job far in the future is
    the runner's next appointment."""
    probed.psql(
        "INSERT INTO queue_job (uuid, name, state, eta, date_created, model_name, method_name,"
        " func_string, channel, user_id, company_id, priority, retry, max_retries)"
        " VALUES ('far', 'far', 'pending', now() + interval '3 hours', now(), 'x', 'x', 'x',"
        " 'root', 1, 1, 10, 0, 1)"
    )
    event = slept(platform, "one", tmp_path, 6)
    platform.send(event)
    worker = started(tmp_path, "one")
    (tmp_path / "one.pid").unlink()
    os.kill(worker, signal.SIGKILL)
    assert started(tmp_path, "one") != worker
    platform.wait(event)
    assert applications(probed, "one") == 1
    crashes, claim = probed.psql(
        "SELECT attempts, claim FROM construction_event WHERE event_id = %s", (event["id"],)
    )[0]
    assert crashes == 2 and claim is None


def test_fault_03_a_wake_up_that_never_came(probed, platform):
    """The job is gone with the process that held it; the sweeper finds the events."""
    probed.psql("UPDATE ir_cron SET nextcall = now() + interval '1 day' WHERE active")
    probed.stop(keep=True)
    unwaked = dict(probed.environment)
    probed.environment["ODOO_QUEUE_JOB_CHANNELS"] = "root:0"
    probed.start(timeout=240)
    event = platform.cost_code(platform.code)
    platform.send(event)
    probed.kill()
    probed.psql("DELETE FROM queue_job")
    probed.environment.update(unwaked)
    probed.psql("UPDATE ir_cron SET nextcall = now() WHERE active")
    probed.start(timeout=240)
    with contextlib.closing(psycopg2.connect(dbname="postgres")) as connection:
        connection.autocommit = True  # Odoo's cron listens there, and else looks once a minute
        connection.cursor().execute("SELECT pg_notify('cron_trigger', %s)", (probed.db,))
    platform.wait(event)


def test_fault_04_a_worker_that_stops_and_goes_on(probed, platform, tmp_path):
    """Others wake meanwhile and find nothing to take; it ends what it began, once."""
    event = slept(platform, "zombie", tmp_path, 3)
    platform.send(event)
    worker = started(tmp_path, "zombie")
    os.kill(worker, signal.SIGSTOP)
    try:
        other = platform.event("probe.slept", slept(platform, "after", tmp_path, 0)["data"])
        platform.send(other)
        for _ in range(3):
            probed.execute("construction.platform", "action_ping", [[platform.id]])
        assert platform.states(event) == ["pending"]
    finally:
        os.kill(worker, signal.SIGCONT)
    platform.wait(event, other)
    assert applications(probed, "zombie") == 1


def test_fault_05_every_connection_is_lost_in_the_middle_of_a_job(probed, platform, tmp_path):
    """As after a crash of PostgreSQL: the event is tried again, not failed, and an overlap
    of two runs does no harm."""
    event = slept(platform, "lost", tmp_path, 4)
    platform.send(event)
    started(tmp_path, "lost")
    probed.psql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    platform.wait(event)
    assert applications(probed, "lost") == 1


def test_fault_12_an_event_that_kills_every_worker(probed, platform):
    """After three deaths it is put away, by our own count; the others go on."""
    poison = platform.event("probe.killed", {"external_id": "poison"})
    bystanders = [platform.cost_code(f"{platform.code}-{n}") for n in range(5)]
    platform.send(poison, *bystanders)
    platform.wait(poison, states=("dead",), timeout=300)
    platform.wait(*bystanders)
    crashes, state = probed.psql(
        "SELECT crashes, state FROM construction_event WHERE event_id = %s", (poison["id"],)
    )[0]
    assert (crashes, state) == (3, "dead")
    assert [category for category, _m, _s in platform.issues(poison)] == ["internal"]


def test_fault_73_a_field_that_somebody_made_required(probed, platform):
    """What no event fills in is named, at once and not after 72 hours; the others of the batch
    go on, and so does the event once the field is gone."""
    field = "x_permit_number"
    ((model,),) = probed.psql("SELECT id FROM ir_model WHERE model = 'construction.cost.code'")
    values = {"name": field, "field_description": "Permit number", "model_id": model,
              "ttype": "char"}  # fmt: skip
    (field_id,) = probed.execute("ir.model.fields", "create", [[values]])
    try:
        probed.psql("UPDATE construction_cost_code SET x_permit_number = 'none'")
        probed.execute("ir.model.fields", "write", [[field_id], {"required": True}])
        code, others = platform.cost_code(platform.code), [platform.job(), platform.vendor()]
        platform.send(code, *others)
        platform.wait(code, states=("parked",), timeout=60)
        platform.wait(*others, timeout=60)
        ((category, message, _state),) = platform.issues(code)
        assert category == "internal"
        assert "Permit number" in message and field in message and "Cost Code" in message
    finally:
        probed.execute("ir.model.fields", "unlink", [[field_id]])
    ((event_id,),) = probed.psql(
        "SELECT id FROM construction_event WHERE platform_id = %s AND event_id = %s",
        (platform.id, code["id"]),
    )
    probed.execute("construction.event", "action_replay", [[event_id], "the field is gone"])
    platform.wait(code, timeout=60)


def test_fault_73_a_rule_of_another_addon(probed, platform):
    """The event that breaks it waits with the words of the rule; its batch goes on."""
    events = [
        platform.event(
            "location.upserted",
            {"external_id": f"L{n}", "code": f"{platform.code}-L{n}", "name": name, "kind": "yard"},
            1,
        )
        for n, name in enumerate(("Yard", "An unwanted yard", "Third yard"))
    ]
    platform.send(*events)
    platform.wait(events[1], states=("parked",), timeout=60)
    platform.wait(events[0], events[2], timeout=60)
    ((category, message, _state),) = platform.issues(events[1])
    assert (category, "Nobody wants it" in message) == ("internal", True), message
