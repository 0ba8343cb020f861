"""From a change at Desk to the row in the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from psycopg2.sql import SQL, Identifier

from sources.models import Cursor
from warehouses.flush import FlushSlice
from warehouses.flush import run_slice as run_warehouse_slice
from warehouses.models import Column, WarehouseSync, Watermark
from warehouses.schedule import start_again
from warehouses.select import change_selection
from workspace.hub.models import Object
from workspace.models import Workspace
from workspace.runs import Run
from workspace.tests.path.stretch import COLLECTIONS, Stretch

pytestmark = pytest.mark.django_db(transaction=True)


def physical(path: Stretch, collection: str) -> dict[str, tuple[Any, Any]]:
    """Where each row lies and which transaction wrote it: both change with every write of a row."""
    statement = SQL("SELECT id, ctid::text, xmin::text FROM {}.{}")
    rows = path.ask(statement.format(Identifier(path.schema), Identifier(collection)))
    return {row["id"]: (row["ctid"], row["xmin"]) for row in rows}


def test_everything_at_desk_is_in_the_hub_and_in_the_warehouse(path: Stretch) -> None:
    assert (path.sync().status, path.flush().status) == (Run.Status.SUCCESS, Run.Status.SUCCESS)
    path.assert_hub_equals_desk()
    path.assert_warehouse_equals_hub()
    assert {name for name in COLLECTIONS if path.table(name)} == set(COLLECTIONS)


def test_a_warehouse_is_filled_after_the_first_source_sync_even_when_its_plan_takes_a_day(
    path: Stretch,
) -> None:
    Workspace.objects.update(plan="free")
    path.sync()
    filling = path.connection.syncs.get()
    assert (filling.status, filling.trigger) == (Run.Status.QUEUED, Run.Trigger.SETUP)
    run_warehouse_slice(filling.pk)
    path.assert_warehouse_equals_hub()
    path.control("mutate", {"action": "update", "collection": "cases", "count": 1, "seed": 1})
    path.sync()
    assert path.connection.syncs.get() == filling


def test_a_flush_in_the_middle_of_the_first_source_sync_is_followed_by_another(
    path: Stretch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The source sync ends while the flush works and has looked at the Hub already."""
    Workspace.objects.update(plan="free")
    real = FlushSlice._pending

    def pending(self: FlushSlice) -> Any:
        found = real(self)
        if not path.source.syncs.filter(status=Run.Status.SUCCESS).exists():
            path.sync()
        return found

    monkeypatch.setattr(FlushSlice, "_pending", pending)
    assert path.flush().rows == 0
    wanted: list[Any] = []
    assert start_again(wanted.append) == 1
    assert run_warehouse_slice(*wanted)
    path.assert_warehouse_equals_hub()


def test_rows_of_a_flush_that_died_before_its_watermark_are_counted_by_its_heir(
    path: Stretch, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any) -> None:
        raise Killed

    path.sync()
    with monkeypatch.context() as patch:
        patch.setattr(FlushSlice, "_save", die)
        with pytest.raises(Killed):
            path.flush()
    assert len(path.table("cases")) == len(path.truth("cases"))
    WarehouseSync.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    run = path.flush()
    assert (run.status, run.rows) == (Run.Status.SUCCESS, sum(len(path.truth(name)) for name in COLLECTIONS))


def test_a_priority_that_goes_from_2_to_4_shows_4_and_nothing_else_is_rewritten(path: Stretch) -> None:
    path.sync()
    path.flush()
    case = sorted(path.truth("cases"), key=int)[7]
    path.control(
        "mutate", {"action": "update", "collection": "cases", "ids": [int(case)], "set": {"priority": 2}}
    )
    path.sync()
    path.flush()
    before = {name: physical(path, name) for name in COLLECTIONS}
    path.control(
        "mutate", {"action": "update", "collection": "cases", "ids": [int(case)], "set": {"priority": 4}}
    )
    assert path.sync().counts["cases"]["changed"] == 1
    assert path.flush().results.get(collection__name="cases").rows == 1
    assert path.table("cases")[case]["priority"] == 4
    after = {name: physical(path, name) for name in COLLECTIONS}
    assert after["cases"].pop(case) != before["cases"].pop(case)
    assert after == before


def test_a_second_sync_of_an_unchanged_account_writes_nothing(path: Stretch) -> None:
    path.sync()
    path.flush()
    versions = set(Object.objects.values_list("object_id", "version"))
    rows = physical(path, "cases")
    run = path.sync()
    assert (run.status, run.requests) == (Run.Status.SUCCESS, 7)
    assert sum(count["new"] + count["changed"] for count in run.counts.values()) == 0
    flushed = path.flush()
    assert (flushed.status, flushed.results.count()) == (Run.Status.SUCCESS, 0)
    assert set(Object.objects.values_list("object_id", "version")) == versions
    assert physical(path, "cases") == rows


def test_references_join(path: Stretch) -> None:
    path.sync()
    path.flush()
    statement = SQL(
        "SELECT count(*) AS joined FROM {0}.cases c JOIN {0}.customers u ON u.id = c.customer_id"
        " JOIN {0}.feedbacks f ON f._case = c.id JOIN {0}.users a ON a.id = f._user"
    ).format(Identifier(path.schema))
    assert path.ask(statement)[0]["joined"] == len(path.truth("feedbacks"))


