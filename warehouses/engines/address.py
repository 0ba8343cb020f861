"""Where a database host really is: resolved once, and refused when that is inside our own network.

The connection goes to the addresses found here (libpq's `hostaddr`), never to the name again, so that a name cannot
lead elsewhere after it was looked at.
"""

from __future__ import annotations

import socket

from workspace.addresses import is_public
from workspace.errors import ConfigError, TransientError


def resolve(host: str, port: int, allowed_hosts: frozenset[str]) -> list[str]:
    """The host's addresses in the order to try them: one of each family, so that a dead host is soon known.

    Raises ConfigError when the name is unknown (`host_unknown`) or leads to a private, loopback or otherwise internal
    address (`address_internal`) without being in `allowed_hosts`, as `host` or `host:port`; TransientError when the
    name servers are away (`dns_away`).
    """
    addresses = _lookup(host, port)
    inside = [address for address in addresses if not is_public(address)]
    if inside and not is_allowed(host, port, allowed_hosts):
        raise ConfigError(
            f"{host} leads to {inside[0]}, an internal address that this installation does not connect to.",
            code="address_internal",
            action=f"Whoever runs this installation can allow it: OUTBOUND_ALLOWED_HOSTS={host}",
        )
    of_family: dict[bool, str] = {}
    for address in addresses:
        of_family.setdefault(":" in address, address)
    return list(of_family.values())


def is_allowed(host: str, port: int, allowed_hosts: frozenset[str]) -> bool:
    """Whether the operator named this host for development or on-premise use."""
    allowed = {entry.lower() for entry in allowed_hosts}
    return host.lower() in allowed or f"{host.lower()}:{port}" in allowed


def _lookup(host: str, port: int) -> list[str]:
    if host.startswith(("/", "@")) or "," in host:
        raise ConfigError(f"{host} is not the name of a host.", code="host_unknown")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise TransientError(
                f"The name {host} could not be looked up just now.", code="dns_away"
            ) from error
        raise _unknown(host) from error
    except (UnicodeError, OverflowError) as error:
        raise _unknown(host) from error
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def _unknown(host: str) -> ConfigError:
    return ConfigError(
        f"There is no host named {host}.", code="host_unknown", action="Check the host's spelling."
    )
