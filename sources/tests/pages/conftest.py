"""Sources whose pages are looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sources.models import Source, SourceSync
from workspace.hub.models import Schema
from workspace.models import Workspace


@pytest.fixture
def desk(acme: Workspace) -> Source:
    """A source of acme that is set up and enabled."""
    return make_source(acme)


def make_source(workspace: Workspace, name: str = "Desk.com", **fields: Any) -> Source:
    """A source as the wizard leaves it."""
    slug = name.lower().replace(" ", "-").replace(".", "-")
    schema = Schema.objects.create(workspace=workspace, name=slug.replace("-", "_"))
    due = timezone.now() + timedelta(hours=3)
    known = {"kind": "desk", "name": name, "slug": slug, "status": "enabled", "next_sync_at": due}
    return Source.objects.create(workspace=workspace, schema=schema, **{**known, **fields})


def make_run(source: Source, status: str = "success", minutes_ago: float = 5, **fields: Any) -> SourceSync:
    """A sync that was queued so long ago; one that has ended took a minute."""
    queued = timezone.now() - timedelta(minutes=minutes_ago)
    times: dict[str, Any] = {"queued_at": queued}
    if status != "queued":
        times["started_at"] = queued
    if status not in ("queued", "running"):
        times["finished_at"] = queued + timedelta(minutes=1)
    return SourceSync.objects.create(
        source=source, workspace=source.workspace, status=status, **{**times, **fields}
    )


def tally(**counts: Any) -> dict[str, Any]:
    """Counts of one collection as a sync keeps them."""
    names = ("read", "new", "changed", "unchanged", "deleted", "stale", "quarantined", "mended", "requests")
    return {**dict.fromkeys(names, 0), "begun": True, **counts}
