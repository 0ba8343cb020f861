"""Why a server's certificate is not trusted: libpq says only that it is not, so OpenSSL is asked once more.

The second look goes to the addresses that were looked at, sends nothing but the wish for TLS, and ends in seconds.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Sequence

SSL_REQUEST = struct.pack("!II", 8, 80877103)
PATIENCE = 2
"""Seconds for each step of the second look."""

EXPIRED, NOT_YET, SELF_SIGNED, UNKNOWN_AUTHORITY = "expired", "not_yet", "self_signed", "unknown_authority"
REASONS = {
    9: NOT_YET,
    10: EXPIRED,
    18: SELF_SIGNED,
    2: UNKNOWN_AUTHORITY,
    19: UNKNOWN_AUTHORITY,
    20: UNKNOWN_AUTHORITY,
    21: UNKNOWN_AUTHORITY,
}
"""OpenSSL's X509_V_ERR_… that have a sentence of their own."""


def why_not_trusted(addresses: Sequence[str], port: int, authorities: str) -> str:
    """One of the reasons above, or nothing when the second look cannot tell."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # a wrong name libpq tells by itself
    context.load_verify_locations(authorities)
    for address in addresses:
        try:
            _shake_hands(address, port, context)
        except ssl.SSLCertVerificationError as error:
            return REASONS.get(error.verify_code, "")
        except OSError:
            continue
    return ""


def _shake_hands(address: str, port: int, context: ssl.SSLContext) -> None:
    with socket.create_connection((address, port), PATIENCE) as line:
        line.sendall(SSL_REQUEST)
        if line.recv(1) == b"S":
            context.wrap_socket(line).close()
