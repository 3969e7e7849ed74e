"""The endpoint on a real server against what strangers and fast senders do: rows of the
threat table in docs/threats.md that need real connections."""

import hashlib
import json
import socket
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from .platform import STRUCTURED, Platform


def configure(platform, **values):
    platform.server.execute("construction.platform", "write", [[platform.id], values])


@pytest.fixture(scope="module")
def platform(server):
    return Platform(server)


def count(platform, table):
    query = f"SELECT count(*) FROM {table} WHERE platform_id = %s"  # a literal of this file
    return platform.server.psql(query, (platform.id,))[0][0]


def test_fault_37_storm_of_a_platform(server):
    """Threat: rate limit. What is over the limit is 429 before anything is written; what was
    taken is stored, and no request ends in an error."""
    platform = Platform(server)
    configure(platform, rate_per_minute=60, rate_burst=40)
    bodies = [json.dumps(platform.cost_code(f"storm-{n}")).encode() for n in range(160)]
    requests_ = [(body, platform.headers(body)) for body in bodies]
    began = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda r: platform.post(r[0], headers=r[1]), requests_))
    seconds = time.monotonic() - began
    taken = [answer for answer in answers if answer.status_code == 202]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(taken) + len(refused) == len(answers), {a.status_code for a in answers}
    assert 40 <= len(taken) <= 40 + seconds + 1, (len(taken), seconds)
    assert all(1 <= int(answer.headers["Retry-After"]) <= 41 for answer in refused)
    assert count(platform, "construction_event") == len(taken)
    assert count(platform, "construction_delivery") == len(taken)


def test_strangers_use_no_token_up(server):
    """Threat: rate limit. Only who has proven to be the platform takes from its bucket."""
    platform = Platform(server)
    configure(platform, rate_per_minute=1, rate_burst=1)
    body = json.dumps(platform.cost_code("mine")).encode()
    for _request in range(20):
        answer = platform.post(body, headers={"Content-Type": STRUCTURED})
        assert answer.status_code == 401
    assert platform.post(body).status_code == 202
    assert platform.post(body).status_code == 429


def test_one_file_many_times_at_once(platform):
    content = uuid.uuid4().bytes * 1000
    sha256 = hashlib.sha256(content).hexdigest()
    url = platform.url.replace("/events", f"/files/{sha256}")

    def put(_number):
        headers = platform.headers(content, "application/octet-stream")
        return requests.put(url, data=content, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(put, range(24)))
    assert sorted(codes) == [200] * 23 + [201]
    assert count(platform, "construction_file") == 1


def test_fault_35_headers_that_choose(platform):
    """Threat: database selection. A header names another database, a cookie a session: the
    answer is an answer, and nothing of another database shows."""
    event = platform.cost_code("chosen")
    body = json.dumps(event).encode()
    signed = platform.headers(body)
    for header in ("postgres", "template1", "no-such-database", "../x", ""):
        answer = platform.post(body, headers=signed | {"X-Odoo-Database": header})
        assert answer.status_code in (200, 202, 503), answer.text[:200]
        assert "Traceback" not in answer.text
    cookie = {"Cookie": "session_id=" + "a" * 84 + "; frontend_lang=x"}
    assert platform.post(body, headers=signed | cookie).status_code in (200, 202)
    unsigned = {"Content-Type": STRUCTURED} | cookie
    assert platform.post(body, headers=unsigned).status_code == 401


@pytest.mark.parametrize(
    "extra",
    [
        "".join(f"X-H{n}: v\r\n" for n in range(101)),
        f"X-Long: {'x' * 70_000}\r\n",
    ],
)
def test_fault_35_too_many_or_too_long_headers(platform, extra):
    host, _colon, port = platform.server.url.removeprefix("http://").partition(":")
    path = "/" + platform.url.split("/", 3)[3]
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        request = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n{extra}\r\n{{}}"
        try:
            connection.sendall(request.encode())
            answer = connection.recv(65536)
        except ConnectionError:
            answer = b""
    assert not answer or answer.split()[1] in (b"400", b"431"), answer[:200]
    assert b"Traceback" not in answer
    assert platform.post(platform.cost_code("after")).status_code in (200, 202)


EVIL = "\r\n2026-01-01 00:00:00,000 1 CRITICAL forged odoo: owned\x1b[31m\u2028"


def test_fault_36_line_breaks_and_escapes(platform):
    """Threat: log injection. What a sender writes is kept word by word and starts no line of
    the log."""
    strings = platform.cost_code("evil", name=f"Evil{EVIL}")
    platform.send(strings)
    unknown = platform.event("probe.unknown", {"external_id": f"x{EVIL}"}, subject="probe/1")
    wrong = platform.event("cost_code.upserted", {f"k{EVIL}": EVIL}, subject="cost_code/evil2")
    platform.send(unknown, wrong)
    for attribute in ("type", "subject", "id", "source", "correlationid"):
        bad = platform.cost_code("evil3") | {attribute: f"a/b{EVIL}"}
        assert platform.post(bad).json()["malformed"] == 1
    platform.post(platform.cost_code("x"), headers={"User-Agent": "a\x1b[31m", "X-Y": "z"})
    platform.wait(unknown, wrong, states=("parked",))
    platform.wait(strings, states=("parked", "processed"))
    payload = platform.server.psql(
        "SELECT payload FROM construction_event WHERE platform_id = %s AND event_id = %s",
        (platform.id, strings["id"]),
    )[0][0]
    assert json.loads(payload)["data"]["name"] == f"Evil{EVIL}"
    log = platform.server.log_path.read_text(encoding="utf-8", errors="replace")
    assert "\x1b[31m" not in log
    assert not [
        line for line in log.split("\n") if line.startswith("2026-01-01 00:00:00,000 1 CRI")
    ]


def test_header_values_split_nothing(platform):
    """Threat: header injection. Nothing that a sender writes comes back in a header."""
    event = platform.cost_code("split") | {"correlationid": "x"}
    body = json.dumps({k: v for k, v in event.items() if k == "data"}["data"]).encode()
    attributes = {f"ce-{k}": str(v) for k, v in event.items() if k != "data"}
    attributes["ce-correlationid"] = "x%0D%0ASet-Cookie:%20a=b"
    headers = platform.headers(body, "application/json") | attributes
    answer = platform.post(body, headers=headers)
    assert answer.json()["malformed"] == 1
    assert "Set-Cookie" not in answer.headers
    for path in ("x%0d%0aSet-Cookie:a=b", "%00", "..%2f..", "a" * 3000):
        url = platform.server.url + f"/construction_sync/v1/{path}/events"
        answer = requests.post(url, data=b"{}", timeout=30)
        assert answer.status_code in (400, 404), path
        assert "Set-Cookie" not in answer.headers or "a=b" not in answer.headers["Set-Cookie"]
