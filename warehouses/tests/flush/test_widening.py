"""A flush that meets a value which does not fit a large table's column: it is widened beside the flush."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from warehouses import flush, widening
from warehouses.compare import compare
from warehouses.engines.postgres_session import PostgresSession
from warehouses.models import WarehouseSync
from warehouses.tests.engines.conftest import let_tables_be_large
from warehouses.tests.flush.conftest import Flow, codes
from workspace.hub.names import WIDENING
from workspace.runs import Run, orphans, request_cancel
from workspace.tests.fixtures import entry
from workspace.tests.path.steps import COMMIT, dies_at

pytestmark = pytest.mark.django_db(transaction=True)
OLD = list(range(30))


@pytest.fixture(autouse=True)
def every_table_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is filled page by page, without patience."""
    let_tables_be_large(monkeypatch, pages=1)
    monkeypatch.setattr(widening, "SAY", 0)


@pytest.fixture
def cases(flow: Flow) -> Flow:
    """Thirty cases with a grade each in the warehouse, long enough for some pages."""
    flow.put(*[entry(f"{n:02}", grade=n, subject="x" * 900) for n in OLD])
    assert flow.flush().status == "success"
    return flow


def change(flow: Flow) -> None:
    """Twenty-five cases change, and one in the midst of them has a grade in words."""
    at = "2021-01-01T00:00:00Z"
    flow.put(*[entry(f"{n:02}", at, grade="best" if n == 17 else n + 100, subject="y") for n in range(25)])


NEW = [*("best" if n == 17 else str(n + 100) for n in range(25)), *map(str, OLD[25:])]


def assert_flushed(flow: Flow) -> None:
    """Everything is as in the Hub, the watermark too, and what the column is is known."""
    assert flow.values("grade") == NEW
    assert flow.mark().version == flow.collection().version
    assert flow.connection.columns.get(name="grade").type == "text"
    sql = f"SELECT FROM pg_attribute WHERE attrelid = '{flow.bed.table('cases')}'::regclass"
    assert flow.bed.read(f"{sql} AND attname = '{WIDENING}'") == []
    assert compare(flow.fresh()).status == "success"


@pytest.fixture(params=["together", "slice by slice"])
def either_way(request: pytest.FixtureRequest) -> None:
    if request.param != "together":
        request.getfixturevalue("small_slices")


def go_on() -> None:
    """The lease of a dead worker runs out, and another takes its run over."""
    past = timezone.now() - timedelta(hours=1)
    running = WarehouseSync.objects.filter(status__in=Run.ACTIVE)
    assert running.update(lease_until=past, nudged_at=past) == 1
    (run_id,) = orphans(WarehouseSync)
    flush.run_slice(run_id)
    assert WarehouseSync.objects.get(pk=run_id).status == "success"


def test_the_flush_goes_on_after_the_column_is_widened(cases: Flow, either_way: None) -> None:
    change(cases)
    run = cases.flush()
    assert (run.status, run.rows, codes(run)) == ("success", 25, ["column_widened"])
    assert [line for _, line in run.log if "widened in" in line]
    assert_flushed(cases)


def test_a_large_table_is_not_widened_within_the_flush(cases: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PostgresSession, "widen", None)  # its lock would be kept until all rows are in
    change(cases)
    assert cases.flush().status == "success"


def test_a_sync_that_is_cancelled_while_a_column_is_widened_leaves_the_old_values(
    cases: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = widening.widen

    def cancelled(*arguments: Any) -> None:
        request_cancel(WarehouseSync.objects.get(status="running"))
        begin(*arguments)

    monkeypatch.setattr(flush, "widen", cancelled)
    change(cases)
    assert cases.flush().status == "cancelled"
    assert cases.values("grade") == OLD
    monkeypatch.setattr(flush, "widen", begin)
    assert cases.flush().status == "success"
    assert_flushed(cases)


@pytest.mark.parametrize("step", range(6, 50, 11))
def test_a_worker_that_dies_while_a_column_is_widened_loses_nothing(
    cases: Flow, step: int, small_slices: None
) -> None:
    change(cases)
    assert dies_at(step, cases.flush, frozenset({COMMIT}))
    assert len(cases.values("grade")) == len(OLD)
    go_on()
    assert cases.flush().status == "success"
    assert_flushed(cases)


def test_a_table_whose_reader_never_ends_is_left_to_the_next_sync(
    cases: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(cases)
    with cases.bed.engine.open() as reader:
        reader.count(cases.bed.schema, "cases")
        run = cases.flush()
    assert (run.status, codes(run)) == ("failed", ["locked"])
    assert cases.values("grade") == OLD
    assert cases.flush().status == "success"
    assert_flushed(cases)
