"""Calls to other servers that cannot be turned against our own network.

Only https hosts of an allow-list are called. The name is resolved once per call, every
address of it has to be public, and the connection goes to an address that was checked: a
name that resolves to something else a moment later changes nothing. Redirects are not
followed, the settings of the process's environment (proxies, .netrc) are not used, and time
and size of an answer are bounded whatever the other side does.

An egress proxy stays a good second line; this one needs none.
"""

import contextlib
import re
import socket
import threading
import time
import zlib
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"))
DEADLINE = 20.0  # seconds for the whole call, from the resolution of the name to the last byte
MAX_BYTES = 8 * 1024 * 1024  # of an answer, inflated or not
MOST_ADDRESSES = 4  # tried in turn
CHUNK = 64 * 1024

# IANA's special-purpose registries, multicast, reserved, and what clouds answer on public
# addresses. `ipaddress.is_global` is not enough: it lets several of them through.
_DENIED4 = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network; 0.0.0.0 is the host itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; a cloud's metadata too
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's host service, on a public address
        "169.254.0.0/16",  # link-local: metadata services
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, metadata of a cloud
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT relays
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Everything that carries an IPv4 address inside, is local or unassigned lies outside of it.
_GLOBAL6 = ip_network("2000::/3")
_DENIED6 = tuple(
    ip_network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)
_URL = re.compile(
    r"https://(?P<host>[a-z0-9.-]{1,253})(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>[/?][A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*)?",
    re.IGNORECASE,
)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")  # a last label that makes it an IPv4 address
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{1,256}")
_TOKEN_VALUE = re.compile(r"[\x20-\x7e]{1,4096}")  # Authorization alone: tokens are long
_OWN_HEADERS = frozenset(
    ("host", "content-length", "transfer-encoding", "connection", "accept-encoding", "te",
     "upgrade", "expect", "trailer")
)  # fmt: skip


class Unsafe(ValueError):
    """Refused before a byte was sent. The text names the rule, never a path or a header."""


class NoAnswer(requests.ConnectionError):
    """The other side could not be reached or broke off. May be tried again."""


class TooSlow(requests.Timeout):
    """The deadline passed. The request may have been carried out. May be tried again."""


class TooLarge(ValueError):
    """The answer is larger than the caller takes, as sent or once inflated."""


@dataclass(frozen=True)
class Answer:
    """What came back. ``headers`` finds names in any case."""

    status: int
    headers: requests.structures.CaseInsensitiveDict
    body: bytes


