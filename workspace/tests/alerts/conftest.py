"""A source whose runs end as told."""

from __future__ import annotations

from typing import Any

import pytest

from sources.models import Source
from warehouses.models import Connection
from workspace.alerts.models import Channel
from workspace.alerts.watching import follow_run
from workspace.models import Workspace
from workspace.tests.overview.conftest import add_run, add_source, add_warehouse

NOTICE = {"level": "error", "code": "x", "collection": "", "message": "Refused.", "action": "", "count": 1}


@pytest.fixture
def desk(acme: Workspace) -> Source:
    return add_source(acme, name="Desk.com")


@pytest.fixture
def pair(acme: Workspace, desk: Source) -> Connection:
    return Connection.objects.create(schema=desk.schema, warehouse=add_warehouse(acme))


def ended(owner: Source | Connection, status: str, ago: float = 1, **fields: Any) -> Any:
    """A run that ended so many minutes ago, followed by the alerts."""
    fields.setdefault("notices", [NOTICE] if status == "failed" else [])
    run = add_run(owner, status, ago=ago, **fields)
    follow_run(run)
    return run


def channel(workspace: Workspace, kind: str = "email", **settings: Any) -> Channel:
    """A channel with these settings."""
    made = Channel.objects.create(workspace=workspace, kind=kind, label="there")
    made.settings = settings or {"address": "ops@example.com"}
    made.save()
    return made
