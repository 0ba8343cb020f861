"""What Celery is told about the work of the right side."""

from __future__ import annotations

import pytest

from warehouses.engines.postgres_link import GRACE, TABLE_REWRITE
from warehouses.tasks import compare_warehouse, sync_warehouse


@pytest.mark.parametrize("task", [sync_warehouse, compare_warehouse])
def test_no_worker_is_killed_while_a_database_rewrites_a_table(task: object) -> None:
    assert task.soft_time_limit > TABLE_REWRITE + GRACE  # type: ignore[attr-defined]
    assert task.time_limit > task.soft_time_limit  # type: ignore[attr-defined]
