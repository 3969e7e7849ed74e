"""From which addresses a platform may call."""

import ipaddress
import re


def parse(text):
    """The networks of a list of addresses and CIDRs, separated by blanks or commas.

    ValueError naming the first entry that is none; host bits have to be zero, as
    ``10.0.0.5/8`` may mean one address or sixteen million.
    """
    networks = []
    for entry in re.split(r"[\s,;]+", (text or "").strip()):
        if entry:
            try:
                networks.append(ipaddress.ip_network(entry))
            except ValueError as error:
                raise ValueError(str(error)) from None
    return tuple(networks)


def allows(networks, address):
    """Whether the address is in one of the networks; every address where there is none.

    An IPv4 address that arrives on an IPv6 socket counts as what it is. Never raises.
    """
    if not networks:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in network for network in networks)
