"""How long a table of a million rows is locked while a column of it widens; `MEASURED=1` measures it."""

from __future__ import annotations

from warehouses.engines.base import Session
from warehouses.tests.engines.conftest import Bed
from warehouses.tests.engines.test_contract import WIDENINGS
from workspace.hub.columns import Column, Type
from workspace.tests.holes import MEASURED, seconds_of

ROWS = 1_000_000 if MEASURED else 1_000
MADE = {
    Type.BOOLEAN: "n % 2 = 0",
    Type.INTEGER: "n",
    Type.FLOAT: "n * 0.1::float8",
    Type.NUMERIC: "n * 0.01",
    Type.TIMESTAMP: "to_timestamp(n)",
}


def test_a_column_of_a_million_rows_widens_in_less_than_a_minute(bed: Bed, session: Session) -> None:
    pairs = [(old, new) for old, new, _ in WIDENINGS]
    session.create_table(bed.schema, "cases", [Column(f"{old}_{new}", old) for old, new in pairs])
    session.commit()
    names, values = ", ".join(f"{old}_{new}" for old, new in pairs), ", ".join(MADE[old] for old, _ in pairs)
    bed.read(
        f"INSERT INTO {bed.table('cases')} (id, uuid, {names})"
        f" SELECT n::text, repeat('x', 300), {values} FROM generate_series(1, {ROWS}) n"
    )
    took = {}
    for old, new in pairs:
        column = Column(f"{old}_{new}", new)

        def widen(column: Column = column) -> None:
            session.widen(bed.schema, "cases", column)
            session.commit()

        took[column.name] = seconds_of(widen)
    if MEASURED:
        print(", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items()))
    assert session.count(bed.schema, "cases").rows == ROWS
    assert max(took.values()) < 60
