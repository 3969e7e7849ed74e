"""docs/nginx.conf, run as it stands (but for addresses and certificate) by a real nginx
before a real server."""

import contextlib
import datetime
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
import uuid

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import launch
from paths import ROOT

from .platform import BATCHED, STRUCTURED, Platform
from .server import Server, wait_for

NGINX = os.environ.get("CS_NGINX") or shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
SNIPPET = ROOT / "docs/nginx.conf"
MEBIBYTE = 1024 * 1024
FRAME = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
{user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
{snippet}
}}
"""

pytestmark = pytest.mark.skipif(
    not NGINX,
    reason="NO NGINX HERE: the reverse proxy of docs/nginx.conf is NOT tested. "
    "Install nginx, or set CS_NGINX to its program.",
)


def certificate(folder):
    """A certificate for 127.0.0.1, signed by itself; paths of it and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return public, private


def configuration(folder, port, server, gevent_port):
    """The snippet with this test's addresses. Each has to be there to be replaced."""
    public, private = certificate(folder)
    text = SNIPPET.read_text()
    for old, new in (
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("server 127.0.0.1:8069;", f"server 127.0.0.1:{server.port};"),
        ("server 127.0.0.1:8072;", f"server 127.0.0.1:{gevent_port};"),
        ("/etc/ssl/certs/odoo.example.com.pem", str(public)),
        ("/etc/ssl/private/odoo.example.com.key", str(private)),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    user = "user root;" if os.geteuid() == 0 else ""
    return FRAME.format(folder=folder, snippet=text, user=user)


class Proxy:
    def __init__(self, folder, server):
        self.folder, self.server = folder, server
        self.port = launch.free_port()
        self.url = f"https://localhost:{self.port}"
        self.session = requests.Session()
        self.session.trust_env = False  # or REQUESTS_CA_BUNDLE would win over our certificate
        self.session.verify = str(folder / "cert.pem")
        path = folder / "nginx.conf"
        path.write_text(configuration(folder, self.port, server, launch.free_port()))
        self.process = subprocess.Popen([NGINX, "-p", folder, "-c", path])
        wait_for(lambda: launch.port_taken(self.port), 30, message=self.log)

    def log(self):
        path = self.folder / "error.log"
        return f"nginx does not answer: {path.read_text() if path.exists() else ''}"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def connect(self):
        """A connection of TLS, for clients that behave badly."""
        context = ssl.create_default_context(cafile=str(self.folder / "cert.pem"))
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        return context.wrap_socket(plain, server_hostname="localhost")


@pytest.fixture(scope="module")
def odoo():
    running = Server(workers=2, options=["--proxy-mode"])
    try:
        yield running.start()
    finally:
        running.stop()


@pytest.fixture(scope="module")
def proxy(odoo, tmp_path_factory):
    running = Proxy(tmp_path_factory.mktemp("nginx"), odoo)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def platform(odoo, proxy):
    made = Platform(odoo)
    made.url = f"{proxy.url}/construction_sync/v1/{made.key}/events"
    return made


def ping(platform):
    unique = uuid.uuid4().hex
    return platform.event("platform.pinged", {"note": "x"}, subject=f"platform/{unique}")


def post(proxy, platform, body, mimetype=STRUCTURED, data=None, **headers):
    """Post a body, signed; `data` in its place if the way it is sent differs."""
    signed = platform.headers(body, mimetype) | headers
    return proxy.session.post(platform.url, data=data or body, headers=signed, timeout=60)


def encoded(event):
    return requests.models.complexjson.dumps(event).encode()


def test_an_event_passes_and_its_sender_is_known(odoo, proxy, platform):
    """The sender's address is the one nginx saw, whatever the client claims."""
    event = ping(platform)
    answer = post(proxy, platform, encoded(event), **{"X-Forwarded-For": "6.6.6.6"})
    assert answer.status_code == 202, answer.text
    platform.wait(event)
    rows = odoo.psql(
        "SELECT d.source_address, d.headers FROM construction_delivery d"
        " JOIN construction_event e ON e.delivery_id = d.id WHERE e.event_id = %s",
        (event["id"],),
    )
    assert rows[0][0] == "127.0.0.1"
    assert "6.6.6.6" not in rows[0][1]


def test_a_chunked_body_arrives_whole(proxy, platform):
    """Odoo refuses bodies without a length; nginx has buffered it and knows the length."""
    body = encoded(ping(platform))
    answer = post(proxy, platform, body, data=iter([body[:10], body[10:]]))
    assert answer.status_code == 202, answer.text


def test_the_job_runners_door_is_closed(odoo, proxy):
    for path in (
        "/queue_job/runjob?db=x&job_uuid=y",
        "//queue_job/runjob",
        "/web/../queue_job/runjob",
        "/queue%5Fjob/runjob",
        "/queue_job/",
        "/web/database/manager",
    ):
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        with proxy.connect() as connection:
            connection.sendall(head.encode())
            answer = connection.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 404"), path
        assert b"nginx" in answer, f"{path} was answered by Odoo"
    direct = requests.get(f"{odoo.url}/queue_job/runjob", timeout=30)
    assert direct.status_code != 404, "nobody would reach it, the runner neither"


def test_the_header_that_chooses_a_database_is_dropped(odoo, proxy):
    header = {"X-Odoo-Database": "no-such-database"}
    path = "/construction_sync/v1/no-such-platform/events"
    direct = requests.get(odoo.url + path, headers=header, timeout=30)
    through = proxy.session.get(proxy.url + path, headers=header, timeout=30)
    assert through.json()["type"] == "urn:construction-sync:unknown-platform"
    assert direct.json()["type"] == "urn:construction-sync:unavailable", "it has no effect any more"


def test_body_sizes(proxy, platform):
    """8 MiB for events, 25 MiB for files, more for people; one byte more is refused by
    nginx from the length alone, before anything is read."""

    def status(path, length):
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {BATCHED}\r\n"
            f"Content-Length: {length}\r\nConnection: close\r\n\r\n"
        )
        with proxy.connect() as connection:
            connection.sendall(head.encode())
            connection.settimeout(1)
            with contextlib.suppress(TimeoutError):
                answer = connection.recv(65536)
                return int(answer.split()[1]), b"construction-sync:too-large" in answer
        return None  # it waits for the body

    base = f"/construction_sync/v1/{platform.key}"
    assert status(f"{base}/events", 8 * MEBIBYTE) is None
    assert status(f"{base}/events", 8 * MEBIBYTE + 1) == (413, True)
    assert status(f"{base}/files/f1", 25 * MEBIBYTE) is None
    assert status(f"{base}/files/f1", 25 * MEBIBYTE + 1) == (413, True)
    assert status("/web/binary/upload", 26 * MEBIBYTE) is None


