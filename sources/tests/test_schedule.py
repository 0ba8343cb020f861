"""Due sources start once, on their own phase, whoever asks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from sources import schedule
from sources.models import Source, SourceSync
from workspace import runs
from workspace.errors import ConfigError
from workspace.hub.models import Schema
from workspace.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2020, 3, 1, 12, tzinfo=UTC)


def make_source(
    workspace: Workspace, number: int, due: datetime | None = NOON, status: str = "enabled"
) -> Source:
    schema = Schema.objects.create(workspace=workspace, name=f"desk_{number}")
    fields = {"kind": "desk", "name": f"Desk {number}", "slug": f"desk-{number}", "status": status}
    return Source.objects.create(workspace=workspace, schema=schema, next_sync_at=due, **fields)


def test_a_due_source_gets_a_run_and_its_next_slot(acme: Workspace) -> None:
    source, sent = make_source(acme, 1), list[Any]()
    schedule.start_due(sent.append, NOON + timedelta(seconds=20))
    source.refresh_from_db()
    assert [run.pk for run in source.syncs.all()] == sent
    assert source.next_sync_at == NOON + timedelta(hours=3)


def test_missed_slots_are_caught_up_by_one_run_on_the_old_phase(acme: Workspace) -> None:
    source, sent = make_source(acme, 1), list[Any]()
    schedule.start_due(sent.append, NOON + timedelta(hours=100))
    source.refresh_from_db()
    assert (len(sent), source.next_sync_at) == (1, NOON + timedelta(hours=102))


@pytest.mark.parametrize(("status", "due"), [("setup", NOON), ("disabled", NOON), ("enabled", None)])
def test_what_is_not_enabled_or_not_due_does_not_start(acme: Workspace, status: str, due: Any) -> None:
    make_source(acme, 1, due, status)
    assert schedule.start_due(lambda _: None, NOON) == 0


def test_a_source_still_at_work_is_passed_over(acme: Workspace) -> None:
    source, sent = make_source(acme, 1), list[Any]()
    schedule.request_sync(source)
    schedule.start_due(sent.append, NOON)
    assert (sent, source.syncs.count()) == ([], 1)


@pytest.mark.parametrize("interval", [timedelta(0), timedelta(seconds=59), timedelta.max])
def test_an_interval_that_would_stop_the_scheduler_is_not_stored(acme: Workspace, interval: Any) -> None:
    source = make_source(acme, 1)
    with pytest.raises(DatabaseError), transaction.atomic():
        Source.objects.filter(pk=source.pk).update(interval=interval)
    assert schedule.start_due(lambda _: None, NOON) == 1


def test_three_beats_at_once_start_every_source_exactly_once(acme: Workspace) -> None:
    for number in range(60):
        make_source(acme, number)
    sent: list[Any] = []

    def tick() -> None:
        schedule.start_due(sent.append, NOON)
        connection.close()

    beats = [threading.Thread(target=tick) for _ in range(3)]
    for beat in beats:
        beat.start()
    for beat in beats:
        beat.join()
    assert len(sent) == len(set(sent)) == SourceSync.objects.count() == 60


def test_fifty_clicks_and_a_beat_at_once_make_one_run(acme: Workspace) -> None:
    source = make_source(acme, 1)

    def click(number: int) -> None:
        schedule.request_sync(source) if number % 10 else schedule.start_due(lambda _: None, NOON)
        connection.close()

    with ThreadPoolExecutor(8) as people:
        list(people.map(click, range(50)))
    assert source.syncs.count() == 1


def test_a_wish_for_more_is_taken_on_by_a_sync_that_has_not_begun(acme: Workspace) -> None:
    source = make_source(acme, 1)
    run = schedule.request_sync(source, only=["cases"])
    assert schedule.request_sync(source, full=True, only=["users"]) == run
    run.refresh_from_db()
    assert (run.full, run.only) == (True, ["cases", "users"])
    assert schedule.request_sync(source, full=True).only == []


def test_a_wish_that_a_working_sync_cannot_fulfil_is_refused_with_a_sentence(acme: Workspace) -> None:
    source = make_source(acme, 1)
    run = runs.claim(SourceSync, schedule.request_sync(source, only=["cases"]).pk)
    assert schedule.request_sync(source, only=["cases"]) == run
    wishes: list[dict[str, Any]] = [
        {},
        {"full": True},
        {"only": ["users"]},
        {"full": True, "only": ["cases"]},
    ]
    for wish in wishes:
        with pytest.raises(ConfigError, match="already under way"):
            schedule.request_sync(source, **wish)
