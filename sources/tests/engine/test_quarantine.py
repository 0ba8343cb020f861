"""A record that cannot be stored is kept aside with its text; the others are stored."""

from __future__ import annotations

from typing import Any

import pytest

from sources.connectors.base import Rejected
from sources.models import Quarantined, Source
from sources.sync import RAW_KEPT
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


def test_a_record_that_comes_again_is_kept_once_and_seen_again(feed: Feed, source: Source) -> None:
    same = Rejected('{"subject": "no id"}', "It has no id.")
    feed.gives(whole([record("7")], rejected=[same, same, Rejected("7", "This is no object.")]))
    read(source)
    first = Quarantined.objects.get(raw=same.raw)
    run = read(source)
    again = Quarantined.objects.get(raw=same.raw)
    assert (again.run, again.first_seen_at) == (run, first.first_seen_at)
    assert again.last_seen_at > first.last_seen_at
    assert Quarantined.objects.count() == 2


def test_of_an_endless_record_the_beginning_is_kept(feed: Feed, source: Source) -> None:
    feed.gives(whole([], rejected=[Rejected("x" * 1_000_000 + end, "It has no id.") for end in "ab"]))
    read(source)
    assert [len(kept.raw) for kept in Quarantined.objects.all()] == [RAW_KEPT, RAW_KEPT]


def test_a_page_full_of_rejected_records_costs_one_statement(
    feed: Feed, source: Source, django_assert_max_num_queries: Any
) -> None:
    feed.gives(whole([], rejected=[Rejected(str(number), "It has no id.") for number in range(100)]))
    with django_assert_max_num_queries(60):  # not one for each of the hundred
        read(source)
    assert Quarantined.objects.count() == 100
