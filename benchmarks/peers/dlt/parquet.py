"""dlt at its best without own code: Parquet by ADBC, upsert, one table, two workers for every step."""

from __future__ import annotations

import os
from typing import Any

from benchmarks.contestants.phases import serve_phases
from benchmarks.peers.dlt.pipeline import UPSERT, cases, pipeline

WORKERS = {"EXTRACT__WORKERS": "2", "NORMALIZE__WORKERS": "2", "LOAD__WORKERS": "2"}
ROWS_PER_FILE = {
    "NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "20000",
    "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "20000",
}
"""Two workers need two files."""


def load(phase: dict[str, Any]) -> None:
    """Extract, normalize and load."""
    source = cases(phase, UPSERT)
    source.max_table_nesting = 0
    pipeline(phase).run(source, loader_file_format="parquet")


if __name__ == "__main__":
    os.environ |= WORKERS | ROWS_PER_FILE
    serve_phases(load)
