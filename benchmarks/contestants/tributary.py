"""Tributary itself, in a worker that has been at work before: source sync, warehouse sync, or both."""

from __future__ import annotations

import os
from typing import Any

import django

from benchmarks.contestants.phases import serve_phases
from workspace.launcher.exported import warehouse_fields

SLUG = "bench"


def load(phase: dict[str, Any]) -> None:
    """The part of the way that the phase names: `source`, `warehouse`, or both."""
    from sources import schedule as sources
    from sources import sync
    from warehouses import flush
    from warehouses import schedule as warehouses

    source = workspace(phase).sources.get()
    if phase.get("part") in ("", "source"):
        run = sources.request_sync(source, full=phase.get("full", False))
        sync.run_slice(run.pk)
        _succeeded(run)
    if phase.get("part") in ("", "warehouse"):
        flushed = warehouses.request_sync(source.schema.connections.get())
        flush.run_slice(flushed.pk)
        _succeeded(flushed)


def workspace(phase: dict[str, Any]) -> Any:
    """The workspace of the benchmark, made at the first phase: a source with only its cases on, and a warehouse."""
    from sources.connectors.desk import Desk
    from sources.models import Source
    from sources.setup import draft_source
    from warehouses.setup import add_warehouse
    from workspace.models import Workspace

    found, new = Workspace.objects.get_or_create(
        slug=SLUG, defaults={"name": "Benchmark", "plan": "unlimited"}
    )
    if new:
        warehouse = add_warehouse(found, "postgres", "Warehouse", warehouse_fields(phase["warehouse"]))
        source = draft_source(found, "desk", "Desk.com", schema_name="bench", warehouses=[warehouse])
        source.credentials = {"base_url": phase["site"], "email": "a@example.com", "password": "unused"}
        source.collections_off = [
            stream.collection for stream in Desk.streams if stream.collection != "cases"
        ]
        source.status = Source.Status.ENABLED
        source.save()
    return found


def _succeeded(run: Any) -> None:
    run.refresh_from_db()
    if run.status != "success":
        raise SystemExit(f"The run ended as {run.status}: {run.notices}")


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workspace.settings")
    django.setup()
    from workspace.celery import app

    app.loader.import_default_modules()  # what a worker has in memory
    serve_phases(load, workspace)
