"""A worker dies at each single step of a sync and a flush; after one further run everything is as at Desk.

The suite takes a few of the commits, before and after; `EVERY_STEP=1 pytest …/test_every_step.py` takes every commit,
statement, request and message.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sources.models import SourceSync
from sources.sync import run_slice as run_source_slice
from warehouses.flush import run_slice as run_warehouse_slice
from warehouses.models import WarehouseSync
from workspace.runs import Run, orphans
from workspace.tests.path.steps import COMMIT, EVERY, dies_at
from workspace.tests.path.stretch import COLLECTIONS, Stretch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("kills")]
ALL = bool(os.environ.get("EVERY_STEP"))
COUNTED = EVERY if ALL else frozenset({COMMIT})
STRIDE = 1 if ALL else 9
ENOUGH = 2000


def test_a_source_sync_may_die_at_any_step(make_path: Callable[..., Stretch]) -> None:
    path = make_path(12)
    for step in range(1, ENOUGH, STRIDE):
        happen(path, step)
        died = dies_at(step, lambda: path.sync(full=True), COUNTED)
        go_on()
        path.sync()
        path.assert_hub_equals_desk()
        if not died:
            break
    assert 20 < step < ENOUGH - STRIDE
    path.flush()
    path.assert_warehouse_equals_hub()


def test_a_flush_may_die_at_any_step(make_path: Callable[..., Stretch]) -> None:
    path = make_path(12)
    path.sync()
    for step in range(1, ENOUGH, STRIDE):
        happen(path, step)
        path.sync()
        before = shown(path)
        died = dies_at(step, path.flush, COUNTED)
        left = shown(path)
        go_on()
        path.flush()
        assert left in (before, shown(path)), "a half flush was visible"
        path.assert_warehouse_equals_hub()
        if not died:
            break
    assert 5 < step < ENOUGH - STRIDE
    path.assert_hub_equals_desk()


def shown(path: Stretch) -> dict[str, dict[str, int]]:
    """What a reader of the warehouse sees: of every object its version."""
    return {name: versions({**path.table(name), **path.table(name, deleted=True)}) for name in COLLECTIONS}


def versions(rows: dict[str, Any]) -> dict[str, int]:
    return {object_id: row["_version"] for object_id, row in rows.items()}


def happen(path: Stretch, seed: int) -> None:
    """Something of every kind at Desk."""
    for action, collection in (("update", "cases"), ("create", "cases"), ("update", "customers")):
        path.control("mutate", {"action": action, "collection": collection, "count": 2, "seed": seed})
    path.control("mutate", {"action": "soft_delete", "collection": "cases", "count": 1, "seed": seed})


def go_on() -> None:
    """What the next ticks do about a dead worker once its lease has run out."""
    past = timezone.now() - timedelta(hours=1)
    for model, run_slice in ((SourceSync, run_source_slice), (WarehouseSync, run_warehouse_slice)):
        active = model._default_manager.filter(status__in=Run.ACTIVE)
        active.update(nudged_at=past)
        active.exclude(lease_until=None).update(lease_until=past + timedelta(minutes=1))
        for run_id in orphans(model):
            while not run_slice(run_id):
                pass
    assert not SourceSync.objects.filter(status=Run.Status.FAILED).exists()
    assert not WarehouseSync.objects.filter(status=Run.Status.FAILED).exists()
