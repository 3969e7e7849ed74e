"""Calls that cannot be turned against our own network: addresses, names, headers, and a real
TLS server on the other side."""

import contextlib
import datetime
import gzip
import ipaddress
import re
import socket
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.ssrf import (
    Guard,
    NoAnswer,
    TooLarge,
    TooSlow,
    Unsafe,
    check_headers,
    is_public,
)

PUBLIC = """
    8.8.8.8 1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
    168.63.129.15 168.63.129.17 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0
    191.255.255.255 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0
    223.255.255.255 52.94.76.10 2606:4700:4700::1111 2a00:1450:4001:82a::200e 2001:200::1
    2001:4860:4860::8888 2400:cb00::1 2003::1 3ffe:ffff::1
""".split()
DENIED = (
    """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1
    127.255.255.254 168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1
    172.31.255.255 192.0.0.1 192.0.0.9 192.0.0.10 192.0.0.192 192.0.2.1 192.31.196.1
    192.52.193.1 192.88.99.1 192.168.0.1 192.168.255.255 192.175.48.1 198.18.0.1 198.19.255.255
    198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:169.254.169.254
    ::ffff:0:10.0.0.1 64:ff9b::7f00:1 64:ff9b::8.8.8.8 64:ff9b:1::a00:1 100::1 1000::1
    2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:10::1 2001:20::1 2001:1ff:ffff::1
    2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe::1 3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254
    fe80::1 fe80::1%eth0 2606:4700:4700::1111%eth0 fec0::1 ff02::1
    2130706433 0x7f.1 0177.0.0.1 127.1 010.0.0.1 0x7f000001 1.2.3 1.2.3.4.5 256.1.1.1 localhost
    [::1] 1.1.1.1:80 1.1.1.1/32
""".split()
    + ["", " 1.1.1.1", "1.1.1.1 ", "1.1.1.1\n", "١.1.1.1"]
)
NAME = "api.platform.test"


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address):
    assert is_public(address)


@pytest.mark.parametrize("address", DENIED)
def test_denied(address):
    assert not is_public(address)


def test_the_table_is_long_enough():
    assert len(set(PUBLIC)) >= 20 and len(set(DENIED)) >= 60


@given(st.ip_addresses())
def test_stricter_than_the_standard_library(address):
    found = ipaddress.ip_address(address)
    if is_public(str(found)):
        assert found.is_global and not found.is_multicast and not found.is_reserved


@given(st.ip_addresses(v=4), st.sampled_from(["::", "::ffff:", "64:ff9b::", "::ffff:0:"]))
def test_no_ipv4_address_passes_inside_another(address, prefix):
    assert not is_public(f"{prefix}{address}")
    assert not is_public(str(ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80) | 1)))
    teredo = (0x20010000 << 96) | (int(address) ^ 0xFFFFFFFF)
    assert not is_public(str(ipaddress.IPv6Address(teredo)))


def test_networks_that_the_operator_trusts():
    networks = [ipaddress.ip_network("10.20.0.0/16")]
    assert is_public("10.20.0.9", networks)
    assert not is_public("10.21.0.9", networks) and not is_public("169.254.169.254", networks)


# ------------------------------------------------------------------- addresses of calls
BAD_URLS = [
    f"http://{NAME}/", f"HTTP://{NAME}/", f"ftp://{NAME}/", "file:///etc/passwd", f"//{NAME}/",
    NAME, "", None, 7, b"https://x", f"https://{NAME}:444/", f"https://{NAME}:80/",
    f"https://{NAME}:/", f"https://{NAME}:99999/", f"https://user:pass@{NAME}/",
    f"https://evil.test@{NAME}/", f"https://{NAME}@evil.test/", f"https://{NAME}.evil.test/",
    f"https://evil.test/{NAME}", f"https://evil.test#{NAME}", f"https://evil.test\\@{NAME}/",
    f"https://{NAME}\\.evil.test/", f"https://{NAME}/#x", f"https://{NAME}/ x",
    f"https://{NAME}/\r\nX: y", f"https://{NAME}/\tx", f" https://{NAME}/", f"https://{NAME}/\n",
    f"https://{NAME}/ü", f"https://{NAME}./", f"https://.{NAME}/", f"https://{NAME}%00.evil/",
    "https://[::1]/", "https://[::ffff:169.254.169.254]/", "https://127.0.0.1/",
    "https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://169.254.169.254/",
    "https://localhost/", "https://ⓐpi.platform.test/", "https:/" + NAME, f"https:{NAME}",
    f"https:///{NAME}/", f"https://{NAME};/", "javascript:alert(1)", "gopher://x/_", "data:,x",
]  # fmt: skip


