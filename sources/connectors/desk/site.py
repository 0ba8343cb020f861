"""Where a Desk site is: from what people type to the address of its API."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from sources.connectors.base import SettingsError

DOMAIN = ".desk.com"
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PORTS = {"http": 80, "https": 443}


class Site(NamedTuple):
    """A site as people name it (`wxyz`, or a whole address outside desk.com) and where its API is, without a
    path."""

    subdomain: str
    base_url: str


def find_site(text: str, allowed_hosts: Iterable[str]) -> Site:
    """The site meant by `wxyz`, `wxyz.desk.com`, `https://wxyz.desk.com/agent`, or the address of an allowed
    host.

    Raises SettingsError in every other case.
    """
    typed = text.strip().lower()
    parts = _split(typed if "://" in typed else f"https://{typed}")
    if parts.username is not None or parts.scheme not in PORTS:
        raise _invalid("Enter the part before .desk.com, such as wxyz; leave out everything else.")
    base_url = f"{parts.scheme}://{parts.netloc}"
    if "://" in typed and is_allowed(base_url, allowed_hosts):
        return Site(base_url, base_url)
    name = (parts.hostname or "").removesuffix(DOMAIN)
    if LABEL.fullmatch(name) and parts.port is None:
        return Site(name, f"https://{name}{DOMAIN}")
    raise _elsewhere(parts.netloc, is_allowed(base_url, allowed_hosts))


def is_allowed(base_url: str, allowed_hosts: Iterable[str]) -> bool:
    """Whether the installation lets this address be private; hosts are listed as `name` or `name:port`, in any case."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    names = {host, name, f"{name}:{parts.port or PORTS[parts.scheme]}"}
    return not names.isdisjoint(allowed.lower() for allowed in allowed_hosts)


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - reading it is what checks it
    except ValueError:
        raise _invalid("This is no address; enter the part before .desk.com, such as wxyz.") from None
    return parts


def _elsewhere(host: str, allowed: bool) -> SettingsError:
    if allowed:
        return _invalid(f"Write the whole address, http://{host} or https://{host}.")
    return _invalid(
        f"{host} is not a desk.com subdomain, and this installation does not allow other servers.",
        "Enter the part before .desk.com, or ask whoever runs this installation to add the host to "
        "OUTBOUND_ALLOWED_HOSTS.",
    )


def _invalid(message: str, action: str = "") -> SettingsError:
    return SettingsError(message, code="invalid_site", field="subdomain", action=action)
