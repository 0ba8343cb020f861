"""What stands in the seeded workspace: people, sources, warehouses, connections, columns, the audit trail."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.utils import timezone

from workspace.audit import GENESIS, seal
from workspace.hub.models import Collection, HeldDeletion, Schema
from workspace.models import AuditEvent, Membership, RoleGrant, User, Workspace
from workspace.naming import schema_of, slug_of
from workspace.seeding import invented

Role = RoleGrant.Role
COLUMN_TYPES = ("text", "text", "integer", "timestamp", "boolean", "numeric")


def add_workspace(slug: str, owner: str) -> Workspace:
    """A workspace with its owner, who can only sign in once `bootstrap` has set a password, and its members."""
    workspace = Workspace.objects.create(slug=slug, name=slug.replace("-", " ").title(), plan="unlimited")
    for place, name in enumerate(("", *invented.PEOPLE)):
        email = f"{name}@{slug}.example.com" if name else owner
        user = User.objects.filter(email=email).first() or User.objects.create_user(email)
        membership = Membership.objects.create(user=user, workspace=workspace)
        role = Role.values[place % len(Role.values)] if place else Role.OWNER
        RoleGrant.objects.create(membership=membership, role=role)
    return workspace


def add_sources(workspace: Workspace, kind: str, count: int) -> list[Any]:
    """So many sources with the collections of their kind; most enabled, some late, off or in setup."""
    model, now = apps.get_model("sources", "Source"), timezone.now()
    names = [invented.source_name(place) for place in range(count)]
    schemas = [
        Schema(workspace=workspace, name=f"{schema_of(name)[:50]}_{n}") for n, name in enumerate(names)
    ]
    Schema.objects.bulk_create(schemas)
    sources = [
        model(
            workspace=workspace,
            schema=schema,
            kind=kind,
            name=name,
            slug=f"{slug_of(name)[:50]}-{place}",
            status=_switch(place),
            account=f"{slug_of(name)[:20]}.desk.com",
            next_sync_at=now + timedelta(minutes=place % 180 + 1)
            if place % 40
            else now - timedelta(minutes=20),
        )
        for place, (name, schema) in enumerate(zip(names, schemas, strict=True))
    ]
    model.objects.bulk_create(sources)
    streams = enumerate(stream.collection for stream in sources[0].connector.streams)
    in_order = list(streams)
    Collection.objects.bulk_create(
        Collection(schema=schema, name=name, position=position)
        for schema in schemas
        for position, name in in_order
    )
    return sources


def _switch(place: int) -> str:
    if place == 0:
        return "enabled"
    return {17: "disabled", 31: "setup"}.get(place % 33, "enabled")


def add_warehouses(workspace: Workspace, kind: str, count: int) -> list[Any]:
    """So many warehouses, the last one disabled. Their database does not exist."""
    model = apps.get_model("warehouses", "Warehouse")
    settings = {
        "host": "db.example.com", "port": 5432, "database": "analytics", "user": "loader", "password": "unused",
        "tls": "require",
    }  # fmt: skip
    made = []
    for place in range(count):
        name = invented.WAREHOUSES[place % len(invented.WAREHOUSES)] + (f" {place}" if place > 4 else "")
        warehouse = model(workspace=workspace, kind=kind, name=name, slug=slug_of(name), settings=settings)
        warehouse.enabled = place + 1 < count or count == 1
        warehouse.next_sync_at = timezone.now() + timedelta(minutes=place + 2)
        made.append(warehouse)
    return list(model.objects.bulk_create(made))


def connect(sources: list[Any], warehouses: list[Any]) -> list[Any]:
    """Every source to one warehouse, every fourth to a second one."""
    model = apps.get_model("warehouses", "Connection")
    pairs = {(place % len(warehouses), place) for place in range(len(sources))}
    pairs |= {((place + 1) % len(warehouses), place) for place in range(0, len(sources), 4)}
    return list(
        model.objects.bulk_create(
            model(warehouse=warehouses[right], schema_id=sources[left].schema_id)
            for right, left in sorted(pairs)
        )
    )


def add_columns(sources: list[Any], connections: list[Any]) -> None:
    """The columns of every table, and how far each has been flushed and read: as far as the Hub is."""
    cursor = apps.get_model("sources", "Cursor")
    column, watermark = (apps.get_model("warehouses", name) for name in ("Column", "Watermark"))
    properties = {s.collection: s.properties for s in sources[0].connector.streams}
    by_schema: dict[int, list[Collection]] = {}
    for collection in Collection.objects.filter(schema__source__in=sources):
        by_schema.setdefault(collection.schema_id, []).append(collection)
    flushed = [(link, collection) for link in connections for collection in by_schema[link.schema_id]]
    watermark.objects.bulk_create(
        watermark(connection=link, collection=collection, version=collection.version)
        for link, collection in flushed
    )
    column.objects.bulk_create(
        (
            column(
                connection=link,
                collection=collection,
                name=name,
                type=COLUMN_TYPES[place % len(COLUMN_TYPES)],
                reason=f"New column {name}.",
            )
            for link, collection in flushed
            for place, name in enumerate(properties[collection.name])
        ),
        batch_size=2000,
    )
    cursor.objects.bulk_create(
        cursor(source=source, collection=collection, full_read_at=timezone.now() - timedelta(days=2))
        for source in sources
        for collection in by_schema[source.schema_id]
    )


def add_oddities(source: Any) -> None:
    """Records set aside, and deletions held for an admin, in a source's last collection."""
    collection = Collection.objects.filter(schema=source.schema).last()
    quarantined = apps.get_model("sources", "Quarantined")
    quarantined.objects.bulk_create(
        quarantined(
            source=source,
            collection=collection,
            raw=f'{{"id": {number}, "subject": "cut o',
            digest=UUID(int=number),
            reason="The answer ended in the middle of a record.",
        )
        for number in range(3)
    )
    HeldDeletion.objects.bulk_create(
        HeldDeletion(collection=collection, object_id=str(number)) for number in range(1, 31)
    )


ACTIONS = ("source.created", "source.connected", "warehouse.created", "selection.changed", "schedule.changed")


def add_trail(workspace: Workspace, count: int, since: datetime) -> None:
    """So many entries of the audit trail, sealed one over the other like real ones."""
    step, before, made = (timezone.now() - since) / max(count, 1), GENESIS, []
    for number in range(1, count + 1):
        event = AuditEvent(
            workspace=workspace,
            number=number,
            at=since + step * number,
            actor=f"{invented.PEOPLE[number % len(invented.PEOPLE)]}@{workspace.slug}.example.com",
            action=ACTIONS[number % len(ACTIONS)],
            target=invented.source_name(number % 100)[:200],
            details={"before": {"minutes": number % 60}, "after": {"minutes": number % 60 + 1}},
        )
        event.seal = before = seal(event, before)
        made.append(event)
    AuditEvent.objects.bulk_create(made, batch_size=1000)
