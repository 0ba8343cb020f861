"""Every row of a warehouse against the Hub: what is found, what is repaired, and what must never be set back."""

from __future__ import annotations

import io
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from psycopg2.sql import SQL, Identifier

from warehouses import compare as comparing
from warehouses.compare import compare, run_slice
from warehouses.comparisons import queue_comparison, request_comparison
from warehouses.engines.postgres_session import PostgresSession
from warehouses.models import Comparison
from warehouses.select import change_selection
from workspace.runs import Run
from workspace.tests.path.stretch import COLLECTIONS, Stretch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def filled(path: Stretch) -> Stretch:
    """A path whose warehouse is as the Hub says."""
    path.sync()
    path.flush()
    return path


def edit(path: Stretch, statement: str, *values: Any) -> None:
    """What somebody does to the warehouse behind our back; `{}` is the schema."""
    path.ask(SQL(statement).format(Identifier(path.schema)), *values)


def first_case(path: Stretch) -> str:
    return min(path.truth("cases"))


def found(run: Comparison, collection: str = "cases") -> dict[str, Any]:
    return next(finding for finding in run.findings if finding["collection"] == collection)


def codes(run: Comparison) -> list[str]:
    return [notice["code"] for notice in run.notices]


def test_a_sound_warehouse_is_compared_whole_and_nothing_is_said(filled: Stretch) -> None:
    run = compare(filled.connection)
    assert (run.status, run.notices) == (Run.Status.SUCCESS, [])
    rows = {finding["collection"]: finding["rows"] for finding in run.findings}
    assert rows == {name: len(filled.truth(name)) for name in COLLECTIONS}


def test_an_edited_row_is_named_and_said(filled: Stretch) -> None:
    case = first_case(filled)
    edit(filled, "UPDATE {}.cases SET subject = 'edited', priority = NULL WHERE id = %s", case)
    run = compare(filled.connection)
    assert (run.status, codes(run)) == (Run.Status.PARTIAL, ["rows_differ"])
    assert (found(run)["differing"], found(run)["differing_ids"]) == (1, [case])
    assert case in run.notices[0]["message"]
    assert sum(finding["differing"] for finding in run.findings) == 1


def test_every_flush_mentions_it_until_it_is_repaired(filled: Stretch) -> None:
    edit(filled, "UPDATE {}.cases SET subject = 'edited'")
    compare(filled.connection)
    run = filled.flush()
    assert (run.status, [notice["code"] for notice in run.notices]) == ("success", ["rows_differ"])
    compare(filled.connection, repair=True)
    assert filled.flush().notices == []


def test_repair_makes_it_whole_without_asking_desk(filled: Stretch) -> None:
    edit(filled, "UPDATE {}.cases SET subject = 'edited'")
    edit(filled, "DELETE FROM {}.customers WHERE id = %s", min(filled.truth("customers")))
    asked = len(filled.control("requests"))
    run = compare(filled.connection, repair=True)
    assert (run.status, run.repaired) == (Run.Status.SUCCESS, len(filled.truth("cases")) + 1)
    filled.assert_warehouse_equals_hub()
    assert compare(filled.connection).notices == []
    assert len(filled.control("requests")) == asked


def test_a_row_set_ahead_of_the_hub_is_repaired_too(filled: Stretch) -> None:
    edit(filled, "UPDATE {}.cases SET _version = _version + 1000000000, subject = 'edited'")
    compare(filled.connection, repair=True)
    filled.assert_warehouse_equals_hub()


def test_no_more_than_twenty_ids_are_named(filled: Stretch) -> None:
    edit(filled, "UPDATE {}.cases SET subject = 'edited'")
    run = compare(filled.connection)
    assert (found(run)["differing"], len(found(run)["differing_ids"])) == (len(filled.truth("cases")), 20)
    assert "and 40 more" in run.notices[0]["message"]


def test_a_surplus_row_is_named_and_never_deleted(filled: Stretch) -> None:
    edit(filled, "INSERT INTO {}.cases (id, _version) VALUES ('mine', 1)")
    run = compare(filled.connection, repair=True)
    assert (run.status, found(run)["surplus_ids"]) == (Run.Status.PARTIAL, ["mine"])
    assert "mine" in filled.table("cases")


@pytest.mark.parametrize(
    ("drop", "code"),
    [
        ("DROP TABLE {}.cases", "table_lost"),
        ("DROP SCHEMA {} CASCADE", "table_lost"),
        ("ALTER TABLE {}.cases DROP COLUMN subject", "columns_lost"),
        ("ALTER TABLE {}.cases DROP COLUMN _version, DROP COLUMN uuid", "columns_lost"),
    ],
)
def test_what_was_dropped_is_noticed_and_made_whole(filled: Stretch, drop: str, code: str) -> None:
    before = filled.ask(SQL("SELECT * FROM {}.cases ORDER BY id").format(Identifier(filled.schema)))
    edit(filled, drop)
    assert code in codes(compare(filled.connection))
    assert compare(filled.connection, repair=True).status == Run.Status.SUCCESS
    after = filled.ask(SQL("SELECT * FROM {}.cases ORDER BY id").format(Identifier(filled.schema)))
    assert [{**row, "uuid_ts": None} for row in after] == [{**row, "uuid_ts": None} for row in before]
    assert compare(filled.connection).notices == []


