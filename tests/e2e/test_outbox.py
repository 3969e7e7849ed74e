"""What is told to a subscriber while workers die and while nobody is there (faults 39, 41)."""

import json
import time

import psutil
import pytest

from tests.pure.construction_sync_base.tls_server import TlsServer

from .platform import Platform
from .server import wait_for


class Subscriber(TlsServer):
    """Takes what it is told, after a while; or has no time."""

    def __init__(self, folder):
        super().__init__(folder, "localhost")
        self.status, self.pause = 200, 0.0
        self.play = self.answer

    def answer(self, line):
        status = self.status
        time.sleep(self.pause)
        self.tell(line, status, {}, {"Retry-After": "1"} if status == 503 else None)

    def told(self):
        """(id, event) of every message that came, in the order in which they came."""
        found = []
        for request in list(self.requests):
            head, _blank, body = request.partition(b"\r\n\r\n")
            named = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
            found.append((named["Webhook-Id"], json.loads(body)))
        return found


@pytest.fixture
def subscriber(tmp_path):
    there = Subscriber(tmp_path)
    yield there
    there.stop()


def subscribed(new_server, there):
    """A running server and its platform; what happens there is told to the subscriber."""
    server = new_server(
        workers=4,
        environment={
            "CONSTRUCTION_SYNC_TRUSTED_NETWORKS": "127.0.0.0/8 ::1/128",
            "CONSTRUCTION_SYNC_CA_FILE": str(there.ca),
        },
    )
    platform = Platform(server)
    platform.masters()
    values = {
        "name": "Warehouse", "platform_id": platform.id, "url": f"https://localhost:{there.port}/x",
        "event_types": "construction.commitment.*",
    }  # fmt: skip
    (one,) = server.execute("construction.subscription", "create", [[values]])
    server.execute("construction.subscription", "action_new_secret", [[one]])
    server.execute("construction.subscription", "action_activate", [[one]])
    return server, platform


def outbox(server):
    return server.psql("SELECT state, attempts FROM construction_outbox ORDER BY id")


def test_fault_41_a_worker_that_dies_while_it_tells(new_server, subscriber):
    server, platform = subscribed(new_server, subscriber)
    subscriber.pause = 4.0  # long enough to be killed in
    event = platform.commitment()
    platform.send(event)
    wait_for(lambda: subscriber.requests, 300)
    for worker in psutil.Process(server.process.pid).children(recursive=True):
        worker.kill()
    subscriber.pause = 0.0
    wait_for(lambda: outbox(server) and outbox(server)[0][0] == "sent", 400)

    told = subscriber.told()
    assert len(told) >= 2, "it was told again"
    assert len({key for key, _event in told}) == 1, "under the same id"
    assert all(one == told[0][1] for _key, one in told), "in the same words"
    ((_state, attempts),) = outbox(server)
    assert attempts == len(told)
    platform.wait(event)


def test_fault_39_who_is_away_misses_nothing_and_no_order(new_server, subscriber):
    server, platform = subscribed(new_server, subscriber)
    subscriber.status = 503
    amounts = ["1000.00", "1100.00", "900.00", "1250.00"]
    for number, amount in enumerate(amounts, start=1):
        event = platform.commitment(sequence=number, amount=amount)
        platform.send(event)
        platform.wait(event)
    wait_for(lambda: subscriber.requests, 300)
    assert {state for state, _attempts in outbox(server)} == {"pending"}
    subscriber.status = 200
    wait_for(lambda: {state for state, _attempts in outbox(server)} == {"sent"}, 400)

    taken = {}
    for key, event in subscriber.told():
        taken.setdefault(key, event)
    events = list(taken.values())
    assert [event["data"]["revised"] for event in events] == amounts
    sequences = [int(event["sequence"]) for event in events]
    assert sequences == sorted(sequences)
    links = events[-1]["data"]["links"]
    assert links == [{"platform": platform.key, "external_id": "C1"}]
