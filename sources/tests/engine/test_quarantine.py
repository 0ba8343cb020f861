"""A record that cannot be stored is kept aside with its text; the others are stored."""

from __future__ import annotations

from typing import Any

import pytest

from sources.models import Quarantined, Source
from sources.tests.engine.feed import Feed, read, record, whole
from workspace.hub.models import Object
from workspace.payload import DEEPEST
from workspace.runs import Run

pytestmark = pytest.mark.django_db(transaction=True)


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (record("a\x00b"), "id"),
        (record("\ud800"), "id"),
        (record("é" * 300), "id"),
        (record("1", deep=nested(DEEPEST)), "nested"),
        (record("1", deep=nested(3000)), "nested"),
    ],
)
def test_a_record_no_database_stores_is_quarantined_and_the_others_are_stored(
    feed: Feed, source: Source, bad: Any, reason: str
) -> None:
    feed.gives(whole([record("7"), bad, record("8")]))
    run = read(source)
    assert (run.status, run.counts["things"]["quarantined"]) == (Run.Status.PARTIAL, 1)
    assert set(Object.objects.values_list("object_id", flat=True)) == {"7", "8"}
    assert reason in Quarantined.objects.get().reason


def test_an_object_whose_new_state_is_quarantined_is_not_taken_for_deleted(
    feed: Feed, source: Source
) -> None:
    feed.gives(whole([record("7"), record("8")]))
    read(source)
    feed.gives(whole([record("7"), record("8", deep=nested(DEEPEST))]))
    assert read(source).counts["things"]["deleted"] == 0
    assert Object.objects.filter(deleted_at=None).count() == 2


def test_the_deepest_record_that_is_stored_stays_whole(feed: Feed, source: Source) -> None:
    feed.gives(whole([record("7", deep=nested(DEEPEST - 2))]))
    assert read(source).status == Run.Status.SUCCESS
    assert Object.objects.get().payload["deep"] == nested(DEEPEST - 2)
