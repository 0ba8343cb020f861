"""What the launcher exports, as those take it who want more than an address."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit


def warehouse_fields(url: str) -> dict[str, Any]:
    """The address of a database, such as WAREHOUSE_URL, as the form of a PostgreSQL warehouse takes it.

    The form wants a password even of a server that asks for none, and the launcher's own servers have no certificate.
    """
    parts = urlsplit(url)
    return {
        "host": parts.hostname,
        "port": parts.port or 5432,
        "database": parts.path.lstrip("/"),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or "") or "trusted",
        "tls": "disable",
    }
