"""The whole data path with real parts: the Desk sandbox over HTTP, the Hub and a PostgreSQL warehouse."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from psycopg2.sql import SQL, Identifier
from pytest_django.fixtures import Settings

from sources.sandbox.generator import generate
from sources.sandbox.server import PASSWORD, Sandbox
from sources.setup import connect_source, draft_source
from warehouses.setup import add_warehouse
from workspace.launcher.exported import warehouse_fields
from workspace.models import Workspace
from workspace.tests.path.stretch import Stretch


@pytest.fixture
def make_path(acme: Workspace, settings: Settings) -> Iterator[Callable[..., Stretch]]:
    """A function that sets up a path from a sandbox with so many cases; sandboxes stop and schemas go at the end."""
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({"127.0.0.1"})
    made: list[Stretch] = []

    def make(cases: int = 60, *, items: Any = None, rate_limit: int = 0, desk: Any = None) -> Stretch:
        if desk is None:
            desk = Sandbox(generate(cases, 1) if items is None else items, rate_limit=rate_limit).start()
        schema = f"desk_{uuid.uuid4().hex[:12]}"
        warehouse = add_test_warehouse(acme)
        source = draft_source(acme, "desk", "Desk.com", schema_name=schema, warehouses=[warehouse])
        connect_source(source, {"subdomain": desk.url, "email": "admin@example.com", "password": PASSWORD})
        made.append(Stretch(desk, source, warehouse.connections.get()))
        return made[-1]

    yield make
    for path in made:
        path.desk.stop()
        path.ask(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(path.schema)))


@pytest.fixture
def path(make_path: Callable[..., Stretch]) -> Stretch:
    """A path from sixty cases."""
    return make_path()


def add_test_warehouse(workspace: Workspace) -> Any:
    """The database that the launcher provides, added like a customer's."""
    fields = warehouse_fields(os.environ["WAREHOUSE_URL"])
    return add_warehouse(workspace, "postgres", "Warehouse", fields)