def test_a_full_batch_of_eight_mebibytes_passes(proxy, platform):
    event = ping(platform)
    event["data"]["note"] = "x" * (900 * 1024)
    body = encoded([event | {"id": f"{event['id']}-{n}", "subject": f"p/{n}"} for n in range(8)])
    assert 6 * MEBIBYTE < len(body) <= 8 * MEBIBYTE
    answer = post(proxy, platform, body, BATCHED)
    assert answer.status_code == 202, answer.text[:300]


def test_fault_24_slow_bodies_hold_no_worker(odoo, proxy, platform):
    """Fifty senders drip one byte a second; two workers serve everybody else meanwhile."""
    path = f"/construction_sync/v1/{platform.key}/events"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {STRUCTURED}\r\n"
        "Content-Length: 100\r\n\r\n"
    )
    with contextlib.ExitStack() as stack:
        drips = [stack.enter_context(proxy.connect()) for _ in range(50)]
        for drip in drips:
            drip.sendall(head.encode())
        took = []
        for _ in range(5):
            for drip in drips:
                drip.sendall(b"x")
            started = time.monotonic()
            answer = post(proxy, platform, encoded(ping(platform)))
            took.append(time.monotonic() - started)
            assert answer.status_code == 202, answer.text
            time.sleep(max(0, 1 - took[-1]))
        for drip in drips:
            drip.sendall(b"x" * 95)  # they end, and are answered as what they are
            assert drip.recv(100).split()[1] == b"401"
    assert max(took) < 10, took


def test_one_sender_is_slowed_and_others_are_not(odoo, proxy, platform):
    """300 requests at once are more than a burst: 429 with Retry-After for some of them;
    another platform still passes."""
    other = Platform(odoo)
    other.url = f"{proxy.url}/construction_sync/v1/{other.key}/events"
    path = f"/construction_sync/v1/{platform.key}/events"
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(proxy.connect()) for _ in range(300)]
        for connection in crowd:
            connection.settimeout(60)
            connection.sendall(head.encode())
        assert post(proxy, other, encoded(ping(other))).status_code == 202
        answers = [connection.makefile("rb").read() for connection in crowd]
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 429")]
    assert refused, "nothing was refused"
    assert all(b"Retry-After: 1\r\n" in answer for answer in refused)
    passed = [answer for answer in answers if answer not in refused]
    assert len(passed) >= 200, "less than the burst was let through"
    assert {answer.split(b"\r\n")[0] for answer in passed} == {b"HTTP/1.1 401 UNAUTHORIZED"}


def test_a_server_that_is_down_asks_to_try_again(proxy, platform):
    """A proxy of its own, before a port where nobody listens."""
    nobody = type("Nobody", (), {"port": launch.free_port()})
    folder = proxy.folder / "down"
    folder.mkdir()
    alone = Proxy(folder, nobody)
    try:
        answer = alone.session.post(
            f"{alone.url}/construction_sync/v1/{platform.key}/events", data=b"{}", timeout=30
        )
    finally:
        alone.stop()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert answer.json()["type"] == "urn:construction-sync:unavailable"


def test_the_snippet_says_what_the_endpoint_allows():
    """The numbers of nginx are those of the code."""
    text = (ROOT / "construction_sync_base/controllers/inbox.py").read_text()
    assert "BATCHED: 8 * MEBIBYTE" in text
    assert re.search(r"client_max_body_size 8m;", SNIPPET.read_text())
