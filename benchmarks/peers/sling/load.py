"""Pages as CSV straight into sling's standard input, merged by id.

The script remembers nothing: it is told since when, as L and H are.
"""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from typing import IO, Any

from benchmarks.contestants.pages import read_pages
from benchmarks.contestants.phases import serve_phases
from benchmarks.contestants.table import COLUMNS, as_row
from benchmarks.environments import program

NAMES = {"bigint": "bigint", "boolean": "bool", "timestamptz": "timestampz", "text": "text"}
TYPES = {column: NAMES[kind] for column, kind in COLUMNS.items()}
"""Named, for what is empty in the first rows is guessed wrong."""


def load(phase: dict[str, Any]) -> None:
    """One sync."""
    command = [str(program("sling", "sling")), "run", "--tgt-conn", "BENCH", "--tgt-object", "bench.cases"]
    command += ["--mode", "incremental", "--primary-key", "id", "--columns", json.dumps(TYPES)]
    environ = os.environ | {"BENCH": f"{phase['warehouse']}?sslmode=disable"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=environ) as sling:
        assert sling.stdin  # noqa: S101
        write(phase, sling.stdin)
    if sling.returncode:
        raise SystemExit(f"sling ended with {sling.returncode}")


def write(phase: dict[str, Any], to: IO[bytes]) -> None:
    """All pages as CSV."""
    text = io.TextIOWrapper(to, "utf-8", newline="")
    rows = csv.DictWriter(text, list(COLUMNS), extrasaction="ignore")
    rows.writeheader()
    for page in read_pages(phase["site"], phase["since"]):
        rows.writerows(map(as_row, page))
    text.close()


if __name__ == "__main__":
    serve_phases(load)
