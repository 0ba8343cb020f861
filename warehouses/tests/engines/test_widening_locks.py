"""How long a reader of a million rows waits while a column of them widens; `MEASURED=1` measures it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from warehouses.engines import postgres_widening
from warehouses.engines.base import Session
from warehouses.tests.engines.conftest import Bed, postgres_bed
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


def test_whoever_reads_a_million_rows_does_not_notice_that_a_column_widens(
    bed: Bed, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [(old, new) for old, new, _ in WIDENINGS]
    session.create_table(bed.schema, "cases", [Column(f"{old}_{new}", old) for old, new in pairs])
    session.commit()
    names, values = ", ".join(f"{old}_{new}" for old, new in pairs), ", ".join(MADE[old] for old, _ in pairs)
    bed.read(
        f"INSERT INTO {bed.table('cases')} (id, uuid, {names})"
        f" SELECT n::text, repeat('x', 300), {values} FROM generate_series(1, {ROWS}) n"
    )
    monkeypatch.setattr(postgres_widening, "LARGE", 0)
    waits = {}
    for old, new in pairs:
        column = Column(f"{old}_{new}", new)
        assert session.widens_aside(bed.schema, "cases", column)
        with reading(bed) as waited:
            session.widen_aside(bed.schema, "cases", column, lambda done: None)
        waits[column.name] = (max(waited), sum(waited))
        bed.read(f"VACUUM {bed.table('cases')}")
    if MEASURED:
        print(", ".join(f"{name}: {most:.2f} of {took:.0f} s" for name, (most, took) in waits.items()))
    assert session.count(bed.schema, "cases").rows == ROWS
    assert max(most for most, _ in waits.values()) < (1 if MEASURED else 30)


@contextmanager
def reading(bed: Bed) -> Iterator[list[float]]:
    """Somebody who looks a row up again and again meanwhile: how long each look took, in seconds."""
    waited: list[float] = []
    started, ended = threading.Event(), threading.Event()

    def look() -> None:
        with postgres_bed() as reader:
            while not ended.is_set():
                waited.append(seconds_of(lambda: reader.read(sql)))
                started.set()

    sql = f"SELECT FROM {bed.table('cases')} WHERE id = '7'"

    thread = threading.Thread(target=look)
    thread.start()
    try:
        assert started.wait(60)
        yield waited
    finally:
        ended.set()
        thread.join()
