"""System checks for settings that would hurt later."""

from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution
from django.db import connections


@register(Tags.security)
def credential_keys_are_usable(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without a valid key no source or warehouse could be saved or read."""
    if not settings.CREDENTIAL_KEYS:
        return [Error("CREDENTIAL_KEYS is empty.", hint=_HINT, id="workspace.E001")]
    try:
        for key in settings.CREDENTIAL_KEYS:
            Fernet(key)
    except ValueError:
        return [
            Error("CREDENTIAL_KEYS holds a value that is no Fernet key.", hint=_HINT, id="workspace.E002")
        ]
    return []


@register()
def plan_exists(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """New workspaces start on a plan that has to exist."""
    if settings.DEFAULT_PLAN in settings.PLANS:
        return []
    known = ", ".join(settings.PLANS)
    return [Error(f"DEFAULT_PLAN names no plan; known are {known}.", id="workspace.E003")]


@register(Tags.database, deploy=True)
def database_role_is_humble(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A role that may do more than it needs makes more of every other mistake; only where a database is named."""
    return [_too_mighty(*found) for alias in databases or () for found in _rights(alias)]


def _rights(alias: str) -> list[tuple[str, list[str]]]:
    """The role at work and what it should not be, if it is anything of that."""
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname = current_user"
        )
        role, *answers = cursor.fetchone()
    mighty = [right for right, answer in zip(RIGHTS, answers, strict=True) if answer]
    return [(role, mighty)] if mighty else []


def _too_mighty(role: str, mighty: list[str]) -> CheckMessage:
    without = " ".join(f"NO{right}" for right in mighty)
    return Caution(
        f"The role {role} of our own database is {', '.join(mighty)}, which nothing here needs.",
        hint=f'ALTER ROLE "{role}" {without}; or roles as in docs/operations.md, Rights in our own database.',
        id="workspace.W001",
    )


RIGHTS = ("SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS")
"""What a role can be beyond one that reads and writes."""

_HINT = (
    "Make one with: python -c 'from cryptography.fernet import Fernet as F; print(F.generate_key().decode())'"
)
