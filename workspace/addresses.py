"""Which addresses are outside: everybody's, and not our own network's, however an address is spelled."""

from __future__ import annotations

import ipaddress

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_INSIDE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",  # shared behind a provider's NAT
        "192.0.0.0/24",
        "192.88.99.0/24",  # relays from IPv4 to IPv6
        "64:ff9b:1::/48",  # NAT64 for an operator's own use
        "fec0::/10",  # site-local, from before fd00::/8
    )
)


def is_public(address: str) -> bool:
    """Whether an IP address is anybody's; one of IPv6 that leads to one of IPv4 is judged by that."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or _nat64(ip)
        if inner is not None:
            return is_public(str(inner))
    own = any(ip in network for network in _INSIDE)
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or own)


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address a NAT64 gateway would reach (RFC 6052, well-known prefix)."""
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None
