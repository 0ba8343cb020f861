"""A workspace with a long history, to time pages on and to look at them full."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.utils import timezone

from workspace.models import Workspace
from workspace.naming import slug_of
from workspace.seeding import furniture, objects, runs

DAYS = 90


class Command(BaseCommand):
    help = (
        "Make a workspace with sources, warehouses and 90 days of runs, all invented. Its sources have no credentials: "
        "for timing and looking at pages only. An existing workspace is never touched."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", default="history", help="slug of the workspace to make")
        parser.add_argument(
            "--owner", default="owner@example.com", help="its owner; bootstrap sets the password"
        )
        parser.add_argument("--source-kind", default="desk")
        parser.add_argument("--warehouse-kind", default="postgres")
        for name, default in (("sources", 100), ("warehouses", 5), ("runs", 100_000), ("objects", 1_000_000)):
            parser.add_argument(f"--{name}", type=int, default=default)
        parser.add_argument("--audit", type=int, default=5_000, help="entries of the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, began = options["workspace"], time.monotonic()
        if slug != slug_of(slug):
            raise CommandError(f"{slug} cannot be a workspace's slug; try {slug_of(slug)}.")
        if Workspace.objects.filter(slug=slug).exists():
            raise CommandError(f"There is a workspace {slug} already; it is left as it is.")
        if options["sources"] < 1 or options["warehouses"] < 1:
            raise CommandError("At least one source and one warehouse are needed.")
        with transaction.atomic():
            _fill(furniture.add_workspace(slug, options["owner"].lower()), options)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as autovacuum would, only now
        self.stdout.write(f"Workspace {slug} is filled ({time.monotonic() - began:.0f} s).")


def _fill(workspace: Workspace, options: dict[str, Any]) -> None:
    sources = furniture.add_sources(workspace, options["source_kind"], options["sources"])
    warehouses = furniture.add_warehouses(workspace, options["warehouse_kind"], options["warehouses"])
    connections = furniture.connect(sources, warehouses)
    objects.add_objects(sources, options["objects"], DAYS)
    furniture.add_columns(sources, connections)
    furniture.add_oddities(sources[0])
    _add_runs(workspace, sources, connections, options["runs"])
    furniture.add_trail(workspace, options["audit"], timezone.now() - timedelta(days=DAYS))


def _add_runs(workspace: Workspace, sources: list[Any], connections: list[Any], count: int) -> None:
    """Three source syncs for two warehouse syncs, with everything that hangs on them."""
    names = [stream.collection for stream in sources[0].connector.streams]
    sides = (
        (apps.get_model("sources", "SourceSync"), "source", sources, count * 3 // 5),
        (apps.get_model("warehouses", "WarehouseSync"), "connection", connections, count - count * 3 // 5),
    )
    for model, owner, owners, share in sides:
        made = runs.templates(model, workspace, {owner: owners[0]}, names)
        runs.copy(model, made, owner, [one.pk for one in owners], share, DAYS)
        runs.sum_hours(model, workspace)
        runs.add_active(model, workspace, owner, owners)
    syncs, results = sides[1][0], apps.get_model("warehouses", "CollectionResult")
    runs.add_results(syncs, results, workspace)
    runs.sum_days(syncs, results, apps.get_model("warehouses", "RowsPerDay"), workspace)
