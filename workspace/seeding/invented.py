"""Names, objects, notices and logs as a real account has them; nothing here is random, so that two seeds agree."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

TEAMS = (
    "Support",
    "Billing",
    "Returns",
    "Logistics",
    "Onboarding",
    "Partners",
    "Wholesale",
    "Press",
    "Claims",
    "VIP",
)
PLACES = (
    "Berlin",
    "Boston",
    "Lyon",
    "Madrid",
    "Osaka",
    "Oslo",
    "Porto",
    "Quito",
    "Sydney",
    "Toronto",
    "Vienna",
)
PEOPLE = ("ana", "ben", "chloe", "dmitri", "elif", "farah", "george", "hana", "ivan", "jun", "kofi", "lena")
WAREHOUSES = ("Analytics", "Finance", "Data science", "Staging", "Archive")
LONG_NAME = "Customer care for subsidiaries in Central and Eastern Europe, third-party brands included"

_SUBJECTS = ("Refund for order", "Login fails on", "Where is parcel", "Invoice is wrong for", "Please cancel")
_STATUSES = ("new", "open", "pending", "resolved", "closed")
_WORDS = ("priority", "position", "rating", "count", "score")

Notice = dict[str, Any]


def source_name(place: int) -> str:
    """The name of the n-th source, unlike all before it."""
    if place == 0:
        return "Desk.com"
    if place == 7:
        return LONG_NAME
    team, town = TEAMS[place % len(TEAMS)], PLACES[place // len(TEAMS) % len(PLACES)]
    again = place // (len(TEAMS) * len(PLACES))
    return f"{team} {town}" + (f" {again + 1}" if again else "")


def payload(properties: Iterable[str], variant: int) -> str:
    """An object with these properties as JSON, where `{id}`, `{created}` and `{updated}` stand for its own."""
    return json.dumps({name: _value(name, variant) for name in properties}, separators=(",", ":"))


def _value(name: str, variant: int) -> Any:
    if name == "id":
        return "{id}"
    if name.endswith("_at"):
        return "{created}" if name == "created_at" else "{updated}"
    if name.endswith("_id"):
        return str(100 + variant * 7)
    if name in ("custom_fields", "emails", "labels", "label_ids", "addresses", "phone_numbers"):
        return {"level": "gold", "tier": variant} if name == "custom_fields" else []
    if any(word in name for word in _WORDS):
        return variant % 10 + 1
    return _text(name, variant)


def _text(name: str, variant: int) -> Any:
    known = {
        "status": _STATUSES[variant % len(_STATUSES)],
        "subject": f"{_SUBJECTS[variant % len(_SUBJECTS)]} {4000 + variant}",
        "name": f"{PEOPLE[variant % len(PEOPLE)].title()} {PLACES[variant % len(PLACES)]}",
        "type": ("email", "chat", "phone", "twitter")[variant % 4],
        "language": ("en", "de", "fr")[variant % 3],
    }
    if name in known:
        return known[name]
    return None if variant % 3 else f"{name.replace('_', ' ')} {variant}"


def notice(
    level: str, code: str, message: str, collection: str = "", action: str = "", count: int = 1
) -> Notice:
    """One as `Run.notice` writes it."""
    return {
        "level": level, "code": code, "collection": collection, "message": message, "action": action, "count": count
    }  # fmt: skip


def source_notices(status: str, names: Sequence[str], variant: int) -> list[Notice]:
    """What a source sync of this status says."""
    name, host = names[variant % len(names)], "acme.desk.com"
    leave_out = "Connect with an administrator, or leave this collection out."
    check = "Check the email and password, or the four OAuth values."
    said = {
        "partial": [
            notice("error", "forbidden", f"{host} does not let this user read {name}.", name, leave_out),
            notice("warning", "quarantined", "3 records could not be stored: see the quarantine.", name),
        ],
        "failed": [
            notice(
                "error", "credentials_rejected", f"{host} does not accept these credentials.", action=check
            ),
            notice("error", "server_error", f"{host} failed on cases/search (HTTP 503).", name),
            notice("error", "timed_out", f"{host} did not answer in time.", name),
        ],
        "cancelled": [_CANCELLED],
    }
    return _one_of(said.get(status, []), variant)


def warehouse_notices(status: str, names: Sequence[str], variant: int) -> list[Notice]:
    """What a warehouse sync of this status says."""
    name, host = names[variant % len(names)], "db.example.com"
    lacks = f"The user loader lacks a right: permission denied for table {name}."
    check = "Check user and password; the database may also want its password set anew."
    said = {
        "partial": [
            notice(
                "error", "permission_denied", lacks, name, "GRANT CREATE ON DATABASE analytics TO loader;"
            ),
            notice("warning", "counts_differ", "The table has 4,811 rows, the Hub 4,812 objects.", name),
        ],
        "failed": [
            notice(
                "error",
                "credentials_rejected",
                "The database rejected the user loader or its password.",
                action=check,
            ),
            notice("error", "refused", f"Nothing listens on port 5432 of {host}."),
        ],
        "cancelled": [_CANCELLED],
        "skipped": [
            notice("info", "skipped", "The sync before it was still at work; this slot was skipped.")
        ],
    }
    return _one_of(said.get(status, []), variant)


_CANCELLED = notice("info", "cancelled", "The sync was cancelled; what it had done is kept.")


def _one_of(said: list[Notice], variant: int) -> list[Notice]:
    return [said[variant % len(said)]] if said else []
