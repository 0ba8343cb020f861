"""L: one hop, as tight as Python gets. http.client and orjson, one COPY, one guarded upsert; no Hub, no inference."""

from __future__ import annotations

from typing import Any

import psycopg2

from benchmarks.contestants.pages import read_pages
from benchmarks.contestants.phases import serve_phases
from benchmarks.contestants.stream import Pieces
from benchmarks.contestants.table import CREATE, MERGE, NAMES, STAGE, copy_lines


def load(phase: dict[str, Any]) -> None:
    """All pages of a phase into the table."""
    pieces = ("".join(copy_lines(page)) for page in read_pages(phase["site"], phase["since"]))
    with psycopg2.connect(phase["warehouse"]) as connection, connection.cursor() as cursor:
        cursor.execute(CREATE.format("cases"))
        cursor.execute(STAGE)
        cursor.copy_expert(f"COPY stage ({NAMES}) FROM STDIN", Pieces(pieces), 1 << 17)
        cursor.execute(MERGE)


if __name__ == "__main__":
    serve_phases(load)
