"""HTTP to addresses that people type: never to private, loopback or link-local ones, never along a redirect."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from django.conf import settings
from requests import RequestException, Session
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Url, parse_url

from workspace.addresses import is_public
from workspace.errors import ConfigError, TransientError

SECONDS: tuple[float, float] = (5, 10)
PORTS = {"http": 80, "https": 443}


class OutsideAdapter(IPFilterAdapter):  # type: ignore[misc]
    """Looks the name up once, connects to the address it found, and to none inside."""

    def build_connection_pool_key_attributes(self, *args: Any, **options: Any) -> Any:
        """Refuse what the filter beneath lets pass as well."""
        host, pool = super().build_connection_pool_key_attributes(*args, **options)
        if not is_public(host["host"].strip("[]")):
            raise InvalidIPAddress(host["host"])
        return host, pool


def host_of(url: str) -> str:
    """The host of an address that may be posted to; raises ConfigError(code="webhook_refused")."""
    parts = _parse(url)
    if parts.scheme != "https" and not _is_allowed(parts):
        raise ConfigError("Webhooks are only sent over https.", code="webhook_refused")
    return str(parts.host)


def post(url: str, body: bytes, headers: dict[str, str]) -> None:
    """POST to an address outside; raises ConfigError when it is refused or answers 4xx, TransientError otherwise.

    Addresses are checked on the resolved IP that is then connected to. OUTBOUND_ALLOWED_HOSTS opens named hosts.
    """
    host = host_of(url)
    try:
        status = _send(url, body, headers, guarded=not _is_allowed(_parse(url)))
    except InvalidIPAddress:
        raise ConfigError(f"{host} is not an address outside.", code="webhook_refused") from None
    except (RequestException, HTTPError, ValueError):
        raise TransientError(f"{host} could not be reached.", code="webhook_unreachable") from None
    if status >= 500 or status == 429:
        raise TransientError(f"{host} answered {status}.", code="webhook_failed")
    if status >= 300:
        raise ConfigError(f"{host} answered {status}.", code="webhook_failed")


def _send(url: str, body: bytes, headers: dict[str, str], *, guarded: bool) -> int:
    """The status of the answer, whose body is left unread: it may have no end."""
    with Session() as session:
        session.trust_env = False  # neither proxies nor passwords out of .netrc
        if guarded:
            session.mount("https://", OutsideAdapter(is_https_proto=True))
        agent = {"User-Agent": f"Tributary/{settings.VERSION}"}
        with closing(
            session.post(
                url, body, headers=agent | headers, timeout=SECONDS, allow_redirects=False, stream=True
            )
        ) as answer:
            return int(answer.status_code)


def _parse(url: str) -> Url:
    """By the parser that is connected with: where two disagree about the host, one can be led past the other."""
    try:
        parts = parse_url(url)
    except HTTPError:
        parts = Url()
    if parts.scheme not in PORTS or not parts.host or parts.auth is not None or "\\" in url:
        raise ConfigError("This is no address of a webhook.", code="webhook_refused")
    return parts


def _is_allowed(parts: Url) -> bool:
    """Whether the operator named this host, as `name` or `name:port`."""
    host = str(parts.host)
    names = {host, host.strip("[]"), f"{host}:{parts.port or PORTS[str(parts.scheme)]}"}
    return not names.isdisjoint(settings.OUTBOUND_ALLOWED_HOSTS)
