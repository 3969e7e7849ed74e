"""Addresses that a platform may call from."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib.networks import allows, parse


def test_lists_as_people_write_them():
    text = " 203.0.113.7, 10.0.0.0/8\n\n2001:db8::/32;198.51.100.0/24 "
    assert [str(network) for network in parse(text)] == [
        "203.0.113.7/32", "10.0.0.0/8", "2001:db8::/32", "198.51.100.0/24",
    ]  # fmt: skip
    assert parse("") == parse(None) == parse(False) == parse(" \n") == ()


@pytest.mark.parametrize(
    "text",
    ["10.0.0.5/8", "300.1.1.1", "example.com", "10.0.0.0/33", "2001:db8::/129", "1.2.3", "*"],
)
def test_what_is_no_network_is_named(text):
    with pytest.raises(ValueError, match=r"\S") as caught:
        parse(f"192.0.2.1 {text}")
    assert text.split("/")[0] in str(caught.value)


def test_membership():
    networks = parse("203.0.113.0/24 2001:db8::/32 192.0.2.9")
    for address in ("203.0.113.0", "203.0.113.255", "192.0.2.9", "2001:db8:ffff::1",
                    "::ffff:203.0.113.7"):  # fmt: skip
        assert allows(networks, address), address
    for address in ("203.0.114.0", "192.0.2.8", "2001:db9::1", "::1", "::ffff:203.0.114.1", "",
                    None, "unknown", "203.0.113.7:443", "203.0.113.07"):  # fmt: skip
        assert not allows(networks, address), address


def test_an_empty_list_allows_everybody():
    assert allows((), "192.0.2.1") and allows((), None)


@given(st.ip_addresses() | st.text() | st.none())
def test_never_raises(address):
    assert allows(parse("0.0.0.0/0 ::/0"), str(address)) == (
        isinstance(address, ipaddress.IPv4Address | ipaddress.IPv6Address)
        or _is_address(str(address))
    )


def _is_address(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
