"""What happens to PostgreSQL. Names carry the number of the fault catalogue."""

import contextlib
import threading
import time

import psycopg2
import pytest

from tests.e2e.server import wait_for
from tests.e2e.test_process_faults import applications, slept, started

from .cluster import Cluster
from .sender import Sender

# Ours is 503. Odoo itself answers 500 when it takes a connection from its pool that
# PostgreSQL has ended, and nothing while its supervisor starts it again.
AGAIN = {500, 503, "ConnectionError"}


@pytest.fixture(scope="module", autouse=True)
def cluster():
    """Of its own accord, because the server has to find it when it starts."""
    with Cluster(max_connections=60) as running:
        yield running


def codes(platform, count):
    return [platform.cost_code(f"{platform.code}-{n:03d}") for n in range(count)]


def test_fault_05_postgres_restarts_in_the_middle_of_a_job(cluster, server, platform, tmp_path):
    """The event is tried again and not failed; two runs that overlap do no harm."""
    event = slept(platform, "restart", tmp_path, 4)
    platform.send(event)
    started(tmp_path, "restart")
    cluster.restart()
    platform.wait(event)
    assert applications(server, "restart") == 1


def test_fault_06_postgres_is_away_while_events_arrive(cluster, server, platform):
    """The sender is asked to come back, nothing is half written, the runner recovers alone."""
    events = codes(platform, 60)
    with Sender(platform, events) as sender:
        wait_for(lambda: sender.taken)
        cluster.stop("immediate")
        time.sleep(15)
        cluster.start()
        sender.finish()
    assert sender.statuses() <= {200, 202} | AGAIN, sender.statuses()
    assert AGAIN & sender.statuses()
    platform.wait(*events)


def test_fault_07_no_connection_is_left(server, platform):
    events = codes(platform, 20)
    hogs = []
    manager = psycopg2.connect(dbname=server.db, user="postgres")
    manager.autocommit = True

    def take_all():
        with contextlib.suppress(psycopg2.OperationalError):
            while True:
                hogs.append(psycopg2.connect(dbname="postgres"))

    try:
        take_all()
        with manager.cursor() as cr:
            cr.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
                " AND pid <> pg_backend_pid()",
                (server.db,),
            )
        take_all()
        with Sender(platform, events) as sender:
            wait_for(lambda: sender.answers)
            time.sleep(5)
            for hog in hogs:
                hog.close()
            sender.finish()
    finally:
        for hog in [*hogs, manager]:
            hog.close()
    assert sender.statuses() <= {200, 202} | AGAIN, sender.statuses()
    platform.wait(*events)


def test_fault_14_a_storm_of_conflicts(server, platform):
    """Somebody changes the same records without pause for a quarter of a minute: events are
    tried again, and their order is kept."""
    vendors = [platform.vendor(f"V{n}") for n in range(10)]
    platform.send(*vendors)
    platform.wait(*vendors)
    done = threading.Event()

    def disturb():
        with contextlib.closing(psycopg2.connect(dbname=server.db)) as connection:
            while not done.is_set():
                with connection, connection.cursor() as cr:
                    cr.execute(
                        "UPDATE res_partner SET color = (COALESCE(color, 0) + 1) %% 10 WHERE id IN"
                        " (SELECT res_id FROM construction_binding WHERE platform_id = %s"
                        " AND object = 'vendor')",
                        (platform.id,),
                    )

    thread = threading.Thread(target=disturb, daemon=True)
    thread.start()
    try:
        changes = [
            platform.vendor(f"V{n}", sequence=version, name=f"Vendor {n}, version {version}")
            for version in range(2, 8)
            for n in range(10)
        ]
        for start in range(0, len(changes), 10):
            platform.send(*changes[start : start + 10])
        time.sleep(15)
    finally:
        done.set()
        thread.join()
    platform.wait(*changes, states=("processed", "superseded"))
    names = server.psql(
        "SELECT DISTINCT split_part(p.name, ', ', 2) FROM res_partner p"
        " JOIN construction_binding b ON b.res_id = p.id AND b.object = 'vendor'"
        " WHERE b.platform_id = %s",
        (platform.id,),
    )
    assert names == [("version 7",)]
