"""Adding a source: the steps of the wizard as functions, for its pages and the command line alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from sources.connectors import connector_for
from sources.models import Source, SourceSync
from sources.schedule import request_sync
from sources.tasks import enqueue
from sources.traffic import SharedTraffic
from workspace.errors import ConfigError
from workspace.forms import validated
from workspace.hub.models import Schema
from workspace.models import Workspace
from workspace.naming import schema_of, slug_of, unused, validate_schema_name
from workspace.runs import Run


def draft_source(
    workspace: Workspace, kind: str, name: str, *, schema_name: str = "", warehouses: Iterable[Any] = ()
) -> Source:
    """Step one: a source in setup, its schema, and its connections to the `warehouses` ticked.

    Without `schema_name` one is derived from the name. Raises ConfigError when the kind is unknown or not offered in
    the workspace's region, or the schema name is taken or impossible.
    """
    connector = connector_for(kind)
    if workspace.region not in connector.regions:
        message = (
            f"{connector.name} is not offered to workspaces in the region {workspace.get_region_display()}."
        )
        raise ConfigError(message, code="region")
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        schema = Schema.objects.create(workspace=workspace, name=_schema_name(workspace, name, schema_name))
        slug = unused(slug_of(name), lambda slug: workspace.sources.filter(slug=slug).exists(), "-")
        source = Source.objects.create(workspace=workspace, schema=schema, kind=kind, name=name, slug=slug)
        for warehouse in warehouses:
            warehouse.connections.create(schema=schema)
    return source


def connect_source(source: Source, fields: Mapping[str, Any]) -> SourceSync | None:
    """Step two: check the credentials, keep them sealed, and start the first sync.

    `fields` are those of the connector's form. Raises ConfigError naming what is wrong; nothing is saved then.
    Returns the queued first sync, None when the source was connected before.
    """
    settings = validated(source.connector.SettingsForm(dict(fields)))
    account = source.connector.check(settings, SharedTraffic(source.pk))
    first = source.status == Source.Status.SETUP
    with transaction.atomic():
        source.credentials, source.account = settings, account.name
        if first:
            source.status = Source.Status.ENABLED
            source.next_sync_at = timezone.now() + source.interval
        source.save()
        run = request_sync(source, Run.Trigger.SETUP) if first else None
    if run:
        enqueue(run.pk)
    return run


def _schema_name(workspace: Workspace, name: str, wanted: str) -> str:
    def taken(schema: str) -> bool:
        return workspace.schemas.filter(name=schema).exists()

    if not wanted:
        return unused(schema_of(name), taken, "_")
    validate_schema_name(wanted)
    if taken(wanted):
        raise ConfigError(f"Another source of this workspace uses the schema {wanted}.", code="schema_name")
    return wanted
