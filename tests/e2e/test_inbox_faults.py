"""What reaches the endpoint of a real server: copies, halves, bombs and forgeries.
Names carry the number of the fault catalogue."""

import gzip
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.simulator.signing import StandardWebhooks

from .platform import BATCHED, STRUCTURED, Platform

DEEP = b'{"specversion":"1.0","id":"deep","data":' + b"[" * 1000 + b"]" * 1000 + b"}"
BROKEN_BODIES = {
    "depth": DEEP,
    "a million deep": b"[" * 1_000_000,
    "4,301 digits": b'{"id": ' + b"9" * 4301 + b"}",
    "NaN": b'{"id": NaN}',
    "1e999": b'{"id": 1e999}',
    "duplicate keys": b'{"id": "a", "id": "b"}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"id": "a"}'.encode("utf-16"),
    "invalid UTF-8": b'{"id": "\xff"}',
    "lone surrogate": b'{"id": "\\ud800"}',
    "NUL": b'{"id": "\\u0000"}',
    "empty object": b"{}",
    "null": b"null",
    "array": b"[1]",
    "text": b"hello",
}


@pytest.fixture(scope="module")
def platform(server):
    return Platform(server)


def raw(platform, head, body=b"", wait=5.0):
    """Send bytes over a socket and return the first line of the answer (b"" for none)."""
    parts = urlsplit(platform.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=wait) as connection:
        connection.sendall(f"POST {parts.path} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode() + body)
        try:
            return connection.recv(4096).split(b"\r\n")[0]
        except (TimeoutError, ConnectionResetError):
            return b""


def headers_text(headers):
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def stored(platform, name):
    query = "SELECT count(*) FROM construction_event WHERE platform_id = %s AND event_id = %s"
    return platform.server.psql(query, (platform.id, name))[0][0]


def count(platform, table):
    query = f"SELECT count(*) FROM {table} WHERE platform_id = %s"
    return platform.server.psql(query, (platform.id,))[0][0]


def test_fault_19_a_hundred_copies_at_once(platform):
    event = platform.cost_code("copies")
    body = json.dumps(event).encode()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _n: platform.post(body), range(100)))
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert sum(answer.json()["accepted"] for answer in answers) == 1
    assert sum(answer.json()["duplicates"] for answer in answers) == 99
    assert stored(platform, event["id"]) == 1
    platform.wait(event)
    assert platform.post(body).status_code == 200


def test_fault_20_same_id_other_body(platform):
    event = platform.cost_code("conflict")
    platform.send(event)
    other = event | {"data": event["data"] | {"name": "Another name"}}
    answer = platform.post(other)
    assert answer.status_code == 202
    assert answer.json()["results"] == [{"event_id": event["id"], "status": "conflict"}]
    platform.wait(event)
    names = platform.server.psql(
        "SELECT c.name FROM construction_binding b JOIN construction_cost_code c ON c.id = b.res_id"
        " WHERE b.platform_id = %s AND b.external_id = 'CC-conflict'",
        (platform.id,),
    )
    assert names == [("Code conflict",)]
    categories = platform.server.psql(
        "SELECT i.category FROM construction_issue i JOIN construction_delivery d"
        " ON d.id = i.delivery_id WHERE d.platform_id = %s AND d.verdict = 'conflict'",
        (platform.id,),
    )
    assert categories == [("duplicate",)]


def test_fault_21_same_body_other_id(platform):
    first = platform.cost_code("twice")
    second = first | {"id": first["id"] + "-again"}
    platform.send(first)
    platform.wait(first)
    platform.send(second)
    assert platform.wait(second, states=("superseded",)) == ["superseded"]


@pytest.mark.parametrize("ending", ["stall", "fin"])
def test_fault_22_half_a_body(platform, ending):
    body = json.dumps(platform.cost_code("half")).encode()
    head = headers_text(platform.headers(body) | {"Content-Length": len(body)})
    parts = urlsplit(platform.url)
    before = count(platform, "construction_delivery")
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as connection:
        connection.sendall(f"POST {parts.path} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        connection.sendall(body[: len(body) // 2])
        if ending == "fin":
            connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(4096)
    assert answer == b"" or b" 400 " in answer.split(b"\r\n")[0]
    assert count(platform, "construction_delivery") == before
    assert platform.post(platform.cost_code("after-half")).status_code == 202


def test_fault_23_lengths(platform):
    body = json.dumps(platform.cost_code("lengths")).encode()
    signed = platform.headers(body)
    before = count(platform, "construction_event")
    chunked = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    head = headers_text(signed | {"Transfer-Encoding": "chunked"})
    assert b" 411 " in raw(platform, head, chunked)
    both = headers_text(signed | {"Transfer-Encoding": "chunked", "Content-Length": len(body)})
    answer = raw(platform, both, chunked)
    assert answer == b"" or any(code in answer for code in (b" 400 ", b" 411 "))
    assert b" 411 " in raw(platform, headers_text(signed), b"")
    huge = headers_text(signed | {"Content-Length": 200 * 1024 * 1024})
    assert b" 413 " in raw(platform, huge, b"0123456789")
    short = headers_text(signed | {"Content-Length": len(body) - 5})
    answer = raw(platform, short, body[:-5])
    assert b" 401 " in answer  # what arrived is not what was signed
    assert count(platform, "construction_event") == before


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate"])
def test_fault_25_content_encodings(platform, encoding):
    bomb = gzip.compress(b"0" * 10_000_000)
    headers = platform.headers(bomb) | {"Content-Encoding": encoding}
    answer = platform.post(bomb, headers=headers)
    assert answer.status_code == 415
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "mimetype",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain",
     "application/xml"],
)  # fmt: skip
def test_fault_26_other_content_types(platform, mimetype):
    body = json.dumps(platform.cost_code("types")).encode()
    assert platform.post(body, headers=platform.headers(body, mimetype)).status_code == 415


