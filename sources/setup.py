"""Adding a source: the steps of the wizard as functions, for its pages and the command line alike."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from sources.connectors import connector_for
from sources.connectors.base import Account
from sources.models import Source, SourceSync
from sources.schedule import request_sync
from sources.tasks import enqueue
from sources.traffic import BriefTraffic
from workspace.errors import ConfigError
from workspace.forms import validated
from workspace.hub.models import Schema
from workspace.hub.signals import schema_renaming
from workspace.hub.store import forget
from workspace.models import User, Workspace
from workspace.naming import schema_of, slug_of, unused, validate_name, validate_schema_name
from workspace.runs import Run, request_cancel

RESERVED = frozenset({"catalog", "setup"})
"""Words of our addresses, which are nobody's slug."""


def draft_source(
    workspace: Workspace,
    kind: str,
    name: str,
    *,
    schema_name: str = "",
    warehouses: Iterable[Any] = (),
    key: uuid.UUID | None = None,
    then: Callable[[Source], object] = bool,
) -> Source:
    """Step one: a source in setup, its schema, and its connections to the `warehouses` ticked.

    Without `schema_name` one is derived from the name. Raises ConfigError when the kind is unknown or not offered in
    the workspace's region, or the schema name is taken or impossible. Asking twice with the same `key` makes one
    draft. `then` is called once, in the transaction that makes it.
    """
    validate_name(name)
    refuse_region(workspace, kind)
    pk = _pk_of(workspace, key or uuid.uuid4())
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        if known := workspace.sources.filter(pk=pk).first():
            return known
        schema = Schema.objects.create(workspace=workspace, name=_schema_name(workspace, name, schema_name))
        slug = unused(slug_of(name), lambda slug: _is_taken(workspace, slug), "-")
        source = Source.objects.create(
            id=pk, workspace=workspace, schema=schema, kind=kind, name=name, slug=slug
        )
        set_warehouses(source, warehouses)
        then(source)
    return source


def find_draft(workspace: Workspace, key: uuid.UUID) -> Source | None:
    """The source that `draft_source` made for this key, as long as nothing but its name has been chosen."""
    drafts = workspace.sources.filter(status=Source.Status.SETUP, credentials__isnull=True)
    return drafts.select_related("schema").filter(pk=_pk_of(workspace, key)).first()


def refuse_region(workspace: Workspace, kind: str) -> None:
    """Raises ConfigError(code="region") when this kind is not offered where the workspace is."""
    connector = connector_for(kind)
    if workspace.region not in connector.regions:
        region = workspace.get_region_display()
        message = f"{connector.name} is not offered to workspaces in the region {region}."
        raise ConfigError(message, code="region")


def change_draft(source: Source, name: str, schema_name: str, warehouses: Iterable[Any]) -> None:
    """Step one again, while nothing has been read yet; raises ConfigError like `draft_source`."""
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=source.workspace_id)
        if schema_name != source.schema.name:
            source.schema.name = _schema_name(source.workspace, name, schema_name)
            source.schema.save(update_fields=["name"])
        source.name = name
        source.save(update_fields=["name"])
        source.schema.connections.all().delete()
        set_warehouses(source, warehouses)


def set_warehouses(source: Source, warehouses: Iterable[Any]) -> None:
    """Let the source flow into these."""
    for warehouse in warehouses:
        warehouse.connections.create(schema=source.schema)


def try_source(source: Source, fields: Mapping[str, Any]) -> Account:
    """Check credentials without keeping them; raises ConfigError naming what is wrong."""
    settings = validated(source.connector.SettingsForm(dict(fields)))
    return source.connector.check(settings, BriefTraffic())


def check_source(source: Source, fields: Mapping[str, Any]) -> None:
    """Step two: check the credentials and keep them sealed.

    `fields` are those of the connector's form. Raises ConfigError naming what is wrong; nothing is saved then.
    """
    account = try_source(source, fields)
    source.credentials = validated(source.connector.SettingsForm(dict(fields)))
    source.account = account.name
    source.save(update_fields=["credentials", "account"])


def rename_schema(source: Source, name: str) -> None:
    """Give the schema another name, in the Hub and in every warehouse it flows into.

    Raises ConfigError for a name that is taken or impossible, and what a warehouse says when it cannot rename; nothing
    is renamed then.
    """
    if name == source.schema.name:
        return
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=source.workspace_id)
        wanted = _schema_name(source.workspace, source.name, name)
        schema_renaming.send(sender=Source, schema=source.schema, name=wanted)
        source.schema.name = wanted
        source.schema.save(update_fields=["name"])


def delete_source(source: Source) -> None:
    """Delete a source with all that the Hub has of it; tables in warehouses stay."""
    schema = source.schema
    for run in source.syncs.filter(status__in=Run.ACTIVE):
        request_cancel(run)
    source.delete()
    for collection in schema.collections.all():
        forget(collection)
    schema.delete()


def start_source(
    source: Source, *, by: User | None = None, collections_off: Sequence[str] | None = None
) -> SourceSync | None:
    """The last step: enable the source and start its first sync; None when that has happened before."""
    with transaction.atomic():
        locked = Source.objects.select_for_update().get(pk=source.pk)
        if locked.status != Source.Status.SETUP:
            return None
        source.status = Source.Status.ENABLED
        source.next_sync_at = timezone.now() + source.interval
        source.collections_off = locked.collections_off if collections_off is None else list(collections_off)
        source.save(update_fields=["status", "next_sync_at", "collections_off"])
        run = request_sync(source, Run.Trigger.SETUP, by=by)
        transaction.on_commit(lambda: enqueue(run.pk))
    return run


def connect_source(source: Source, fields: Mapping[str, Any]) -> SourceSync | None:
    """Check and keep credentials, and start the first sync of a source that is in setup, all at once."""
    check_source(source, fields)
    return start_source(source)


def discard_draft(source: Source) -> None:
    """Throw away a source that never ran, with its schema's name."""
    delete_source(source)


def derived_schema(workspace: Workspace, name: str) -> str:
    """The schema name a source of this name would get."""
    return _schema_name(workspace, name, "")


def _pk_of(workspace: Workspace, key: uuid.UUID) -> uuid.UUID:
    return uuid.uuid5(uuid.UUID(int=workspace.pk), str(key))


def _is_taken(workspace: Workspace, slug: str) -> bool:
    return slug in RESERVED or workspace.sources.filter(slug=slug).exists()


def _schema_name(workspace: Workspace, name: str, wanted: str) -> str:
    def taken(schema: str) -> bool:
        return workspace.schemas.filter(name=schema).exists()

    if not wanted:
        return unused(schema_of(name), taken, "_")
    validate_schema_name(wanted)
    if taken(wanted):
        raise ConfigError(f"Another source of this workspace uses the schema {wanted}.", code="schema_name")
    return wanted
