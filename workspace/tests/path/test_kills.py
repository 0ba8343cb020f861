"""Workers die with kill -9 at any moment, Redis forgets everything, and still nothing is lost, doubled or set back.

`KILLS=50 pytest …/test_kills.py` kills fifty times; the suite kills a few times.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from sources.models import SourceSync
from sources.schedule import request_sync
from sources.tasks import enqueue as enqueue_sync
from warehouses.models import Connection, WarehouseSync
from warehouses.schedule import request_sync as request_flush
from warehouses.tasks import enqueue as enqueue_flush
from workspace.runs import Run
from workspace.tests.path.servers import Process, celery_processes, eventually
from workspace.tests.path.stretch import Stretch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("kills")]
KILLS = int(os.environ.get("KILLS", "4"))
CASES = int(os.environ.get("KILL_CASES", "1500"))


def start(path: Stretch) -> None:
    """Both runs at once: they never wait for each other."""
    enqueue_sync(request_sync(path.source, full=True).pk)
    enqueue_flush(request_flush(Connection.objects.get(pk=path.connection.pk)).pk)


def working() -> bool:
    return any(model.objects.filter(status__in=Run.ACTIVE).exists() for model in (SourceSync, WarehouseSync))


def settle(path: Stretch) -> None:
    """Let what is under way end by itself; then one more flush for what came last."""
    eventually("The runs end", lambda: not working(), 180)
    run = request_flush(Connection.objects.get(pk=path.connection.pk))
    enqueue_flush(run.pk)
    eventually("The last flush ends", lambda: not working(), 120)


def test_killed_workers_lose_nothing_and_double_nothing(
    make_path: Callable[..., Stretch], tmp_path: Path
) -> None:
    path, chance = make_path(CASES), random.Random(7)
    with celery_processes(connection.settings_dict, tmp_path) as start_worker:
        worker = start_worker()
        for number in range(KILLS):
            if not working():
                path.control(
                    "mutate", {"action": "update", "collection": "cases", "count": 200, "seed": number}
                )
                start(path)
            eventually("Somebody works", lambda: _at_work() or not working())
            _wait_a_while(chance)
            worker.kill()
            worker = start_worker()
        settle(path)
    path.assert_hub_equals_desk()
    path.assert_warehouse_equals_hub()
    assert _ended_well(SourceSync)
    assert _ended_well(WarehouseSync)


def test_redis_may_forget_everything_in_the_middle(make_path: Callable[..., Stretch], tmp_path: Path) -> None:
    path = make_path(CASES)
    with celery_processes(connection.settings_dict, tmp_path) as start_worker:
        worker: Process = start_worker()
        start(path)
        eventually("Somebody works", _at_work)
        redis.Redis.from_url(settings.REDIS_URL).flushdb()
        worker.kill()
        start_worker()
        settle(path)
    path.assert_hub_equals_desk()
    path.assert_warehouse_equals_hub()


def _at_work() -> bool:
    return SourceSync.objects.filter(status=Run.Status.RUNNING).exclude(lease_until=None).exists()


def _wait_a_while(chance: random.Random) -> None:
    """Until a random number of further commits has been seen, or the run has ended: a random moment of its work."""
    commits = chance.randrange(12)
    seen = {_progress()}

    def looked_often_enough() -> bool:
        seen.add(_progress())
        return len(seen) > commits or not working()

    eventually("The run moves on", looked_often_enough)


def _progress() -> str:
    counts = list(SourceSync.objects.filter(status__in=Run.ACTIVE).values_list("counts", "fence"))
    flushed = list(WarehouseSync.objects.filter(status__in=Run.ACTIVE).values_list("results__rows", "fence"))
    return f"{counts} {flushed}"


def _ended_well(model: type[Run]) -> bool:
    return set(model._default_manager.values_list("status", flat=True)) <= {
        Run.Status.SUCCESS,
        Run.Status.PARTIAL,
    }
