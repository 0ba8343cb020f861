"""Proof that the drill can find something: damage of every kind, planted in the warehouse and taken back."""

from __future__ import annotations

from workspace.drill.servers import eventually
from workspace.drill.stand import LOADER, SCHEMA, Stand

ROW = "(SELECT id FROM {0}.cases ORDER BY _version LIMIT 1)"
NEWEST = "(SELECT id FROM {0}.cases ORDER BY _version DESC LIMIT 1)"
KEEP = "CREATE TABLE {0}.kept AS SELECT * FROM {0}.cases"
DAMAGES = {
    "lost": (f"DELETE FROM {{0}}.cases WHERE id = {ROW}",),
    "duplicated": (
        "ALTER TABLE {0}.cases DROP CONSTRAINT cases_pkey",
        "INSERT INTO {0}.cases TABLE {0}.kept",
    ),
    "regressed": (f"UPDATE {{0}}.cases SET _version = _version - 1 WHERE id = {ROW}",),
    "half_visible": (f"DELETE FROM {{0}}.cases WHERE id <> {NEWEST}",),
}
UNDO = (
    "ALTER TABLE {0}.cases DROP CONSTRAINT IF EXISTS cases_pkey",
    "DELETE FROM {0}.cases",
    "INSERT INTO {0}.cases TABLE {0}.kept",
    "ALTER TABLE {0}.cases ADD PRIMARY KEY (id)",
    "DROP TABLE {0}.kept",
)
PLANTED = len(DAMAGES)


def find_all(stand: Stand) -> int:
    """How many kinds of damage were planted and found. DrillError for one that was not."""
    for kind, damage in DAMAGES.items():
        _do(stand, KEEP, *damage)
        stand.watch.forget()
        try:
            eventually(f"Planted rows that are {kind} are found", lambda kind=kind: _found(stand, kind), 10)
        finally:
            _do(stand, *UNDO)
            stand.watch.forget()
            stand.watch.taken()
    return PLANTED


def _found(stand: Stand, kind: str) -> bool:
    counts = stand.checker.check()
    counts.take(stand.watch.taken())
    return bool(getattr(counts, kind))


def _do(stand: Stand, *statements: str) -> None:
    stand.warehouse.ask(f"SET ROLE {LOADER}; " + "; ".join([*statements, "RESET ROLE"]).format(SCHEMA))
