"""A sync is worked on in turns; it ends however they end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from sources.connectors.base import Client, Cursor, Page
from sources.models import Source, SourceSync
from sources.schedule import request_sync
from sources.sync import run_slice
from sources.tests.engine.feed import Feed, read, record, whole
from workspace.hub.models import Object
from workspace.hub.signals import source_synced
from workspace.runs import MAX_STALLED, Run, request_cancel

pytestmark = pytest.mark.django_db(transaction=True)


def take_turns(source: Source, turns: int) -> SourceSync:
    run = request_sync(source)
    for _ in range(turns):
        if run_slice(run.pk):
            break
    run.refresh_from_db()
    return run


def test_a_sync_whose_turns_all_run_out_of_time_without_a_commit_is_given_up(
    feed: Feed, source: Source
) -> None:
    def hang(client: Client, cursor: Cursor) -> Iterator[Page]:
        raise SoftTimeLimitExceeded
        yield

    feed.things.script = hang
    assert take_turns(source, MAX_STALLED).status == Run.Status.RUNNING
    run = take_turns(source, 1)
    assert (run.status, [notice["code"] for notice in run.notices]) == (Run.Status.FAILED, ["worker_lost"])


def test_a_sync_that_commits_a_page_in_each_turn_goes_on_for_ever(feed: Feed, source: Source) -> None:
    def one_page_a_turn(client: Client, cursor: Cursor) -> Iterator[Page]:
        number = cursor.get("page", 1)
        yield Page([record(str(number))], {"page": number + 1}, full=True, begins=number == 1)
        raise SoftTimeLimitExceeded

    feed.things.script = one_page_a_turn
    assert take_turns(source, MAX_STALLED + 2).status == Run.Status.RUNNING
    assert Object.objects.count() == MAX_STALLED + 2


@pytest.fixture
def heard() -> Iterator[list[int]]:
    """What warehouses hear of: schemas in which something is new."""
    schemas: list[int] = []

    def hear(schema_id: int, **kwargs: object) -> None:
        schemas.append(schema_id)

    source_synced.connect(hear)
    yield schemas
    source_synced.disconnect(hear)


def read_one_page_and_stop(client: Client, cursor: Cursor) -> Iterator[Page]:
    if not cursor:
        yield Page([record("1")], {"page": 2}, full=True, begins=True)
    raise SoftTimeLimitExceeded


def test_warehouses_hear_of_a_sync_that_is_cancelled_between_two_turns(
    feed: Feed, source: Source, heard: list[int]
) -> None:
    feed.things.script = read_one_page_and_stop
    request_cancel(take_turns(source, 1))
    assert source.syncs.get().status == Run.Status.CANCELLED
    assert heard == [source.schema_id]


def test_warehouses_hear_of_a_sync_that_is_given_up(feed: Feed, source: Source, heard: list[int]) -> None:
    feed.things.script = read_one_page_and_stop
    assert take_turns(source, MAX_STALLED + 2).status == Run.Status.FAILED
    assert heard == [source.schema_id]


def test_who_stumbles_over_the_news_does_not_undo_the_end_of_a_sync(feed: Feed, source: Source) -> None:
    def stumble(**kwargs: object) -> None:
        Source.objects.raw("SELECT 1/0")[0]

    feed.gives(whole([record("1")]))
    source_synced.connect(stumble)
    try:
        assert read(source).status == Run.Status.SUCCESS
    finally:
        source_synced.disconnect(stumble)
    assert Object.objects.count() == 1