def test_what_is_turned_off_is_not_compared(filled: Stretch) -> None:
    change_selection(filled.connection, ["users"], {"cases": ["subject"]})
    edit(filled, "UPDATE {}.cases SET subject = 'mine now'")
    edit(filled, "DROP TABLE {}.users")
    filled.connection.refresh_from_db()
    assert compare(filled.connection).notices == []


def test_a_column_that_somebody_added_is_theirs(filled: Stretch) -> None:
    edit(filled, "ALTER TABLE {}.cases ADD COLUMN rating integer DEFAULT 5")
    assert compare(filled.connection, repair=True).notices == []
    assert {row["rating"] for row in filled.table("cases").values()} == {5}


def test_what_changed_since_the_last_flush_is_left_to_the_next(filled: Stretch) -> None:
    filled.control("mutate", {"action": "update", "collection": "cases", "count": 7, "seed": 1})
    filled.control("mutate", {"action": "create", "collection": "cases", "count": 3, "seed": 2})
    filled.sync()
    run = compare(filled.connection)
    assert (run.notices, found(run)["rows"]) == ([], len(filled.truth("cases")) - 10)


def test_a_change_that_overtakes_a_repair_is_not_set_back(
    filled: Stretch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the comparison of the rows and their repair the source changes and a flush brings it."""
    case, real, overtaken = first_case(filled), comparing.CompareSlice._repair, threading.Event()
    edit(filled, "UPDATE {}.cases SET subject = 'edited'")

    def repair(self: Any, *args: Any) -> int:
        if not overtaken.is_set():
            overtaken.set()
            body = {"action": "update", "collection": "cases", "ids": [int(case)], "set": {"priority": 9}}
            filled.control("mutate", body)
            filled.sync()
            filled.flush()
        return real(self, *args)

    monkeypatch.setattr(comparing.CompareSlice, "_repair", repair)
    compare(filled.connection, repair=True)
    assert filled.table("cases")[case]["priority"] == 9
    filled.assert_warehouse_equals_hub()


def test_rows_that_a_flush_is_just_bringing_do_not_count_as_differing(
    filled: Stretch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading the Hub and looking at the rows the source changes and a flush brings it."""
    real, moved = PostgresSession.differing, threading.Event()
    edit(filled, "UPDATE {}.cases SET subject = 'edited'")

    def differing(*args: Any) -> Any:
        if not moved.is_set():
            moved.set()
            filled.control("mutate", {"action": "update", "collection": "cases", "count": 60, "seed": 1})
            filled.sync()
            filled.flush()
        return real(*args)

    monkeypatch.setattr(PostgresSession, "differing", differing)
    assert compare(filled.connection).notices == []
    assert moved.is_set()


def test_a_comparison_goes_on_where_its_turn_ended(filled: Stretch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "SLICE_OBJECTS", 10)
    case = first_case(filled)
    edit(filled, "UPDATE {}.cases SET subject = 'edited' WHERE id = %s", case)
    run, turns = queue_comparison(filled.connection, repair=True), 1
    while not run_slice(run.pk, seconds=1e-9):
        turns += 1
    run.refresh_from_db()
    assert turns > len(filled.truth("cases")) / 10
    assert (found(run)["rows"], found(run)["differing_ids"]) == (len(filled.truth("cases")), [case])
    filled.assert_warehouse_equals_hub()


def test_a_repair_that_is_asked_for_while_one_only_looks_is_done_by_it(
    filled: Stretch, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(filled, "UPDATE {}.brands SET name = 'edited'")
    real = comparing.CompareSlice.outcome
    asked: list[Any] = []

    def outcome(self: Any, **kwargs: Any) -> str:
        if not asked:
            asked.append(request_comparison(filled.connection, repair=True).pk)
        return real(self, **kwargs)

    monkeypatch.setattr(comparing.CompareSlice, "outcome", outcome)
    run = compare(filled.connection)
    assert asked == [run.pk]
    assert (run.status, Comparison.objects.count()) == (Run.Status.SUCCESS, 1)
    filled.assert_warehouse_equals_hub()


def test_a_comparison_whose_worker_died_is_taken_over(
    filled: Stretch, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*args: Any) -> None:
        raise Killed

    edit(filled, "UPDATE {}.cases SET subject = 'edited'")
    run = queue_comparison(filled.connection, repair=True)
    with monkeypatch.context() as patch:
        patch.setattr(comparing.CompareSlice, "_repair", die)
        with pytest.raises(Killed):
            run_slice(run.pk)
    Comparison.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert run_slice(run.pk)
    run.refresh_from_db()
    assert (run.status, run.takeovers) == (Run.Status.SUCCESS, 1)
    filled.assert_warehouse_equals_hub()


def test_an_unreachable_warehouse_is_said(filled: Stretch) -> None:
    warehouse = filled.connection.warehouse
    warehouse.settings = {**(warehouse.settings or {}), "port": 1}
    warehouse.save()
    run = compare(filled.connection)
    assert (run.status, codes(run)) == (Run.Status.FAILED, ["refused"])


def test_the_command_repairs_and_says_by_its_exit_status(filled: Stretch) -> None:
    edit(filled, "UPDATE {}.cases SET subject = 'edited'")
    with pytest.raises(SystemExit) as exit_:
        call_command("verify_warehouse", str(filled.connection.warehouse), stdout=io.StringIO())
    assert exit_.value.code == 1
    call_command("verify_warehouse", str(filled.connection.warehouse), repair=True)
    call_command("verify_warehouse", str(filled.connection.warehouse))
