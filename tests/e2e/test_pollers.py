"""A list that is read by a real server: its worker is killed between two pages, and two turns
come at once."""

import os
import signal
import threading
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest

from tests.pure.construction_sync_base.tls_server import TlsServer

from .platform import Platform
from .server import wait_for

SIZE, COUNT = 5, 60


class Lists(TlsServer):
    """A list of vendors in pages. The page that is held is answered when it is let go."""

    def __init__(self, folder):
        super().__init__(folder, "localhost")
        self.asked, self.held, self.free = [], None, threading.Event()
        self.play = self.answer

    def answer(self, line):
        target = self.requests[-1].split(b" ", 2)[1].decode()
        page = int(parse_qs(urlsplit(target).query)["page"][0])
        self.asked.append(page)
        if page == self.held:
            self.held = None
            self.free.wait(60)
        numbers = range((page - 1) * SIZE, min(page * SIZE, COUNT))
        link = f'<https://a.test/?page={page + 1}>; rel="next"' if page * SIZE < COUNT else ""
        self.tell(line, 200, [self.vendor(number) for number in numbers], {"Link": link})

    def vendor(self, number):
        return {
            "specversion": "1.0", "id": f"v-{number}", "source": "//lists.test",
            "type": "construction.vendor.upserted.v1", "subject": f"vendor/L{number}",
            "time": f"2026-10-01T00:00:{number:02}Z",
            "data": {"external_id": f"L{number}", "name": f"Listed {number}"},
        }  # fmt: skip


@pytest.fixture
def lists(tmp_path):
    there = Lists(tmp_path)
    yield there
    there.free.set()
    there.stop()


def worker_at(port):
    """The process of the server that has a connection to the port."""
    for process in psutil.process_iter(["pid"]):
        try:
            if process.pid != os.getpid() and any(
                line.raddr and line.raddr.port == port for line in process.net_connections("tcp")
            ):
                return process.pid
        except psutil.Error:
            continue
    return None


def test_killed_between_two_pages(new_server, lists):
    server = new_server(
        workers=3,
        environment={
            "CONSTRUCTION_SYNC_TRUSTED_NETWORKS": "127.0.0.0/8 ::1/128",
            "CONSTRUCTION_SYNC_CA_FILE": str(lists.ca),
        },
    )
    platform = Platform(server)
    values = {"call_url": f"https://localhost:{lists.port}", "calls_burst": 1000}
    server.execute("construction.platform", "write", [[platform.id], values])
    resource = {
        "name": "Vendors", "platform_id": platform.id, "path": "/vendors", "page_size": SIZE,
        "id_path": "data.external_id", "object": "vendor", "changed_path": "time",
        "since_field": "since",
    }  # fmt: skip
    (resource_id,) = server.execute("construction.resource", "create", [[resource]])
    lists.held = 3
    for _number in range(2):  # two jobs for one list
        server.execute("construction.resource", "action_poll", [[resource_id]])
    wait_for(lambda: 3 in lists.asked, 240, message="the third page is asked for")
    assert lists.asked == [1, 2, 3], "by one worker"
    os.kill(worker_at(lists.port), signal.SIGKILL)
    lists.free.set()
    run = "FROM construction_resource_run WHERE resource_id = %s"
    assert server.psql(f"SELECT state, pages {run}", (resource_id,)) == [("running", 2)]
    server.psql(
        "UPDATE construction_resource_run SET lease_until = now() AT TIME ZONE 'UTC'"
        " WHERE resource_id = %s",
        (resource_id,),
    )
    server.execute("construction.resource", "action_poll", [[resource_id]])

    def over():
        return server.psql(f"SELECT state {run}", (resource_id,)) == [("done",)]

    wait_for(over, 240, message="the reading is over")
    assert lists.asked == [1, 2, 3, *range(3, COUNT // SIZE + 1)]
    counts = server.psql(f"SELECT new_count, duplicate_count, passes {run}", (resource_id,))
    assert counts == [(COUNT, 0, 1)]

    def applied():
        return server.psql(
            "SELECT count(*) FROM construction_binding"
            " WHERE platform_id = %s AND object = 'vendor'",
            (platform.id,),
        ) == [(COUNT,)]

    wait_for(applied, 240, message="all vendors are there")
