"""HTTP to addresses that people type: never to private, loopback or link-local ones, never along a redirect."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from requests import RequestException
from requests_hardened import Config, Manager

from workspace.errors import ConfigError, TransientError

SECONDS = (5, 10)


def post(url: str, body: bytes, headers: dict[str, str]) -> None:
    """POST to an address outside; raises ConfigError when it is refused or answers 4xx, TransientError otherwise.

    Addresses are checked on the resolved IP that is then connected to. OUTBOUND_ALLOWED_HOSTS opens named hosts.
    """
    parts = urlsplit(url)
    allowed = {parts.hostname, parts.netloc.lower()} & settings.OUTBOUND_ALLOWED_HOSTS
    if parts.scheme != "https" and not allowed:
        raise ConfigError("Webhooks are only sent over https.", code="webhook_refused")
    try:
        answer = _manager(filters=not allowed).send_request("POST", url, data=body, headers=headers)
    except (RequestException, ValueError) as error:
        if "IP" in type(error).__name__ or "address" in type(error).__name__.lower():
            raise ConfigError(
                f"{parts.hostname} is not an address outside.", code="webhook_refused"
            ) from None
        raise TransientError(f"{parts.hostname} could not be reached.", code="webhook_unreachable") from None
    if answer.status_code >= 500 or answer.status_code == 429:
        raise TransientError(f"{parts.hostname} answered {answer.status_code}.", code="webhook_failed")
    if answer.status_code >= 300:
        raise ConfigError(f"{parts.hostname} answered {answer.status_code}.", code="webhook_failed")


def _manager(*, filters: bool) -> Any:
    return Manager(
        Config(
            ip_filter_enable=filters,
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=SECONDS,
            user_agent_override=f"Tributary/{settings.VERSION}",
        )
    )
