"""Slugs and schema names: derived from what people type, unique in their workspace."""

from __future__ import annotations

import re
from collections.abc import Callable

from workspace.errors import ConfigError
from workspace.hub.columns import snake_case

RESERVED_SLUGS = frozenset(
    [
        "about",
        "account",
        "accounts",
        "admin",
        "api",
        "app",
        "assets",
        "auth",
        "billing",
        "blog",
        "catalog",
        "docs",
        "first",
        "health",
        "healthz",
        "help",
        "home",
        "invitation",
        "invitations",
        "legal",
        "livez",
        "login",
        "logout",
        "media",
        "metrics",
        "new",
        "oauth",
        "ping",
        "privacy",
        "profile",
        "readyz",
        "search",
        "security",
        "settings",
        "signup",
        "static",
        "status",
        "support",
        "terms",
        "users",
        "webhooks",
        "well-known",
        "workspace",
        "workspaces",
        "www",
    ]
)
"""What a workspace cannot be called: the first part of our own addresses, now or later."""

LONGEST_NAME = 100
SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def slug_of(name: str) -> str:
    """`Desk.com` → `desk-com`."""
    return snake_case(name).strip("_").replace("_", "-")[:50] or "unnamed"


def schema_of(name: str) -> str:
    """The schema of a source in every warehouse: `Desk.com` → `desk_com`, `3 Doors` → `_3_doors`, `PG 1` → `_pg_1`."""
    schema = snake_case(name)[:58] or "source"
    return f"_{schema}" if schema[0].isdigit() or _is_kept(schema) else schema


def validate_schema_name(name: str) -> None:
    """Raises ConfigError(code="schema_name") for a name that not every warehouse takes as it is."""
    if not SCHEMA_NAME.fullmatch(name):
        message = f"{name} cannot be a schema name: lower-case letters, digits and _ only, no digit first."
        raise ConfigError(message, code="schema_name")
    if _is_kept(name):
        raise ConfigError(f"Databases keep the schema name {name} for themselves.", code="schema_name")


def validate_name(name: str) -> None:
    """Raises ConfigError(code="name") for a name of a source or warehouse that is empty or too long."""
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        message = f"A name has 1 to {LONGEST_NAME} characters; this one has {len(name)}."
        raise ConfigError(message, code="name")


def unused(name: str, taken: Callable[[str], bool], joint: str) -> str:
    """The name itself, or with the first number behind it that is not taken."""
    candidate, number = name, 2
    while taken(candidate):
        candidate, number = f"{name}{joint}{number}", number + 1
    return candidate


def _is_kept(schema: str) -> bool:
    """Whether databases keep a schema name for themselves."""
    return schema.startswith("pg_") or schema == "information_schema"
