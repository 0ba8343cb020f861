"""The Hub keeps the latest state of every object and never goes backwards."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.db import OperationalError, connection, transaction

from workspace.hub import store
from workspace.hub.models import Collection, Object
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


def test_what_is_taken_for_new_is_stored_in_one_go(cases: Collection) -> None:
    tally = store.upsert(cases, [entry("1", n=1), entry("2", n=2), entry("1", n=3)], growing=True)
    assert (tally.new, tally.unchanged) == (2, 1)
    assert {id_: object_["n"] for id_, object_ in stored(cases).items()} == {"1": 3, "2": 2}
    cases.refresh_from_db()
    assert (cases.objects_stored, cases.version) == (2, store.changes(cases.pk, 0, store.LAST, 9)[-1].version)


def test_what_was_taken_for_new_and_is_known_neither_doubles_nor_goes_back(cases: Collection) -> None:
    store.upsert(cases, [entry("1", "2020-01-02T00:00:00Z", n=4), entry("2", n=2)])
    tally = store.upsert(cases, [entry("1", "2020-01-01T00:00:00Z", n=2), entry("3", n=3)], growing=True)
    assert (tally.new, tally.stale) == (1, 1)
    assert {id_: object_["n"] for id_, object_ in stored(cases).items()} == {"1": 4, "2": 2, "3": 3}
    cases.refresh_from_db()
    assert cases.objects_stored == 3


def test_changes_come_in_the_order_of_versions_from_the_watermark_on(cases: Collection) -> None:
    store.upsert(cases, [entry(str(n), n=n) for n in range(10)])
    first = store.changes(cases.pk, 0, 2**62, 6)
    rest = store.changes(cases.pk, first[-1].version, 2**62, 6)
    assert [parse(change.payload)["n"] for change in [*first, *rest]] == list(range(10))


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

    def cut(text: str) -> bytes:
        ours = connection.connection.info.backend_pid
        with closing(connection.copy()) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [ours])
        return real(text)

    real = store._escape
    monkeypatch.setattr(store, "_escape", cut)
    with pytest.raises(OperationalError), transaction.atomic():
        store.upsert(cases, [entry("1")])


def test_versions_overtake_those_a_warehouse_got_before_a_restore(cases: Collection) -> None:
    store.upsert(cases, [entry("1", n=1)])
    given_out = versions(cases)["1"]
    Object.objects.all().delete()
    Collection.objects.update(version=0, objects_stored=0)
    store.upsert(cases, [entry("1", n=2)])
    assert versions(cases)["1"] > given_out
