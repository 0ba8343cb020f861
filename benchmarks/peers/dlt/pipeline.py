"""What the ways of using dlt have in common: the pipeline, and the declarative REST source."""

from __future__ import annotations

from typing import Any

import dlt
from dlt.sources.rest_api import rest_api_source

COLLECTION = "cases"
UPSERT = {"disposition": "merge", "strategy": "upsert"}
FIRST = "1970-01-01T00:00:00Z"


def pipeline(phase: dict[str, Any]) -> Any:
    """A pipeline into the schema `bench`; what it remembers between phases is in the contest's own folder."""
    destination = dlt.destinations.postgres(phase["warehouse"])
    return dlt.pipeline(
        "bench", destination=destination, dataset_name="bench", pipelines_dir=f"{phase['state']}/dlt"
    )


def cases(phase: dict[str, Any], disposition: Any) -> Any:
    """All cases, and from the second time on those that changed since."""
    return rest_api_source(
        {
            "client": {
                "base_url": phase["site"],
                "paginator": {"type": "json_link", "next_url_path": "_links.next.href"},
            },
            "resources": [
                {
                    "name": COLLECTION,
                    "primary_key": "id",
                    "write_disposition": disposition,
                    "endpoint": {
                        "path": "cases",
                        "data_selector": "_embedded.entries",
                        "params": {"since": "{incremental.start_value}"},
                        "incremental": {"cursor_path": "updated_at", "initial_value": FIRST},
                    },
                }
            ],
        }
    )