def is_public(address, networks=()):
    """Whether a numeric address may be called.

    :param networks: further networks that the operator trusts, such as that of a platform
        on the own premises
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if getattr(found, "scope_id", None):
        return False
    if any(found in network for network in networks):
        return True
    if found.version == 4:
        return not any(found in network for network in _DENIED4)
    return found in _GLOBAL6 and not any(found in network for network in _DENIED6)


def check_headers(headers):
    """:raises Unsafe: a header could end early, split the request or replace one of ours"""
    for name, value in headers.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise Unsafe("a header has a name that is not allowed")
        lower = name.lower()
        if lower in _OWN_HEADERS or lower.startswith("proxy-"):
            raise Unsafe(f"the header {name} is not the caller's to set")
        form = _TOKEN_VALUE if lower == "authorization" else _HEADER_VALUE
        if not isinstance(value, str) or not form.fullmatch(value):
            raise Unsafe(f"the value of the header {name} is not allowed")


class Guard:
    """Calls the hosts of one allow-list.

    :param hosts: names, "api.example.com" for port 443 or "api.example.com:8443"
    :param networks: see `is_public`, as text
    :param verify: True, or the path of a file of certificate authorities
    :param resolve: stands in for `socket.getaddrinfo` in tests
    :raises ValueError: an entry is no host name or no network
    """

    def __init__(self, hosts, networks=(), verify=True, resolve=socket.getaddrinfo):
        self._hosts = frozenset(map(_entry, hosts))
        self._networks = tuple(map(ip_network, networks))
        self._verify = verify
        self._resolve = resolve

    def check_url(self, url):
        """Host, port and the rest of an address that may be called.

        :raises Unsafe: not https, not on the list, or written in a way that two readers could
            understand differently
        """
        found = _URL.fullmatch(url) if isinstance(url, str) else None
        if not found:
            raise Unsafe("the address is no plain https address")
        host, port = found["host"].lower(), int(found["port"] or 443)
        if (host, port) not in self._hosts:
            raise Unsafe(f"{host[:100]}:{port} is not on the list of hosts that may be called")
        return host, port, found["target"] or "/"

    def addresses(self, host, port):
        """Every address of the name, all of them checked.

        :raises Unsafe: one of them is not public; that the others are does not help
        :raises NoAnswer: the name has none
        """
        try:
            found = self._resolve(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        except (OSError, UnicodeError):
            raise NoAnswer(f"{host} has no address") from None
        addresses = list(dict.fromkeys(entry[4][0] for entry in found))
        if not addresses:
            raise NoAnswer(f"{host} has no address")
        for address in addresses:
            if not is_public(address, self._networks):
                raise Unsafe(f"{host} resolves to {address[:64]}, which may not be called")
        return addresses

    def call(self, method, url, headers=None, body=None, deadline=DEADLINE, max_bytes=MAX_BYTES):
        """Send one request and read its answer, whatever its status. A redirect is an answer.

        :param body: bytes
        :param deadline: seconds
        :param max_bytes: of the answer's body, inflated
        :raises Unsafe: before anything was sent
        :raises TooSlow, NoAnswer: may be tried again; with the same idempotency key
        :raises TooLarge: the rest of the answer was not read
        """
        if method not in METHODS:
            raise Unsafe("the method is not allowed")
        check_headers(headers or {})
        host, port, target = self.check_url(url)
        with _Watch(deadline) as watch, requests.Session() as session:
            addresses = self.addresses(host, port)[:MOST_ADDRESSES]

            def connect(*place):
                if place != (host, port):
                    raise Unsafe("the host changed on the way to the connection")
                return _connect(watch, addresses, port)

            session.trust_env = False
            session.headers = {"User-Agent": "construction-sync", "Accept-Encoding": "identity"}
            session.adapters.clear()
            session.mount("https://", _Adapter(connect))
            try:
                with session.request(
                    method, f"https://{host}:{port}{target}", headers=headers, data=body,
                    timeout=deadline, verify=self._verify, allow_redirects=False, stream=True,
                ) as response:  # fmt: skip
                    content = _read(response, max_bytes)
            except (Unsafe, TooLarge):
                raise
            except (requests.RequestException, HTTPError, OSError) as error:
                if watch.expired or isinstance(error, requests.Timeout):
                    raise TooSlow(f"{host} did not answer within {deadline:g} s") from None
                raise NoAnswer(f"{host}: {type(error).__name__}") from None  # without the address
            if watch.expired:  # what was cut off can look like an end
                raise TooSlow(f"{host} did not answer within {deadline:g} s")
            return Answer(response.status_code, response.headers, content)


class _Watch:
    """Cuts the line when the time is over, in whatever phase a call is: a read timeout alone
    starts anew with every byte."""

    def __init__(self, seconds):
        self._end = time.monotonic() + seconds
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._line = None

    @property
    def expired(self):
        return time.monotonic() >= self._end

    def __enter__(self):
        self._timer.start()
        return self

    def __exit__(self, *_error):
        self._timer.cancel()
        with self._lock:
            if self._line is not None:
                self._line.close()
                self._line = None

    def remaining(self):
        """Seconds; TimeoutError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def over(self, line):
        """A second handle, as TLS takes the first one away from everybody else."""
        with self._lock:
            self._line = line.dup()
            if self.expired:
                self._shut()

    def _cut(self):
        with self._lock:
            if self._line is not None:
                self._shut()

    def _shut(self):
        with contextlib.suppress(OSError):  # the other side was faster
            self._line.shutdown(socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """Lets `connect(host, port)` open every connection. TLS still asks for the name."""

    def __init__(self, connect):
        class Connection(HTTPSConnection):
            def _new_conn(self):
                return connect(self.host, self.port)

        class Pool(HTTPSConnectionPool):
            ConnectionCls = Connection

        self._pool_class = Pool
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args, **kwargs):  # pylint: disable=missing-return
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"https": self._pool_class}


def _entry(text):
    """(name, port) of an entry of the allow-list."""
    name, colon, port = text.lower().partition(":")
    good = _NAME.fullmatch(name) and not _NUMBER.fullmatch(name.rpartition(".")[2])
    if not good or (colon and not (port.isdecimal() and 0 < int(port) < 65536)):
        raise ValueError(f"{text[:100]!r} is no host name")
    return name, int(port or 443)


def _connect(watch, addresses, port):
    """A connection to the first of the addresses that takes it."""
    failure = None
    for address in addresses:
        try:
            line = socket.create_connection((address, port), timeout=watch.remaining())
        except OSError as error:
            failure = error
        else:
            watch.over(line)
            return line
    raise failure


def _read(response, most):
    """The body, never more than `most` bytes of it in memory, inflated or not."""
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise HTTPError("an encoding that was not asked for")
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding == "gzip" else None
    body, sent = bytearray(), 0
    while chunk := response.raw.read(CHUNK, decode_content=False):
        sent += len(chunk)
        if inflate is not None:
            try:
                chunk = inflate.decompress(chunk, most + 1 - len(body))
            except zlib.error:
                raise HTTPError("a body that cannot be inflated") from None
        body += chunk
        if max(sent, len(body)) > most:
            raise TooLarge(f"the answer has more than {most} bytes")
    if inflate is not None and not inflate.eof:
        raise HTTPError("a body that ended early")
    return bytes(body)
