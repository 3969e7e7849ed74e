"""Calls that cannot be turned against our own network: addresses, names and headers."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.ssrf import (
    Guard,
    NoAnswer,
    Unsafe,
    check_headers,
    is_public,
)

from tests.pure.construction_sync_base.tls_server import NAME, answers

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
