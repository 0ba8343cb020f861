"""Desk, Hub and warehouse side by side, with SQL of the drill's own."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from psycopg2.sql import SQL, Identifier

from workspace.drill.processes import Desk
from workspace.drill.servers import Database

COLLECTIONS = ("articles", "brands", "cases", "companies", "customers", "users", "feedbacks")
Stamps = dict[tuple[str, str], int]
HUB = """SELECT c.name, o.object_id, o.version, o.payload, o.payload_hash::text AS hash,
                o.deleted_at IS NOT NULL AS gone
         FROM hub_object o JOIN hub_collection c ON c.id = o.collection_id"""


@dataclass
class Counts:
    """What must be 0. `examples` name a few of what was counted."""

    lost: int = 0
    duplicated: int = 0
    regressed: int = 0
    half_visible: int = 0
    examples: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All of it."""
        return self.lost + self.duplicated + self.regressed + self.half_visible

    def add(self, kind: str, sentence: str, count: int = 1) -> None:
        """Count something and keep the first of it as examples."""
        setattr(self, kind, getattr(self, kind) + count)
        if len(self.examples) < 10:
            self.examples.append(f"{kind}: {sentence}")

    def take(self, other: Counts) -> None:
        """Add another's counts."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)
        del self.examples[10:]


class Checker:
    """Compares the three, and remembers the versions it has seen: none may ever fall."""

    def __init__(self, desk: Desk, app: Database, warehouse: Database, schema: str) -> None:
        self._desk, self._app, self._warehouse, self._schema = desk, app, warehouse, schema
        self._seen: dict[str, Stamps] = {"Hub": {}, "warehouse": {}}

    def check(self) -> Counts:
        """Everything that differs; nothing may be at work."""
        counts = Counts()
        stored: dict[str, dict[str, Any]] = {}
        for row in self._app.ask(HUB):
            stored.setdefault(row["name"], {})[row["object_id"]] = row
        for name in COLLECTIONS:
            hub, truth = stored.get(name, {}), self._desk.truth(name)
            rows = self._rows(name)
            table = {row["id"]: row for row in rows}
            self._compare_with_desk(counts, name, truth, hub)
            self._compare_with_hub(counts, name, hub, table)
            self._compare_values(counts, name, truth, table)
            if len(rows) > len(table):
                counts.add("duplicated", f"{name} in the warehouse", len(rows) - len(table))
            self._never_back(counts, "Hub", name, {key: row["version"] for key, row in hub.items()})
            self._never_back(counts, "warehouse", name, {key: row["_version"] for key, row in table.items()})
        return counts

    def _rows(self, name: str) -> list[dict[str, Any]]:
        sql = "SELECT 1 FROM pg_tables WHERE (schemaname, tablename) = (%s, %s)"
        if not self._warehouse.ask(sql, self._schema, name):
            return []
        return self._warehouse.ask(
            SQL("SELECT * FROM {}.{}").format(Identifier(self._schema), Identifier(name))
        )

    def _compare_with_desk(
        self, counts: Counts, name: str, truth: dict[str, dict[str, Any]], hub: dict[str, Any]
    ) -> None:
        for key, item in truth.items():
            stored = hub.get(key)
            if stored is None or stored["gone"]:
                counts.add("lost", f"{name} {key} is not in the Hub")
            elif not stands_for(item, stored["payload"]):
                counts.add("lost", f"a change of {name} {key} is not in the Hub")
        for key, stored in hub.items():
            if key not in truth and not stored["gone"]:
                counts.add("lost", f"the deletion of {name} {key} is not in the Hub")

    def _compare_with_hub(
        self, counts: Counts, name: str, hub: dict[str, Any], table: dict[str, Any]
    ) -> None:
        for key, stored in hub.items():
            row = table.get(key)
            expected = (stored["version"], stored["hash"], stored["gone"])
            if row is None:
                counts.add("lost", f"{name} {key} is not in the warehouse")
            elif (row["_version"], str(row["uuid"]), row["_deleted_at"] is not None) != expected:
                counts.add("lost", f"{name} {key} in the warehouse is not as in the Hub")
        for key in table.keys() - hub.keys():
            counts.add("duplicated", f"{name} {key} is in the warehouse and not in the Hub")

    def _compare_values(
        self, counts: Counts, name: str, truth: dict[str, dict[str, Any]], table: dict[str, Any]
    ) -> None:
        """Plain values as Desk has them, past the Hub."""
        for key, item in truth.items():
            row = table.get(key, {})
            wrong = [part for part, value in item.items() if part in row and not _same(value, row[part])]
            wrong = [part for part in wrong if part not in ("id", "received_at")]
            if wrong:
                counts.add("lost", f"{name} {key} in the warehouse: {', '.join(wrong)} not as at Desk")

    def _never_back(self, counts: Counts, where: str, name: str, versions: dict[str, int]) -> None:
        seen = self._seen[where]
        for key, version in versions.items():
            if version < seen.get((name, key), 0):
                counts.add("regressed", f"{name} {key} in the {where}")
            seen[name, key] = version


def stands_for(item: dict[str, Any], payload: dict[str, Any]) -> bool:
    """Whether the Hub has all that Desk says of an object: each property, and what its links tell."""
    links = item.get("_links") or {}
    own = f"{(links.get('self') or {}).get('href')}/"
    same = all(payload.get(part) == value for part, value in item.items() if part != "_links")
    return same and all(
        _tells(name, link, own, payload) for name, link in links.items() if link and name != "self"
    )


def _tells(name: str, link: dict[str, Any], own: str, payload: dict[str, Any]) -> bool:
    """A link beneath the object tells no more than its count; another one whom the object belongs to."""
    kept = (payload.get("_links") or {}).get(name) or {}
    if any(kept.get(key) != value for key, value in link.items() if key not in ("href", "class")):
        return False
    address = link["href"] or ""
    found = (payload.get(f"{name}_id"), payload.get(name), (kept.get("href") or "").rpartition("/")[2])
    return not address or address.startswith(own) or address.rpartition("/")[2] in found


def _same(value: Any, stored: Any) -> bool:
    """Whether a plain value survived; lists and objects are the business of the Hub's hash."""
    if isinstance(value, list | dict):
        return True
    if isinstance(stored, datetime):
        return isinstance(value, str) and datetime.fromisoformat(value).astimezone(UTC) == stored
    return bool(value == stored) or str(value) == str(stored)
