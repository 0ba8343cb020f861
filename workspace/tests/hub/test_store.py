"""The Hub keeps the latest state of every object and never goes backwards."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.db import OperationalError, connection, transaction

from workspace.hub import store
from workspace.hub.models import Collection, Object, Seen
from workspace.hub.store import Entry
from workspace.payload import parse
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db


def stored(cases: Collection) -> dict[str, dict[str, object]]:
    return {item.object_id: item.payload for item in cases.stored.all()}


def versions(cases: Collection) -> dict[str, int]:
    return dict(cases.stored.values_list("object_id", "version"))


def test_new_objects_are_stored_whole(cases: Collection) -> None:
    tally = store.upsert(cases, [entry("1", subject="Tab\tquote' back\\slash\nline"), entry("2", n=2**70)])
    assert (tally.new, tally.changed) == (2, 0)
    assert stored(cases)["1"] == {"id": "1", "subject": "Tab\tquote' back\\slash\nline"}
    assert stored(cases)["2"]["n"] == 2**70


def test_an_unchanged_object_keeps_its_version(cases: Collection) -> None:
    store.upsert(cases, [entry("1", priority=2), entry("2", priority=2)])
    before = versions(cases)
    tally = store.upsert(cases, [entry("1", priority=2), entry("2", priority=4)])
    assert (tally.unchanged, tally.changed) == (1, 1)
    assert versions(cases)["1"] == before["1"]
    assert versions(cases)["2"] > max(before.values())


def test_an_older_state_is_refused_and_counted(cases: Collection) -> None:
    store.upsert(cases, [entry("1", "2020-01-02T00:00:00Z", priority=4)])
    tally = store.upsert(cases, [entry("1", "2020-01-01T00:00:00Z", priority=2)])
    assert (tally.stale, tally.changed) == (1, 0)
    assert stored(cases)["1"]["priority"] == 4


def test_another_state_of_the_same_second_is_taken(cases: Collection) -> None:
    store.upsert(cases, [entry("1", status="open")])
    assert store.upsert(cases, [entry("1", status="resolved")]).changed == 1


def test_of_two_states_in_one_batch_the_newest_is_kept_whatever_the_order(cases: Collection) -> None:
    old, new = entry("1", "2020-01-01T00:00:00Z", n=1), entry("1", "2020-01-02T00:00:00Z", n=2)
    store.upsert(cases, [new, old])
    assert stored(cases)["1"]["n"] == 2


def test_of_two_states_of_one_second_the_later_in_the_batch_is_kept(cases: Collection) -> None:
    store.upsert(cases, [entry("1", n=1), entry("1", n=2)])
    assert stored(cases)["1"]["n"] == 2


def test_a_partial_object_keeps_what_it_does_not_mention(cases: Collection) -> None:
    store.upsert(cases, [entry("1", subject="Hello", priority=2)])
    store.upsert(cases, [entry("1", priority=4)], partial=True)
    assert stored(cases)["1"] == {"id": "1", "subject": "Hello", "priority": 4}


def test_a_whole_object_replaces_what_was_there(cases: Collection) -> None:
    store.upsert(cases, [entry("1", subject="Hello", priority=2)])
    store.upsert(cases, [entry("1", priority=4)])
    assert stored(cases)["1"] == {"id": "1", "priority": 4}


def test_changes_come_in_the_order_of_versions_from_the_watermark_on(cases: Collection) -> None:
    store.upsert(cases, [entry(str(n), n=n) for n in range(10)])
    first = store.changes(cases.pk, 0, 2**62, 6)
    rest = store.changes(cases.pk, first[-1].version, 2**62, 6)
    assert [parse(change.payload)["n"] for change in [*first, *rest]] == list(range(10))


def test_the_counters_follow(cases: Collection) -> None:
    store.upsert(cases, [entry("1"), entry("2"), entry("3")])
    read_whole(cases, ["1", "3"])
    cases.refresh_from_db()
    assert (cases.objects_stored, cases.objects_deleted, cases.objects_live) == (3, 1, 2)
    store.upsert(cases, [entry("2")])
    cases.refresh_from_db()
    assert (cases.objects_stored, cases.objects_deleted) == (3, 0)


def read_whole(cases: Collection, ids: list[str], *, twice: bool = False) -> store.Sweep | None:
    store.begin_read(cases)
    return store.sweep(cases, store.note_seen(cases, ids), twice=twice)


def test_an_object_missing_from_a_complete_read_is_marked_and_gets_a_new_version(cases: Collection) -> None:
    store.upsert(cases, [entry("1"), entry("2")])
    before = versions(cases)
    assert read_whole(cases, ["1"]) == store.Sweep(deleted=1, held=0)
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
    assert read_whole(cases, [str(n) for n in range(79)]) == store.Sweep(deleted=0, held=21)
    assert not cases.stored.exclude(deleted_at=None).exists()
    assert store.approve_deletions(cases) == 21
    assert cases.stored.exclude(deleted_at=None).count() == 21


def test_twenty_missing_objects_are_never_suspicious(cases: Collection) -> None:
    store.upsert(cases, [entry(str(n)) for n in range(25)])
    assert read_whole(cases, ["0", "1", "2", "3", "4"]) == store.Sweep(deleted=20, held=0)


@pytest.mark.parametrize("priority", [2, 4])
def test_a_held_object_that_comes_again_is_not_deleted_by_the_agreement(
    cases: Collection, priority: int
) -> None:
    store.upsert(cases, [entry(str(n), priority=2) for n in range(40)])
    read_whole(cases, [])
    store.upsert(cases, [entry("7", priority=priority)])
    assert store.approve_deletions(cases) == 39
    assert Object.objects.get(collection=cases, deleted_at=None).object_id == "7"


def test_what_reads_in_pages_miss_is_gone_only_when_two_in_a_row_miss_it(cases: Collection) -> None:
    store.upsert(cases, [entry("1"), entry("2"), entry("3")])
    assert read_whole(cases, ["1", "3"], twice=True) == store.Sweep(doubted=1)
    assert read_whole(cases, ["1", "2"], twice=True) == store.Sweep(doubted=1)
    assert read_whole(cases, ["1"], twice=True) == store.Sweep(deleted=1, doubted=1)
    assert read_whole(cases, ["1"], twice=True) == store.Sweep(deleted=1)
    assert cases.stored.get(deleted_at=None).object_id == "1"


def test_suspiciously_many_that_two_reads_miss_are_held(cases: Collection) -> None:
    store.upsert(cases, [entry(str(n)) for n in range(40)])
    assert read_whole(cases, [], twice=True) == store.Sweep(doubted=40)
    assert read_whole(cases, ["1"], twice=True) == store.Sweep(held=39)
    assert store.approve_deletions(cases) == 39


def test_each_deleted_object_gets_a_version_of_its_own(cases: Collection) -> None:
    store.upsert(cases, [entry(str(n)) for n in range(15)])
    read_whole(cases, [])
    cases.refresh_from_db()
    assert len(set(versions(cases).values())) == 15
    assert max(versions(cases).values()) == cases.version


def test_notes_that_a_crash_has_emptied_delete_nothing(cases: Collection) -> None:
    store.upsert(cases, [entry("1"), entry("2")])
    store.begin_read(cases)
    seen = store.note_seen(cases, ["1", "2"])
    Seen.objects.all().delete()
    assert store.sweep(cases, seen) is None
    assert not cases.stored.exclude(deleted_at=None).exists()


def test_texts_no_database_stores_are_mended_and_counted(cases: Collection) -> None:
    assert store.upsert(cases, [entry("1", subject="a\x00b")]).mended == 1
    assert stored(cases)["1"]["subject"] == "a␀b"


@pytest.mark.django_db(transaction=True)
def test_no_reader_steps_over_a_version_while_many_write(cases: Collection) -> None:
    """A flush that follows the watermark sees every object's last state, however commits interleave."""
    done = threading.Event()
    seen: dict[str, object] = {}

    def write(seed: int) -> None:
        for _ in range(30):
            with transaction.atomic():
                store.upsert(cases, [entry(str(random.Random(seed).randrange(50)), None, n=random.random())])
        connection.close()

    def follow() -> Iterator[None]:
        after = 0
        while True:
            for change in store.changes(cases.pk, after, 2**62, 7):
                seen[change.object_id] = parse(change.payload)
                after = change.version
            yield

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    reader = follow()
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        next(reader)
    done.set()
    for _ in range(20):
        next(reader)
    assert seen == stored(cases)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_while_objects_are_copied_is_no_surprise(
    cases: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run passes over what Django calls an OperationalError; psycopg2's own would end it."""

    def cut(entry: Entry, received: str) -> bytes:
        ours = connection.connection.info.backend_pid
        with closing(connection.copy()) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])
        return real(entry, received)

    real = store._when
    monkeypatch.setattr(store, "_when", cut)
    with pytest.raises(OperationalError), transaction.atomic():
        store.upsert(cases, [entry("1")])


def test_versions_overtake_those_a_warehouse_got_before_a_restore(cases: Collection) -> None:
    store.upsert(cases, [entry("1", n=1)])
    given_out = versions(cases)["1"]
    Object.objects.all().delete()
    Collection.objects.update(version=0, objects_stored=0)
    store.upsert(cases, [entry("1", n=2)])
    assert versions(cases)["1"] > given_out