@pytest.mark.parametrize("url", BAD_URLS, ids=repr)
def test_urls_that_are_not_called(url):
    with pytest.raises(Unsafe):
        Guard([NAME], resolve=unused).call("GET", url)


def test_urls_that_are_called():
    guard = Guard([NAME, "Files.Platform.Test:8443"], resolve=unused)
    assert guard.check_url(f"https://{NAME}") == (NAME, 443, "/")
    assert guard.check_url(f"https://{NAME}:443/a?b=[1]&c=%2F") == (NAME, 443, "/a?b=[1]&c=%2F")
    assert guard.check_url(f"HTTPS://{NAME.upper()}/A") == (NAME, 443, "/A")
    assert guard.check_url("https://files.platform.test:8443/") == (
        "files.platform.test", 8443, "/",
    )  # fmt: skip
    with pytest.raises(Unsafe):
        guard.check_url("https://files.platform.test/")


@given(st.text() | st.from_regex(r"https?://[^ ]{0,40}platform\.test[^ ]{0,20}", fullmatch=True))
def test_any_text_is_refused_or_leads_to_the_list(url):
    guard = Guard([NAME], resolve=unused)
    try:
        assert guard.check_url(url)[:2] == (NAME, 443)
    except Unsafe as refusal:
        assert len(str(refusal)) < 200 and str(refusal).isprintable()


@pytest.mark.parametrize(
    "entry",
    ["", "1.2.3.4", "2130706433", "0x7f000001", "a.0x7f", "x.1", "[::1]", "*.test", "a b", "a:b",
     "a:0", "a:65536", "https://a.test", "a.test/", "a..test", "-a.test", "a.test.", "ü.test"],
)  # fmt: skip
def test_entries_of_the_list_that_are_no_names(entry):
    with pytest.raises(ValueError, match="no host name"):
        Guard([entry])


def unused(*_args, **_kwargs):
    raise AssertionError("resolved although it must not be called")


# ------------------------------------------------------------------------------ headers
@pytest.mark.parametrize(
    "name, value",
    [
        ("X-Note", "a\r\nX-Evil: 1"), ("X-Note", "a\nb"), ("X-Note", "a\rb"), ("X-Note", "\0"),
        ("X-Note", "a\tb"), ("X-Note", "ü"), ("X-Note", "\x7f"), ("X-Note", "\x85"),
        ("X-Note", "\u2028"), ("X-Note", ""), ("X-Note", "x" * 257), ("X-Note", None),
        ("X-Note", b"x"), ("X-Note", 1), ("Authorization", "x" * 4097),
        ("Authorization", "Bearer a\r\nX: y"), ("X Note", "x"), ("X:Note", "x"), ("", "x"),
        ("X-Note\r\n", "x"), ("Ü", "x"), (b"X", "x"), ("x" * 65, "x"), ("Host", "evil.test"),
        ("hOST", "x"), ("Content-Length", "3"), ("Transfer-Encoding", "chunked"),
        ("Connection", "upgrade"), ("Proxy-Authorization", "x"), ("Accept-Encoding", "br"),
    ],
    ids=repr,
)  # fmt: skip
def test_headers_that_are_not_sent(name, value):
    with pytest.raises(Unsafe) as refusal:
        Guard([NAME], resolve=unused).call("GET", f"https://{NAME}/", {name: value})
    assert "evil" not in str(refusal.value).lower() and "\n" not in str(refusal.value)


