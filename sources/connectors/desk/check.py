"""Are these credentials good? One request, and a sentence at the right field when they are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sources.connectors.base import Account, SettingsError
from sources.connectors.desk.client import DeskClient
from workspace.errors import PublicError, TransientError

CREDENTIALS = ("credentials_rejected", "forbidden")
CHECK_SECONDS = 9
"""For the whole test, which somebody waits for; the name servers' time is in it."""
BUSY = ("rate_limited", "server_error")


def check_account(client: DeskClient, settings: Mapping[str, Any]) -> Account:
    """Who we are at this site; raises SettingsError, or TransientError when the site is only busy."""
    who = "email" if settings.get("email") else "token"
    secret = "password" if settings.get("password") else "token_secret"
    try:
        user = client.object("users/current")
    except PublicError as error:
        if isinstance(error, TransientError) and error.code in BUSY:
            raise
        raise _at_field(error, client.host, secret if error.code in CREDENTIALS else "subdomain") from error
    if not isinstance(user.get("_links"), dict):
        raise _not_desk(client.host)
    level, name = str(user.get("level")), str(user.get("name") or "This user")
    if not level.startswith("siteadmin"):
        raise SettingsError(
            f"{name} is not an administrator of {client.host} but has the level {level}.",
            code="not_administrator",
            field=who,
            action="Use the credentials of an administrator; others do not see everything.",
        )
    return Account(client.host, {"User": name, "Level": level})


def silent(host: str) -> SettingsError:
    """Whoever is there says nothing."""
    message = f"{host} did not answer within {CHECK_SECONDS} s."
    return SettingsError(
        message, code="timed_out", field="subdomain", action="Try again, or check the subdomain."
    )


def _at_field(error: PublicError, host: str, field: str) -> SettingsError:
    if error.code == "timed_out":
        return silent(host)
    if error.code == "malformed_answer":
        return _not_desk(host)
    if error.code in ("not_found", "not_desk", "request_refused"):
        return SettingsError(
            f"There is no Desk site at {host}: {error.message}", code="site_not_found", field="subdomain"
        )
    return SettingsError(error.message, code=error.code, field=field, action=error.action)


def _not_desk(host: str) -> SettingsError:
    message = f"{host} answers, but not as a Desk site does."
    return SettingsError(message, code="not_desk", field="subdomain", action="Check the subdomain.")
