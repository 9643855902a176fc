"""Which network addresses the public internet's are, and so nobody's own machines. Pure.

In: an address, and networks that are allowed all the same. Out: yes or no. Whoever may give us a URL to post to could else make us
knock at the doors of our own network, or of the cloud's metadata (SSRF; OWASP Server Side Request Forgery Prevention). An address that
carries another one within is judged by that one too, since a gateway on the way would unpack it.
"""

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

#: Not marked in the standard library of every Python: shared by carriers (RFC 6598), for protocols (RFC 6890), 6to4's relays
#: (RFC 7526), reserved (RFC 1112); in IPv6 all outside what is handed out (RFC 4291: 2000::/3), unique local with the clouds'
#: metadata (fd00:ec2::254), site-local (RFC 3879) and discarded (RFC 6666).
_CLOSED: Final = (
    *map(ip_network, ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "240.0.0.0/4")),
    *map(ip_network, ("fc00::/7", "fec0::/10", "100::/64", "2001:db8::/32")),
)
_GLOBAL_IPV6: Final = IPv6Network("2000::/3")
#: NAT64 (RFC 6052 and 8215): the last 32 bits are an IPv4 address.
_NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


def may_be_reached(address: str, allowed: Sequence[Network] = ()) -> bool:
    """Whether a stranger's URL may lead to this address. False for what is no address at all."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    within = [parsed, *_carried(parsed)]
    return any(
        each.version == network.version and each in network for network in allowed for each in within
    ) or all(_is_public(each) for each in within)


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped or any(address in network for network in _NAT64):
            return True  # judged by what it carries
        if address not in _GLOBAL_IPV6:
            return False
    closed = any(address.version == network.version and address in network for network in _CLOSED)
    return address.is_global and not (closed or address.is_multicast or address.is_reserved)


def _carried(address: Address) -> list[Address]:
    if isinstance(address, IPv4Address):
        return []
    carried: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in _NAT64):
        carried.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in carried if each is not None]
