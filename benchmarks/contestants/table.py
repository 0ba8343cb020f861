"""The table that L and H load: its columns are known to them, unlike to anybody else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

COLUMNS: dict[str, str] = {
    "id": "bigint",
    "external_id": "text",
    "blurb": "text",
    "subject": "text",
    "priority": "bigint",
    "locked_until": "timestamptz",
    "label_ids": "text",
    "active_at": "timestamptz",
    "changed_at": "timestamptz",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
    "first_opened_at": "timestamptz",
    "opened_at": "timestamptz",
    "first_resolved_at": "timestamptz",
    "resolved_at": "timestamptz",
    "status": "text",
    "active_notes_count": "bigint",
    "active_attachments_count": "bigint",
    "has_pending_interactions": "boolean",
    "has_failed_interactions": "boolean",
    "description": "text",
    "language": "text",
    "received_at": "timestamptz",
    "type": "text",
    "labels": "text",
    "route_status": "text",
    "custom_fields": "text",
    "customer_id": "text",
    "assigned_user_id": "text",
    "assigned_group_id": "text",
}
NAMES = ", ".join(COLUMNS)
CREATE = (
    "CREATE TABLE IF NOT EXISTS {} ("
    + ", ".join(f"{n} {t}" for n, t in COLUMNS.items())
    + ", PRIMARY KEY (id))"
)
STAGE = "CREATE TEMP TABLE IF NOT EXISTS stage (LIKE cases) ON COMMIT DELETE ROWS"
MERGE = (
    f"INSERT INTO cases ({NAMES}) SELECT {NAMES} FROM stage ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "id")
    + " WHERE cases.updated_at IS DISTINCT FROM excluded.updated_at"
)

_JSON = ("label_ids", "labels", "custom_fields")
_ORDER = list(COLUMNS)


def copy_lines(cases: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Cases as lines of COPY text."""
    for case in cases:
        as_row(case)
        yield "\t".join([_cell(case[name]) for name in _ORDER]) + "\n"


def as_row(case: dict[str, Any]) -> dict[str, Any]:
    """The case itself, with a value for each column."""
    links = case["_links"]
    case["customer_id"] = _last(links["customer"])
    case["assigned_user_id"] = _last(links["assigned_user"])
    case["assigned_group_id"] = _last(links["assigned_group"])
    for name in _JSON:
        case[name] = orjson.dumps(case[name]).decode()
    return case


def _cell(value: Any) -> str:
    if value is None:
        return "\\N"
    if type(value) is not str:
        return str(value)
    if "\\" in value or "\n" in value or "\r" in value or "\t" in value:
        return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return value


def _last(link: dict[str, Any] | None) -> str | None:
    return link["href"].rpartition("/")[2] if link else None