def test_counts_are_read_back_after_the_commit(path: Stretch) -> None:
    path.sync()
    for result in path.flush().results.select_related("collection"):
        assert result.rows_hub == result.rows_warehouse == len(path.truth(result.collection.name))


def test_a_vanished_list_object_is_marked_at_the_next_sync(path: Stretch) -> None:
    path.sync()
    path.flush()
    path.control("mutate", {"action": "delete", "collection": "articles", "count": 1, "seed": 3})
    assert path.sync().counts["articles"]["deleted"] == 1
    path.flush()
    assert len(path.table("articles", deleted=True)) == 1
    assert path.table("articles").keys() == path.truth("articles").keys()


def test_a_vanished_case_is_found_by_the_weekly_full_read(path: Stretch) -> None:
    path.sync()
    path.control("mutate", {"action": "delete", "collection": "cases", "count": 2, "seed": 3})
    assert path.sync().counts["cases"]["deleted"] == 0
    Cursor.objects.update(full_read_at=timezone.now() - timedelta(days=7))
    assert path.sync().counts["cases"]["deleted"] == 2
    path.assert_hub_equals_desk()


def test_a_change_that_does_not_move_updated_at_is_found_by_the_full_read(path: Stretch) -> None:
    path.sync()
    path.control("mutate", {"action": "touchless", "collection": "cases", "count": 3, "seed": 5})
    assert path.sync().counts["cases"]["changed"] == 0
    assert path.sync(full=True).counts["cases"]["changed"] == 3
    path.assert_hub_equals_desk()


def test_a_soft_deleted_case_is_an_ordinary_change(path: Stretch) -> None:
    path.sync()
    path.control("mutate", {"action": "soft_delete", "collection": "cases", "count": 1, "seed": 3})
    path.sync()
    path.flush()
    path.assert_hub_equals_desk()
    path.assert_warehouse_equals_hub()


def test_an_older_version_delivered_again_is_refused(path: Stretch) -> None:
    path.sync()
    case = sorted(path.truth("cases"), key=int)[3]
    path.control(
        "mutate", {"action": "update", "collection": "cases", "ids": [int(case)], "set": {"priority": 9}}
    )
    path.sync()
    path.control("mutate", {"action": "redeliver", "collection": "cases", "ids": [int(case)], "count": 1})
    path.sync(full=True)
    assert path.hub("cases")[case]["priority"] == 9


def test_a_mass_deletion_is_held_and_said(make_path: Callable[..., Stretch]) -> None:
    path = make_path(400)
    path.sync()
    path.control("mutate", {"action": "delete", "collection": "cases", "count": 60, "seed": 1})
    run = path.sync(full=True)
    assert (run.status, run.counts["cases"]["deleted"]) == (Run.Status.PARTIAL, 0)
    assert [notice["code"] for notice in run.notices] == ["deletions_held"]
    assert len(path.hub("cases")) == 400


def test_a_property_turned_off_stays_as_it_was_and_is_filled_when_turned_on_again(path: Stretch) -> None:
    change_selection(path.connection, [], {"cases": ["subject"]})
    path.sync()
    path.flush()
    assert "subject" not in next(iter(path.table("cases").values()))
    change_selection(path.connection, [], {})
    path.flush()
    assert {i: row["subject"] for i, row in path.table("cases").items()} == {
        i: item["subject"] for i, item in path.truth("cases").items()
    }


def test_a_collection_turned_off_catches_up_when_turned_on_again(path: Stretch) -> None:
    change_selection(path.connection, ["cases"], {})
    path.sync()
    path.flush()
    assert not path.ask("SELECT 1 FROM pg_tables WHERE schemaname = %s AND tablename = 'cases'", path.schema)
    change_selection(path.connection, [], {})
    path.flush()
    path.assert_warehouse_equals_hub()


def drop(path: Stretch, what: str) -> None:
    path.ask(SQL(what).format(Identifier(path.schema)))


def test_a_table_that_somebody_dropped_is_filled_again_from_the_hub(path: Stretch) -> None:
    path.sync()
    path.flush()
    drop(path, "DROP TABLE {}.cases")
    path.control("mutate", {"action": "update", "collection": "cases", "count": 1, "seed": 1})
    path.sync()
    run = path.flush()
    assert "refilled" in [notice["code"] for notice in run.notices]
    path.assert_warehouse_equals_hub()


def test_a_column_that_somebody_dropped_is_filled_again_from_the_hub(path: Stretch) -> None:
    path.sync()
    path.flush()
    drop(path, "ALTER TABLE {}.cases DROP COLUMN subject")
    path.control("mutate", {"action": "update", "collection": "cases", "count": 1, "seed": 1})
    path.sync()
    path.flush()
    assert {i: row["subject"] for i, row in path.table("cases").items()} == {
        i: item["subject"] for i, item in path.truth("cases").items()
    }


def test_a_second_warehouse_gets_everything_without_asking_desk(path: Stretch) -> None:
    path.sync()
    path.flush()
    Watermark.objects.all().delete()
    Column.objects.all().delete()
    drop(path, "DROP SCHEMA {} CASCADE")
    path.flush()
    path.assert_warehouse_equals_hub()
