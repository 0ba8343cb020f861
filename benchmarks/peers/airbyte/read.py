"""PyAirbyte into its PostgreSQL cache, merged by id.

As shipped it writes down how far it came, but does not hand that to a declarative source: all is read each time.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from benchmarks.contestants.phases import serve_phases
from benchmarks.peers.airbyte.manifest import MANIFEST


def load(phase: dict[str, Any]) -> None:
    """One read; the import costs seconds, and belongs to it."""
    os.environ |= {"AIRBYTE_PROJECT_DIR": phase["state"], "AIRBYTE_OFFLINE_MODE": "1"}
    import airbyte

    source = airbyte.get_source(
        "source-cases", {"site": phase["site"]}, source_manifest=MANIFEST, streams=["cases"]
    )
    source.read(cache(phase))


def cache(phase: dict[str, Any]) -> Any:
    """The warehouse as what PyAirbyte calls a cache."""
    from airbyte.caches import PostgresCache

    parts = urlsplit(phase["warehouse"])
    return PostgresCache(
        host=parts.hostname,
        port=parts.port or 5432,
        username=unquote(parts.username or ""),
        password=unquote(parts.password or "") or "trusted",
        database=parts.path.lstrip("/"),
        schema_name="bench",
        cache_dir=phase["state"],
    )


if __name__ == "__main__":
    serve_phases(load)
