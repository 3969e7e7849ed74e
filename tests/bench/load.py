"""An HTTP client that measures the server and not itself.

Raw sockets that close as soon as Content-Length is read: Werkzeug lingers 10 ms after each
response for a client that has not closed, and a client that waits measures that pause.
Requests are complete bytes before the clock starts.
"""

import http.client
import json
import socket
import threading
import time
import uuid
from dataclasses import dataclass

from tests.simulator import signing

EVENT_TYPE = "application/cloudevents+json"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    seconds: float
    body: bytes


@dataclass(frozen=True, slots=True)
class Burst:
    answers: list
    seconds: float
    client_cpu: float  # share of one core that this process used meanwhile

    @property
    def rate(self):
        return len(self.answers) / self.seconds

    def statuses(self):
        return {a.status: sum(b.status == a.status for b in self.answers) for a in self.answers}


def request(path, port, body, secret):
    """The bytes of one signed POST."""
    headers = {
        "Host": f"127.0.0.1:{port}",
        "Content-Type": EVENT_TYPE,
        "Content-Length": str(len(body)),
        "User-Agent": "bench",
        **signing.StandardWebhooks(secret).headers(f"msg_{uuid.uuid4().hex}", body, time.time()),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def encode(event):
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def send(port, data):
    """One request on a connection of its own; an answer without end counts as status 0."""
    started = time.perf_counter()
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(data)
            status, body = _read(connection)
    except (OSError, http.client.HTTPException, ValueError):
        status, body = 0, b""
    return Answer(status, time.perf_counter() - started, body)


def _read(connection):
    text = b""
    while b"\r\n\r\n" not in text:
        part = connection.recv(65536)
        if not part:
            raise http.client.IncompleteRead(text)
        text += part
    head, _blank, body = text.partition(b"\r\n\r\n")
    lower = head.lower()
    position = lower.index(b"content-length:") + len(b"content-length:")
    length = int(lower[position:].split(b"\r\n", 1)[0])
    while len(body) < length:
        part = connection.recv(65536)
        if not part:
            raise http.client.IncompleteRead(body)
        body += part
    return int(head.split(b" ", 2)[1]), body


def burst(port, requests, clients):
    """Send all requests over `clients` connections at a time."""
    queue, answers, gate = iter(requests), [], threading.Barrier(clients + 1)

    def work():
        gate.wait()
        for data in queue:  # list iterators are safe to share: one bytecode takes an item
            answers.append(send(port, data))

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    gate.wait()
    started, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    return Burst(answers, seconds, (time.process_time() - cpu) / seconds)
