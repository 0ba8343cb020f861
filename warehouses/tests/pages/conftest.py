"""Pages of warehouses against the real database that the launcher provides."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from pytest_django.fixtures import Settings

from warehouses.models import Connection, Warehouse
from warehouses.tests.engines.conftest import Bed, postgres_bed
from workspace.hub.models import Collection, Schema
from workspace.hub.store import upsert
from workspace.models import Workspace
from workspace.tests.fixtures import entry

PASSWORD = "a-secret-nobody-sees"


@pytest.fixture
def bed(settings: Settings) -> Iterator[Bed]:
    """The database, allowed for this installation, with a schema name nobody else uses."""
    with postgres_bed() as bed:
        settings.OUTBOUND_ALLOWED_HOSTS = bed.engine.allowed_hosts
        yield bed


@pytest.fixture
def fields(bed: Bed) -> dict[str, Any]:
    """What somebody types into the form of Postgres."""
    typed = {name: bed.engine.settings[name] for name in ("host", "port", "database", "user", "tls")}
    return {**typed, "password": bed.engine.settings["password"] or PASSWORD}


@pytest.fixture
def form(fields: dict[str, Any]) -> dict[str, Any]:
    """The whole form of *Add warehouse*."""
    return {"name": "Production", "key": str(uuid.uuid4()), **fields}


@pytest.fixture
def make_source(acme: Workspace) -> Callable[..., Any]:
    """A function that makes a source whose Hub has two cases; `schema` is its schema's name."""

    def make(name: str = "Desk.com", schema: str = "desk_com", objects: int = 2) -> Any:
        made = Schema.objects.create(workspace=acme, name=schema)
        cases = Collection.objects.create(schema=made, name="cases")
        upsert(cases, [entry(str(number), subject=f"Case {number}", priority=2) for number in range(objects)])
        fields = {"kind": "desk", "name": name, "slug": schema.replace("_", "-"), "status": "enabled"}
        return apps.get_model("sources", "Source").objects.create(workspace=acme, schema=made, **fields)

    return make


@pytest.fixture
def source(make_source: Callable[..., Any], bed: Bed) -> Any:
    """Desk.com, under a schema of its own in the database."""
    return make_source(schema=bed.schema)


@pytest.fixture
def warehouse(acme: Workspace, bed: Bed, fields: dict[str, Any]) -> Warehouse:
    """A warehouse that reaches the database."""
    warehouse = Warehouse(workspace=acme, kind="postgres", name="Production", slug="production")
    warehouse.settings = {**fields, "ca": ""}
    warehouse.save()
    return warehouse


@pytest.fixture
def connection(warehouse: Warehouse, source: Any) -> Connection:
    """Desk.com flowing into it."""
    return Connection.objects.create(warehouse=warehouse, schema=source.schema)
