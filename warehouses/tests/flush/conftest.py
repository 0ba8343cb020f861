"""A Hub schema that flows into the real database of the launcher, without any sync of its source before."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from pytest_django.fixtures import Settings

from warehouses import flush
from warehouses.models import Connection, Warehouse, WarehouseSync, Watermark
from warehouses.schedule import request_sync
from warehouses.tests.engines.conftest import Bed, postgres_bed
from workspace.hub.models import Collection, Schema
from workspace.hub.store import Entry, upsert
from workspace.models import Workspace


@dataclass
class Flow:
    """What reaches the warehouse of what is put into the Hub."""

    connection: Connection
    bed: Bed

    def collection(self, name: str = "cases") -> Collection:
        """A collection of the schema, made at its first mention."""
        return Collection.objects.get_or_create(schema=self.connection.schema, name=name)[0]

    def put(self, *entries: Entry, into: str = "cases") -> None:
        """Store objects in the Hub."""
        with transaction.atomic():
            upsert(self.collection(into), list(entries))

    def flush(self, *, seconds: float | None = None, turns: int = 50, **options: Any) -> WarehouseSync:
        """Ask for a sync and work on it to its end, or for so many turns."""
        run = request_sync(self.fresh())
        for _ in range(turns):
            if flush.run_slice(run.pk, seconds=seconds, **options):
                break
        run.refresh_from_db()
        return run

    def fresh(self) -> Connection:
        """The connection as it is stored now."""
        return Connection.objects.get(pk=self.connection.pk)

    def mark(self, name: str = "cases") -> Watermark:
        """The watermark of a collection."""
        return self.connection.watermarks.get(collection__name=name)

    def values(self, column: str, table: str = "cases") -> list[Any]:
        """A column of a table, by id."""
        return [
            value for (value,) in self.bed.read(f"SELECT {column} FROM {self.bed.table(table)} ORDER BY id")
        ]

    def alter(self, change: str, table: str = "cases") -> None:
        """What somebody does to a table behind our back."""
        self.bed.read(f"ALTER TABLE {self.bed.table(table)} {change}")


@pytest.fixture
def bed(settings: Settings) -> Iterator[Bed]:
    """The database, allowed for this installation, with a schema name nobody else uses."""
    with postgres_bed() as bed:
        settings.OUTBOUND_ALLOWED_HOSTS = bed.engine.allowed_hosts
        yield bed


@pytest.fixture
def flow(acme: Workspace, bed: Bed) -> Flow:
    """An empty schema on its way into the bed."""
    return make_flow(acme, bed)


def make_flow(workspace: Workspace, bed: Bed) -> Flow:
    """The schema named like the bed's, and the warehouse that is the bed."""
    schema = Schema.objects.create(workspace=workspace, name=bed.schema)
    source = {"kind": "desk", "name": "Desk.com", "slug": "desk-com", "status": "enabled"}
    apps.get_model("sources", "Source").objects.create(workspace=workspace, schema=schema, **source)
    warehouse = Warehouse(workspace=workspace, kind="postgres", name="W", slug="w")
    warehouse.settings = dict(bed.engine.settings)
    warehouse.save()
    return Flow(Connection.objects.create(warehouse=warehouse, schema=schema), bed)


@pytest.fixture
def elsewhere(bed: Bed) -> Iterator[Bed]:
    """Another database on the same server, empty."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    bed.read(f"CREATE DATABASE {name}")
    with postgres_bed(name) as other:
        other.schema = bed.schema
        yield other
    bed.read(f"DROP DATABASE {name} WITH (FORCE)")


def codes(run: WarehouseSync) -> list[str]:
    """What the notices of a run are about."""
    return [notice["code"] for notice in run.notices]


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten objects make a slice, each is committed, and more than ten changes are a large flush."""
    monkeypatch.setattr(flush, "SLICE_OBJECTS", 10)
    monkeypatch.setattr(flush, "TOGETHER", 10)
    monkeypatch.setattr(flush, "COMMIT_SECONDS", 0)
