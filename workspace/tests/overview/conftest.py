"""A workspace with something to look at: sources, a warehouse, runs of both kinds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from sources.models import Source, SourceSync
from warehouses.models import Connection, Warehouse, WarehouseSync
from workspace.hub.models import Collection, Schema
from workspace.models import Workspace
from workspace.runs import Run

SOON = timedelta(hours=1)


def add_source(workspace: Workspace, slug: str = "desk-com", **fields: Any) -> Source:
    """An enabled source that is due in an hour, with an empty collection."""
    schema = Schema.objects.create(workspace=workspace, name=slug.replace("-", "_"))
    Collection.objects.create(schema=schema, name="cases", objects_stored=1200, objects_deleted=34)
    plain = {"name": slug.capitalize(), "status": "enabled", "next_sync_at": timezone.now() + SOON}
    return Source.objects.create(
        workspace=workspace, schema=schema, kind="desk", slug=slug, **{**plain, **fields}
    )


def add_warehouse(workspace: Workspace, slug: str = "lake", **fields: Any) -> Warehouse:
    """An enabled warehouse that is due in an hour."""
    plain = {"name": slug.capitalize(), "next_sync_at": timezone.now() + SOON}
    return Warehouse.objects.create(workspace=workspace, kind="postgres", slug=slug, **{**plain, **fields})


def add_run(owner: Source | Connection, status: str = "success", ago: float = 60, **fields: Any) -> Any:
    """A run that was queued so many minutes ago; `at` in `fields` names the moment itself."""
    at: datetime = fields.pop("at", None) or timezone.now() - timedelta(minutes=ago)
    if status not in Run.ACTIVE:
        fields.setdefault("finished_at", at + timedelta(minutes=1))
    if status != Run.Status.QUEUED:
        fields.setdefault("started_at", at)
    fields |= {"status": status, "queued_at": at}
    if isinstance(owner, Source):
        return SourceSync.objects.create(source=owner, workspace_id=owner.workspace_id, **fields)
    return WarehouseSync.objects.create(connection=owner, workspace_id=owner.warehouse.workspace_id, **fields)


@pytest.fixture
def desk(acme: Workspace) -> Source:
    return add_source(acme, name="Desk.com")


@pytest.fixture
def lake(acme: Workspace) -> Warehouse:
    return add_warehouse(acme)


@pytest.fixture
def pair(desk: Source, lake: Warehouse) -> Connection:
    """Desk.com flows into Lake."""
    return Connection.objects.create(schema=desk.schema, warehouse=lake)