@given(st.text(), st.text())
def test_any_header_is_refused_or_harmless(name, value):
    try:
        check_headers({name: value})
    except Unsafe:
        return
    assert value.isascii() and value.isprintable() and ":" not in name and name.isascii()


def test_headers_that_are_sent():
    check_headers({"X-Note": "x" * 256, "Authorization": "Bearer " + "x" * 2000, "If-Match": '"1"'})


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "get", "GET\r\n", ""])
def test_methods_that_are_not_sent(method):
    with pytest.raises(Unsafe):
        Guard([NAME], resolve=unused).call(method, f"https://{NAME}/")


# ------------------------------------------------------------------------------ resolving
def answers(*addresses):
    """A resolver that gives one answer after the other, and counts."""
    calls = []

    def resolve(host, port, **_more):
        calls.append(host)
        text = addresses[min(len(calls), len(addresses)) - 1]
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, 1, 6, "", (a, port))
            for a in text.split()
        ]

    resolve.calls = calls
    return resolve


@pytest.mark.parametrize(
    "addresses", ["127.0.0.1", "8.8.8.8 10.0.0.1", "::1 8.8.8.8", "64:ff9b::7f00:1", "fec0::1"]
)
def test_one_bad_address_refuses_the_name(addresses):
    with pytest.raises(Unsafe, match="may not be called"):
        Guard([NAME], resolve=answers(addresses)).call("GET", f"https://{NAME}/")


def test_a_name_without_an_address():
    def missing(*_args, **_kwargs):
        raise socket.gaierror(-2, "Name or service not known")

    for resolve in (missing, answers("")):
        with pytest.raises(NoAnswer, match="no address"):
            Guard([NAME], resolve=resolve).call("GET", f"https://{NAME}/")


def test_rebinding_finds_nobody(monkeypatch):
    """The second answer would be ours. There is no second question, and what is connected to
    is the address that was checked."""
    resolve, tried = answers("93.184.215.14", "127.0.0.1"), []

    def refuse(address, timeout):
        tried.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(NoAnswer):
        Guard([NAME], resolve=resolve).call("GET", f"https://{NAME}/")
    assert (resolve.calls, tried) == ([NAME], [("93.184.215.14", 443)])
    with pytest.raises(Unsafe):  # the next call asks again, and sees it
        Guard([NAME], resolve=resolve).call("GET", f"https://{NAME}/")
    assert len(tried) == 1


# -------------------------------------------------------------------- a real server
class Other:
    """A TLS server on the loopback that sends what it was told and keeps what it got."""

    def __init__(self, folder):
        self.ca = folder / "ca.pem"
        _certificate(folder / "pair.pem", self.ca, NAME)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "pair.pem")
        self.names, self.requests, self.play = [], [], lambda _line: None
        self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def guard(self, **more):
        resolve = more.pop("resolve", answers("127.0.0.1"))
        settings = {"networks": ["127.0.0.1/32"], "verify": str(self.ca)} | more
        return Guard([f"{NAME}:{self.port}"], resolve=resolve, **settings)

    def call(self, *, method="GET", headers=None, body=None, target="/", guard=None, **more):
        url = f"https://{NAME}:{self.port}{target}"
        return (guard or self.guard()).call(method, url, headers, body, **more)

    def _serve(self):
        while True:
            try:
                line, _peer = self.listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), line:
                with self.context.wrap_socket(line, server_side=True) as secure:
                    self.requests.append(_whole(secure))
                    self.play(secure)

    def says(self, head, body=b""):
        head = "HTTP/1.1 " + "\r\n".join(head) + "\r\nConnection: close\r\n\r\n"
        self.play = lambda line: line.sendall(head.encode() + body)


def _whole(line):
    """One request. What is not read when the line closes would break it off."""
    text = line.recv(65536)
    length = re.search(rb"content-length: (\d+)", text.lower())
    while length and len(text.partition(b"\r\n\r\n")[2]) < int(length[1]):
        text += line.recv(65536)
    return text


def _certificate(pair, ca, name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    public = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    ca.write_bytes(public)
    pair.write_bytes(public + private)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    other = Other(tmp_path_factory.mktemp("tls"))
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
