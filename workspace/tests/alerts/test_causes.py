"""What a run can show to be wrong beside a plain failure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sources.models import Source
from warehouses.models import Column, Comparison, Connection
from workspace.alerts.models import Alert, AlertRules
from workspace.alerts.schedules import close_events
from workspace.alerts.watching import follow_run
from workspace.hub.models import Collection
from workspace.models import Workspace
from workspace.tests.alerts.conftest import NOTICE, ended
from workspace.tests.overview.conftest import add_run

HELD = {**NOTICE, "level": "warning", "code": "deletions_held", "message": "30 objects vanished."}


def titles() -> list[str]:
    return list(Alert.objects.filter(closed_at=None).order_by("pk").values_list("title", flat=True))


def add_column(pair: Connection, name: str, ago: float) -> None:
    collection = Collection.objects.get(schema=pair.schema)
    reason = f"New column {name} (text)."
    column = Column.objects.create(
        connection=pair, collection=collection, name=name, type="text", reason=reason
    )
    at = timezone.now() - timedelta(minutes=ago)
    Column.objects.filter(pk=column.pk).update(created_at=at, changed_at=at)


def test_a_run_that_fails_in_part_is_told(desk: Source) -> None:
    ended(desk, "partial", 9, notices=[NOTICE])
    assert titles() == ["Desk.com fails in part"]
    ended(desk, "success", 8)
    assert titles() == []


def test_a_run_with_mere_warnings_is_none_that_fails(desk: Source) -> None:
    ended(desk, "partial", notices=[{**NOTICE, "level": "warning"}])
    assert titles() == []


def test_deletions_that_are_held_are_told_until_a_run_has_none(desk: Source) -> None:
    ended(desk, "partial", 9, notices=[HELD])
    ended(desk, "partial", 8, notices=[HELD])
    assert titles() == ["Desk.com: deletions wait for somebody to agree"]
    ended(desk, "success", 7)
    assert titles() == []


def test_new_columns_of_a_table_that_was_there_are_told(pair: Connection) -> None:
    add_column(pair, "subject", ago=60)
    add_column(pair, "mood", ago=4)
    ended(pair, "success", ago=5)
    (alert,) = Alert.objects.all()
    assert alert.title == "Desk.com → Lake: columns changed"
    assert alert.text == "cases: New column mood (text)."


def test_the_columns_of_a_first_fill_are_no_news(pair: Connection) -> None:
    add_column(pair, "subject", ago=4)
    ended(pair, "success", ago=5)
    assert titles() == []


def test_what_has_no_end_goes_by_itself(pair: Connection) -> None:
    add_column(pair, "subject", ago=60)
    add_column(pair, "mood", ago=4)
    ended(pair, "success", ago=5)
    close_events()
    assert len(titles()) == 1
    Alert.objects.update(opened_at=timezone.now() - timedelta(hours=2))
    close_events()
    assert titles() == []


@pytest.mark.parametrize(
    ("rows", "fields", "odd"),
    [
        (120, {}, False),
        (499, {}, False),
        (1_001, {}, True),
        (0, {}, False),
        (1_001, {"full": True}, False),
        (1_001, {"trigger": "setup"}, False),
    ],
)
def test_a_volume_far_from_those_before_is_told(
    desk: Source, rows: int, fields: dict[str, Any], odd: bool
) -> None:
    for number in range(30):
        add_run(desk, ago=100 - number, rows=100 + number % 3 * 50)
    ended(desk, "success", rows=rows, **fields)
    assert titles() == (["Desk.com brought an unusual number of objects"] if odd else [])


def test_a_source_that_dries_up_is_told(desk: Source) -> None:
    for number in range(12):
        add_run(desk, ago=100 - number, rows=1_000)
    ended(desk, "success", rows=3)
    assert Alert.objects.get().text == ("3 objects came or changed; the 12 syncs before brought 1,000 each.")


def test_a_short_history_calls_nothing_unusual(desk: Source) -> None:
    for number in range(9):
        add_run(desk, ago=100 - number, rows=10)
    ended(desk, "success", rows=1_000_000)
    assert titles() == []


def test_rules_turn_causes_off(acme: Workspace, desk: Source, pair: Connection) -> None:
    AlertRules.objects.create(workspace=acme, columns=False, volume=False, held=False)
    for number in range(12):
        add_run(desk, ago=100 - number, rows=1_000)
    ended(desk, "partial", rows=3, notices=[HELD])
    add_column(pair, "subject", ago=60)
    add_column(pair, "mood", ago=4)
    ended(pair, "success", ago=5)
    assert titles() == []


def test_rows_that_a_comparison_found_are_told_until_one_finds_none(pair: Connection) -> None:
    def compared(status: str, **fields: Any) -> None:
        workspace = pair.warehouse.workspace
        follow_run(Comparison.objects.create(connection=pair, workspace=workspace, status=status, **fields))

    differ = {**NOTICE, "level": "warning", "code": "rows_differ", "message": "2 rows are not as in the Hub."}
    compared("partial", notices=[differ])
    (alert,) = Alert.objects.all()
    assert (alert.title, alert.text) == ("Desk.com → Lake: rows are not as in the Hub", differ["message"])
    assert alert.url == "/acme/warehouses/lake/settings/maintenance"
    compared("failed")
    assert len(titles()) == 1
    compared("success")
    assert titles() == []
