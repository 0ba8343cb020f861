"""H: two hops, the floor for a product with a Hub. JSON and a hash into the Hub, then typed rows above a watermark."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson
import psycopg2

from benchmarks.contestants.pages import read_pages
from benchmarks.contestants.phases import serve_phases
from benchmarks.contestants.stream import Pieces
from benchmarks.contestants.table import CREATE, MERGE, NAMES, STAGE, copy_lines

BATCH = 1000
HUB = """CREATE TABLE IF NOT EXISTS hub (
    id bigint PRIMARY KEY, seq bigint GENERATED ALWAYS AS IDENTITY,
    hash uuid NOT NULL, doc json COMPRESSION lz4 NOT NULL);
CREATE INDEX IF NOT EXISTS hub_seq ON hub (seq);
CREATE TABLE IF NOT EXISTS watermark (seq bigint);
CREATE TEMP TABLE hub_stage (id bigint, hash uuid, doc json COMPRESSION lz4) ON COMMIT DELETE ROWS"""
UPSERT = """INSERT INTO hub (id, hash, doc) SELECT id, hash, doc FROM hub_stage
ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, doc = excluded.doc,
    seq = DEFAULT WHERE hub.hash IS DISTINCT FROM excluded.hash"""


def load(phase: dict[str, Any]) -> None:
    """Pages into the Hub, then the Hub into the table."""
    with psycopg2.connect(phase["hub"]) as hub, psycopg2.connect(phase["warehouse"]) as warehouse:
        with hub.cursor() as cursor:
            cursor.execute(HUB)
        hub.commit()
        for batch in _batches(read_pages(phase["site"], phase["since"])):
            _store(hub, batch)
        _flush(hub, warehouse)


def _batches(pages: Iterator[list[dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    for page in pages:
        batch += page
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _store(hub: Any, batch: list[dict[str, Any]]) -> None:
    documents = [(case["id"], orjson.dumps(case)) for case in batch]
    lines = [
        f"{number}\t{hashlib.md5(text, usedforsecurity=False).hexdigest()}\t"
        + text.decode().replace("\\", "\\\\")
        + "\n"
        for number, text in documents
    ]
    with hub.cursor() as cursor:
        cursor.copy_expert("COPY hub_stage FROM STDIN", Pieces(["".join(lines)]), 1 << 20)
        cursor.execute(UPSERT)
    hub.commit()


def _flush(hub: Any, warehouse: Any) -> None:
    with hub.cursor() as cursor, warehouse.cursor() as target:
        target.execute(CREATE.format("cases"))
        target.execute(STAGE)
        cursor.execute("SELECT coalesce(max(seq), 0) FROM watermark")
        (mark,) = cursor.fetchone()
        while rows := _after(cursor, mark):
            mark = rows[-1][0]
            lines = "".join(copy_lines(orjson.loads(text) for _, text in rows))
            target.copy_expert(f"COPY stage ({NAMES}) FROM STDIN", Pieces([lines]), 1 << 20)
            target.execute(MERGE)
            warehouse.commit()
        cursor.execute("DELETE FROM watermark; INSERT INTO watermark VALUES (%s)", [mark])
    hub.commit()


def _after(cursor: Any, mark: int) -> list[tuple[int, str]]:
    cursor.execute("SELECT seq, doc::text FROM hub WHERE seq > %s ORDER BY seq LIMIT %s", [mark, BATCH])
    return list(cursor.fetchall())


if __name__ == "__main__":
    serve_phases(load)
