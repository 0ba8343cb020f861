"""dlt with its source and its normalizer replaced by code written for these cases: Arrow tables, upsert by ADBC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dlt
import pyarrow as pa

from benchmarks.contestants.pages import read_pages
from benchmarks.contestants.phases import serve_phases
from benchmarks.contestants.table import COLUMNS, as_row
from benchmarks.peers.dlt.pipeline import COLLECTION, FIRST, UPSERT, pipeline

TYPES = {"bigint": pa.int64(), "boolean": pa.bool_()}
SCHEMA = pa.schema([(name, TYPES.get(kind, pa.string())) for name, kind in COLUMNS.items()])
CHANGED = dlt.sources.incremental("updated_at", initial_value=FIRST)
ROWS = 10_000
"""In an Arrow table."""


def load(phase: dict[str, Any]) -> None:
    """Extract and load."""
    cases = dlt.resource(tables, name=COLLECTION, primary_key="id", write_disposition=UPSERT)
    pipeline(phase).run(cases(phase["site"]), loader_file_format="parquet")


def tables(site: str, changed: Any = CHANGED) -> Iterator[pa.Table]:
    """The cases that changed since the last time, so many rows to a table."""
    rows: list[dict[str, Any]] = []
    for page in read_pages(site, changed.start_value):
        rows += map(as_row, page)
        if len(rows) >= ROWS:
            yield pa.Table.from_pylist(rows, SCHEMA)
            rows = []
    if rows:
        yield pa.Table.from_pylist(rows, SCHEMA)


if __name__ == "__main__":
    serve_phases(load)
