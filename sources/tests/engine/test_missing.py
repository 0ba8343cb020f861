"""What a vendor no longer has is marked as deleted, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sources.connectors.base import Client, Cursor, Page
from sources.models import Source
from sources.tests.engine.feed import Feed, read, record, whole
from workspace.errors import TransientError
from workspace.hub.models import Object
from workspace.runs import Run

pytestmark = pytest.mark.django_db(transaction=True)


def live() -> set[str]:
    return set(Object.objects.filter(deleted_at=None).values_list("object_id", flat=True))


def test_an_object_missing_from_the_only_page_is_deleted_at_once(feed: Feed, source: Source) -> None:
    feed.gives(whole([record("1"), record("2")]))
    read(source)
    feed.gives(whole([record("1")]))
    assert read(source).counts["things"]["deleted"] == 1
    assert live() == {"1"}


def test_an_object_that_slipped_by_while_pages_were_turned_stays(feed: Feed, source: Source) -> None:
    feed.gives(whole([record("1"), record("2")], turned=True))
    read(source)
    feed.gives(whole([record("1")], turned=True))
    run = read(source)
    assert (run.status, run.counts["things"]["deleted"], live()) == (Run.Status.SUCCESS, 0, {"1", "2"})
    assert any("1 object not met" in sentence for _, sentence in run.log)
    assert read(source).counts["things"]["deleted"] == 1


def test_a_list_that_is_read_whole_is_never_continued_by_another_run(feed: Feed, source: Source) -> None:
    cursors: list[Cursor] = []

    def stop_after_one_page(client: Client, cursor: Cursor) -> Iterator[Page]:
        cursors.append(cursor)
        yield Page([record("1")], {"page": 2}, full=True, begins=True)
        raise TransientError("Gone.", code="unreachable")

    feed.things.script = stop_after_one_page
    read(source)
    read(source)
    assert cursors == [{}, {}]
