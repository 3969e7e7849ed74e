"""Guarded calls against a real TLS server on the other side: redirects, sizes, deadlines."""

import contextlib
import gzip
import socket
import time

import pytest

from odoo.addons.construction_sync_base.lib.ssrf import Guard, NoAnswer, TooLarge, TooSlow, Unsafe

from tests.pure.construction_sync_base.tls_server import NAME, TlsServer, answers


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    other = TlsServer(tmp_path_factory.mktemp("tls"))
    yield other
    other.listener.close()


@pytest.fixture
def other(server):
    server.names.clear()
    server.requests.clear()
    server.says(["200 OK", "X-Seen: yes"], b"hello")
    return server


def test_the_checked_address_is_called_by_its_name(other):
    answer = other.call(
        method="POST", target="/a?b=1", headers={"Authorization": "Bearer t"}, body=b"{}"
    )
    assert (answer.status, answer.body, answer.headers["x-seen"]) == (200, b"hello", "yes")
    assert other.names == [NAME]
    head = other.requests[0].decode()
    assert head.startswith("POST /a?b=1 HTTP/1.1\r\n")
    assert (
        f"\r\nHost: {NAME}:{other.port}\r\n" in head and "\r\nAuthorization: Bearer t\r\n" in head
    )
    assert "\r\nAccept-Encoding: identity\r\n" in head


def test_a_certificate_for_another_name_or_of_a_stranger(other):
    resolve = answers("127.0.0.1")
    wrong = Guard(
        [f"other.test:{other.port}"], ["127.0.0.1/32"], verify=str(other.ca), resolve=resolve
    )
    with pytest.raises(NoAnswer, match="SSLError"):
        wrong.call("GET", f"https://other.test:{other.port}/")
    with pytest.raises(NoAnswer, match="SSLError"):
        other.call(guard=other.guard(verify=True))
    assert not other.requests, "nothing was sent"


def test_without_the_trusted_network_it_is_not_called(other):
    with pytest.raises(Unsafe, match="127.0.0.1"):
        other.call(guard=other.guard(networks=[]))
    assert not other.names


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_nothing_more(other, status):
    place = f"https://{NAME}:{other.port}/again"
    other.says([f"{status} Moved", f"Location: {place}", "Content-Length: 0"])
    resolve = answers("127.0.0.1")
    answer = other.call(guard=other.guard(resolve=resolve))
    assert (answer.status, answer.headers["Location"]) == (status, place)
    assert len(other.requests) == len(resolve.calls) == 1


def test_the_environment_of_the_process_is_not_used(other, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {NAME} login a password b")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert other.call().status == 200
    assert b"authorization" not in other.requests[0].lower()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other.ca))
    with pytest.raises(NoAnswer, match="SSLError"):
        other.call(guard=other.guard(verify=True))


@pytest.mark.parametrize("length", [True, False])
def test_the_size_of_an_answer(other, length):
    for size, good in ((1000, True), (1001, False), (5_000_000, False)):
        other.says(["200 OK", *([f"Content-Length: {size}"] if length else [])], b"x" * size)
        if good:
            assert len(other.call(max_bytes=1000).body) == 1000
        else:
            with pytest.raises(TooLarge):
                other.call(max_bytes=1000)


def test_a_bomb_is_not_inflated(other):
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 60_000
    other.says(["200 OK", "Content-Encoding: gzip"], bomb)
    with pytest.raises(TooLarge):
        other.call(max_bytes=100_000)
    other.says(["200 OK", "Content-Encoding: gzip"], gzip.compress(b"hello"))
    assert other.call(max_bytes=100).body == b"hello"


@pytest.mark.parametrize(
    "encoding, body",
    [("gzip", b"no gzip"), ("gzip", gzip.compress(b"x" * 999)[:-9]), ("br", b"x"),
     ("gzip, gzip", b"x"), ("deflate", b"x")],
)  # fmt: skip
def test_a_body_that_cannot_be_read(other, encoding, body):
    other.says(["200 OK", f"Content-Encoding: {encoding}"], body)
    with pytest.raises(NoAnswer):
        other.call()


def test_a_body_that_ends_early(other):
    other.says(["200 OK", "Content-Length: 10"], b"short")
    with pytest.raises(NoAnswer):
        other.call()


def drip(line, text):
    for byte in text * 1000:
        line.sendall(bytes([byte]))
        time.sleep(0.05)


def _headers_drip(line):
    line.sendall(b"HTTP/1.1 200 OK\r\n")
    drip(line, b"X-A: b\r\n")


def _body_drips(line):
    line.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    drip(line, b"x")


def _silence(line):
    with contextlib.suppress(OSError):
        line.recv(1)


@pytest.mark.parametrize("play", [_headers_drip, _body_drips, _silence])
def test_the_deadline_is_for_the_whole_call(other, play):
    other.play = play
    started = time.monotonic()
    with pytest.raises(TooSlow):
        other.call(deadline=0.5)
    assert time.monotonic() - started < 3


def test_the_deadline_covers_the_handshake():
    """A server that takes the connection and never speaks."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    guard = Guard([f"{NAME}:{port}"], ["127.0.0.1/32"], resolve=answers("127.0.0.1"))
    with listener, pytest.raises(TooSlow):
        guard.call("GET", f"https://{NAME}:{port}/", deadline=0.5)


def test_errors_tell_no_path_and_no_header(other):
    other.play = lambda line: None
    with pytest.raises(NoAnswer) as error:
        other.call(target="/x?access_token=canary", headers={"Authorization": "canary"})
    assert "canary" not in str(error.value)
    assert error.value.__suppress_context__