@pytest.mark.parametrize("name", BROKEN_BODIES)
def test_fault_27_bodies_that_cannot_be_read(platform, name):
    body = BROKEN_BODIES[name]
    unsigned = platform.headers(body) | {"webhook-signature": "v1,AAAA"}
    assert platform.post(body, headers=unsigned).status_code == 401
    issues = count(platform, "construction_issue")
    for _ in range(2):  # a sender that repeats it is answered alike and makes no new issue
        answer = platform.post(body)
        assert answer.status_code == 202, answer.text
        assert answer.json()["malformed"] == 1
        assert "Traceback" not in answer.text
    assert count(platform, "construction_issue") == issues + 1


def test_fault_28_limits(platform):
    many_keys = platform.cost_code("keys", custom={f"k{n}": "v" for n in range(10_001)})
    long_text = platform.cost_code("text", note="x" * 600_000)
    many_items = platform.cost_code("items", cost_types=["x"] * 100_001)
    for event in (many_keys, long_text, many_items):
        answer = platform.post(event)
        assert (answer.status_code, answer.json()["malformed"]) == (202, 1)
    over = platform.cost_code("mib", note="x" * 1_048_576)
    assert platform.post(over).status_code == 413
    batch = [platform.cost_code(f"b{n}") for n in range(1001)]
    assert platform.post(batch, BATCHED).json()["malformed"] >= 1


def test_fault_29_signatures(platform):
    body = json.dumps(platform.cost_code("signed")).encode()
    good = platform.headers(body)
    signature = good["webhook-signature"]
    refused = ["", "v1", "v1,", signature[:11], "v2," + signature[3:], "v1,é".encode("latin-1"),
               "v1," + signature[3:][::-1], "garbage"]  # fmt: skip
    texts = set()
    for value in refused:
        answer = platform.post(body, headers=good | {"webhook-signature": value})
        assert answer.status_code == 401, value
        texts.add(answer.text)
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        answer = platform.post(body, headers={k: v for k, v in good.items() if k != name})
        assert answer.status_code == 401
        texts.add(answer.text)
    assert len(texts) == 1, "one body for every reason"
    several = good | {"webhook-signature": f"v2,zzz v1,AAAA {signature}"}
    assert platform.post(body, headers=several).status_code == 202


@pytest.mark.parametrize("shift", [-301, 301])
def test_fault_30_old_and_early_timestamps(platform, shift):
    body = json.dumps(platform.cost_code(f"time{shift}")).encode()
    headers = platform.headers(body, now=time.time() + shift + (1 if shift > 0 else -1))
    assert platform.post(body, headers=headers).status_code == 401
    headers = platform.headers(body, now=time.time() + shift * 0.9)
    assert platform.post(body, headers=headers).status_code == 202


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "1" + "0" * 20, "", "now"])
def test_fault_30_timestamps_of_an_odd_form(platform, value):
    body = json.dumps(platform.cost_code("odd")).encode()
    headers = platform.headers(body) | {"webhook-timestamp": value}
    assert platform.post(body, headers=headers).status_code == 401


def test_fault_31_rotation(server):
    platform = Platform(server)
    old = platform.secret
    platform.secret = server.execute("construction.platform", "rotate_secret", [[platform.id]])
    assert platform.secret != old
    assert platform.post(platform.cost_code("new")).status_code == 202
    body = json.dumps(platform.cost_code("old")).encode()

    def sign(secret):
        signed = StandardWebhooks(secret).headers("msg_1", body, time.time())
        return {"Content-Type": STRUCTURED} | signed

    assert platform.post(body, headers=sign(old)).status_code == 202
    both = sign(platform.secret)
    both["webhook-signature"] += " " + sign(old)["webhook-signature"]
    assert platform.post(body, headers=both).status_code == 200
    server.execute("construction.platform", "rotate_secret", [[platform.id]], {"overlap_hours": 0})
    assert platform.post(body, headers=sign("whsec_" + "A" * 43 + "=")).status_code == 401
    assert platform.post(body, headers=sign(platform.secret)).status_code == 401


def test_fault_32_paused_draft_and_archived(server):
    platform = Platform(server)
    server.execute("construction.platform", "action_pause", [[platform.id]])
    event = platform.cost_code(f"{platform.key}-paused")
    assert platform.post(event).status_code == 202
    assert platform.states(event) == ["parked"]
    server.execute("construction.platform", "action_activate", [[platform.id]])
    platform.wait(event)
    server.execute("construction.platform", "write", [[platform.id], {"active": False}])
    assert platform.post(event).status_code == 410
    platform.url = platform.url.replace(platform.key, "nobody-knows-it")
    assert platform.post(event).status_code == 404


def test_fault_33_unknown_type_and_version(platform):
    events = [
        platform.event("spaceship.launched", {"external_id": "1"}),
        platform.cost_code("v5") | {"type": "construction.cost_code.upserted.v5"},
    ]
    platform.send(*events)
    platform.wait(*events, states=("parked",))
    for event in events:
        assert [category for category, _m, _s in platform.issues(event)] == ["schema"]


def test_fault_34_a_project_nobody_knows(server):
    platform = Platform(server)
    early = platform.commitment()
    platform.send(early)
    platform.wait(early, states=("parked",))
    assert "unmapped_reference" in {category for category, _m, _s in platform.issues(early)}
    platform.masters()
    platform.wait(early)  # it resumed by itself
    assert platform.orders() == [("purchase", 1000)]
