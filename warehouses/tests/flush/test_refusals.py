"""A table that refuses its rows is not in the way of the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest

from warehouses.engines import postgres_link
from warehouses.tests.flush.conftest import Flow, codes
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def both(flow: Flow) -> Flow:
    """Brands, which are flushed first, and cases; both have changed since they were flushed."""
    for year in (2021, 2022):
        for table in ("brands", "cases"):
            flow.put(entry("1", f"{year}-01-01T00:00:00Z", grade=year), into=table)
        if year == 2021:
            flow.flush()
    return flow


@contextmanager
def locked(flow: Flow, table: str) -> Iterator[None]:
    """Somebody's transaction that has locked a table and goes on and on."""
    settings = flow.bed.engine.settings
    names = {"dbname": settings["database"], **{n: settings[n] for n in ("host", "port", "user", "password")}}
    with closing(psycopg2.connect(**names)) as other, other.cursor() as cursor:
        cursor.execute(f"LOCK {flow.bed.table(table)}")
        yield


def test_a_dropped_system_column_comes_back_filled(both: Flow) -> None:
    both.alter("DROP COLUMN _deleted_at, DROP COLUMN uuid", table="brands")
    run = both.flush()
    assert (run.status, codes(run)) == ("success", ["refilled"])
    assert (both.values("grade"), both.values("grade", "brands")) == ([2022], [2022])
    assert None not in both.values("uuid", "brands")


def test_a_table_without_its_key_says_how_to_mend_it_and_the_others_go_on(both: Flow) -> None:
    both.alter("DROP COLUMN id", table="brands")
    run = both.flush()
    assert (run.status, codes(run)) == ("partial", ["refilled", "id_missing"])
    assert run.notices[-1]["action"].startswith(f"DROP TABLE {both.bed.schema}.brands;")
    assert both.values("grade") == [2022]


def test_a_locked_table_is_left_to_the_next_run_and_the_others_go_on(
    both: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgres_link.SETTINGS, "lock_timeout", "50ms")
    with locked(both, "brands"):
        run = both.flush(seconds=1e-9)
    assert (run.status, codes(run)) == ("partial", ["locked"])
    assert (both.values("grade", "brands"), both.values("grade")) == ([2021], [2022])
    assert both.flush().status == "success"
    assert both.values("grade", "brands") == [2022]


def test_a_lost_connection_ends_the_run(both: Flow) -> None:
    brands = both.bed.table("brands")

    def cut(*slice_: object) -> None:
        both.bed.read(f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE relation = '{brands}'::regclass")

    run = both.flush(watch=cut)
    assert (run.status, [notice["collection"] for notice in run.notices]) == ("failed", [""])
    assert codes(run)[0] in ("connection_lost", "database_stopping")  # whichever libpq reads first
    assert both.values("grade", "brands") == [2021]
