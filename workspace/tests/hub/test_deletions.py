"""What a complete read does not meet is deleted, unless it is so much that a person has to agree."""

from __future__ import annotations

import pytest

from workspace.hub import deletions, store
from workspace.hub.deletions import Sweep
from workspace.hub.models import Collection, Object, Seen
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db


def versions(cases: Collection) -> dict[str, int]:
    return dict(cases.stored.values_list("object_id", "version"))


def read_whole(cases: Collection, ids: list[str], *, twice: bool = False) -> Sweep | None:
    deletions.begin_read(cases)
    return deletions.sweep(cases, deletions.note_seen(cases, ids), twice=twice)


def test_the_counters_follow(cases: Collection) -> None:
    store.upsert(cases, [entry("1"), entry("2"), entry("3")])
    read_whole(cases, ["1", "3"])
    cases.refresh_from_db()
    assert (cases.objects_stored, cases.objects_deleted, cases.objects_live) == (3, 1, 2)
    store.upsert(cases, [entry("2")])
    cases.refresh_from_db()
    assert (cases.objects_stored, cases.objects_deleted) == (3, 0)


def test_an_object_missing_from_a_complete_read_is_marked_and_gets_a_new_version(cases: Collection) -> None:
    store.upsert(cases, [entry("1"), entry("2")])
    before = versions(cases)
    assert read_whole(cases, ["1"]) == Sweep(deleted=1, held=0)
    gone = Object.objects.get(collection=cases, object_id="2")
    assert gone.deleted_at is not None
    assert gone.version > max(before.values())


def test_a_deleted_object_that_comes_back_unchanged_is_live_again(cases: Collection) -> None:
    store.upsert(cases, [entry("1")])
    read_whole(cases, [])
    assert store.upsert(cases, [entry("1")]).changed == 1
    assert Object.objects.get(collection=cases, object_id="1").deleted_at is None


def test_a_deleted_object_that_comes_back_with_an_older_stamp_is_live_again(cases: Collection) -> None:
    store.upsert(cases, [entry("1", "2021-01-01T00:00:00Z")])
    read_whole(cases, [])
    assert store.upsert(cases, [entry("1", "2020-06-01T00:00:00Z")]).changed == 1
    assert Object.objects.get(collection=cases, object_id="1").deleted_at is None


def test_suspiciously_many_deletions_are_held_until_an_admin_agrees(cases: Collection) -> None:
    store.upsert(cases, [entry(str(n)) for n in range(100)])
    assert read_whole(cases, [str(n) for n in range(79)]) == Sweep(deleted=0, held=21)
    assert not cases.stored.exclude(deleted_at=None).exists()
    assert deletions.approve_deletions(cases) == 21
    assert cases.stored.exclude(deleted_at=None).count() == 21


def test_twenty_missing_objects_are_never_suspicious(cases: Collection) -> None:
    store.upsert(cases, [entry(str(n)) for n in range(25)])
    assert read_whole(cases, ["0", "1", "2", "3", "4"]) == Sweep(deleted=20, held=0)


@pytest.mark.parametrize("priority", [2, 4])
def test_a_held_object_that_comes_again_is_not_deleted_by_the_agreement(
    cases: Collection, priority: int
) -> None:
    store.upsert(cases, [entry(str(n), priority=2) for n in range(40)])
    read_whole(cases, [])
    store.upsert(cases, [entry("7", priority=priority)])
    assert deletions.approve_deletions(cases) == 39
    assert Object.objects.get(collection=cases, deleted_at=None).object_id == "7"


def test_what_reads_in_pages_miss_is_gone_only_when_two_in_a_row_miss_it(cases: Collection) -> None:
    store.upsert(cases, [entry("1"), entry("2"), entry("3")])
    assert read_whole(cases, ["1", "3"], twice=True) == Sweep(doubted=1)
    assert read_whole(cases, ["1", "2"], twice=True) == Sweep(doubted=1)
    assert read_whole(cases, ["1"], twice=True) == Sweep(deleted=1, doubted=1)
    assert read_whole(cases, ["1"], twice=True) == Sweep(deleted=1)
    assert cases.stored.get(deleted_at=None).object_id == "1"


def test_suspiciously_many_that_two_reads_miss_are_held(cases: Collection) -> None:
    store.upsert(cases, [entry(str(n)) for n in range(40)])
    assert read_whole(cases, [], twice=True) == Sweep(doubted=40)
    assert read_whole(cases, ["1"], twice=True) == Sweep(held=39)
    assert deletions.approve_deletions(cases) == 39


def test_each_deleted_object_gets_a_version_of_its_own(cases: Collection) -> None:
    store.upsert(cases, [entry(str(n)) for n in range(15)])
    read_whole(cases, [])
    cases.refresh_from_db()
    assert len(set(versions(cases).values())) == 15
    assert max(versions(cases).values()) == cases.version


def test_notes_that_a_crash_has_emptied_delete_nothing(cases: Collection) -> None:
    store.upsert(cases, [entry("1"), entry("2")])
    deletions.begin_read(cases)
    seen = deletions.note_seen(cases, ["1", "2"])
    Seen.objects.all().delete()
    assert deletions.sweep(cases, seen) is None
    assert not cases.stored.exclude(deleted_at=None).exists()
