"""Adding a warehouse and what feeds it, for its pages and the command line alike."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from warehouses.engines import engine_for
from warehouses.models import Connection, Warehouse, WarehouseSync
from warehouses.schedule import next_time, request_sync
from warehouses.tasks import enqueue
from warehouses.watermarks import begin_anew
from workspace.errors import ConfigError
from workspace.forms import validated
from workspace.hub.models import Schema
from workspace.models import User, Workspace
from workspace.naming import slug_of, unused, validate_name
from workspace.runs import Run, request_cancel

RESERVED = frozenset({"add", "catalog"})
"""Words of our addresses, which are nobody's slug."""


def add_warehouse(
    workspace: Workspace,
    kind: str,
    name: str,
    fields: Mapping[str, Any],
    *,
    key: uuid.UUID | None = None,
    then: Callable[[Warehouse], object] = bool,
) -> Warehouse:
    """Test the connection and keep it, settings sealed; its schedule starts now.

    `fields` are those of the engine's form. Raises ConfigError when the plan's warehouses are used up, the form is
    incomplete, or the first step of the connection test that fails says what is wrong. Nothing is saved then.
    Asking twice with the same `key` adds one warehouse. `then` is called once, in the transaction that adds it.
    """
    pk = uuid.uuid5(uuid.UUID(int=workspace.pk), str(key or uuid.uuid4()))
    if known := workspace.warehouses.filter(pk=pk).first():
        return known
    validate_name(name)
    _refuse_beyond_plan(workspace)
    settings = validated(engine_for(kind).SettingsForm(dict(fields)))
    warehouse = Warehouse(id=pk, workspace=workspace, kind=kind, name=name, settings=settings)
    _refuse_unreachable(warehouse)
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # runs may start meanwhile
        if known := workspace.warehouses.filter(pk=pk).first():
            return known
        _refuse_beyond_plan(workspace)
        warehouse.slug = unused(slug_of(name), lambda slug: _is_taken(workspace, slug), "-")
        warehouse.created_at = timezone.now()
        warehouse.next_sync_at = next_time(warehouse, timezone.now())
        warehouse.save(force_insert=True)
        then(warehouse)
    return warehouse


def connect_warehouse(warehouse: Warehouse, fields: Mapping[str, Any]) -> None:
    """Test new settings and keep them; raises ConfigError like `add_warehouse`, the old ones stay then.

    A warehouse that is another database now is filled from the beginning.
    """
    warehouse.settings = validated(engine_for(warehouse.kind).SettingsForm(dict(fields)))
    _refuse_unreachable(warehouse)
    with transaction.atomic():
        stored = Warehouse.objects.select_for_update(no_key=True).get(pk=warehouse.pk)
        warehouse.save(update_fields=["settings"])
        if _place(stored) != _place(warehouse):
            for connection in warehouse.connections.all():
                begin_anew(connection)


def attach_schema(warehouse: Warehouse, schema: Schema, by: User) -> Connection:
    """Let a source's schema flow into the warehouse, beginning now with what the Hub has of it."""
    connection, _ = Connection.objects.get_or_create(warehouse=warehouse, schema=schema)
    if warehouse.enabled and schema.collections.filter(version__gt=0).exists():
        start_sync(connection, by, Run.Trigger.SETUP)
    return connection


def detach(connection: Connection) -> None:
    """End a connection and forget its history; tables and rows in the database stay."""
    for sync in connection.syncs.filter(status__in=Run.ACTIVE):
        request_cancel(sync)
    connection.delete()


def remove_warehouse(warehouse: Warehouse) -> None:
    """Forget a warehouse, its connections and their history; what is in the database stays."""
    for connection in warehouse.connections.all():
        detach(connection)
    warehouse.delete()


def start_sync(connection: Connection, by: User, trigger: str = Run.Trigger.MANUAL) -> WarehouseSync:
    """Have a worker sync the connection now; joins the sync that is under way."""
    sync = request_sync(connection, trigger, by=by)
    transaction.on_commit(lambda: enqueue(sync.pk))
    return sync


def beyond_plan(workspace: Workspace) -> str:
    """Why the plan allows no further warehouse; empty when it does."""
    plan = workspace.allowance
    if plan["warehouses"] is None or workspace.warehouses.count() < plan["warehouses"]:
        return ""
    return f"The {plan['label']} plan includes {plan['warehouses']} warehouse, and there is one already."


def _place(warehouse: Warehouse) -> list[Any]:
    settings = warehouse.known_settings()
    return [settings.get(name) for name in engine_for(warehouse.kind).place_fields]


def _refuse_unreachable(warehouse: Warehouse) -> None:
    for probe in warehouse.engine().check():
        if not probe.ok:
            raise ConfigError(probe.message, code=f"warehouse_{probe.name}", action=probe.action)


def _refuse_beyond_plan(workspace: Workspace) -> None:
    if refusal := beyond_plan(workspace):
        raise ConfigError(refusal, code="plan")


def _is_taken(workspace: Workspace, slug: str) -> bool:
    return slug in RESERVED or workspace.warehouses.filter(slug=slug).exists()
