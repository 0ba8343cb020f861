"""The store under the lists: always in order, whatever happens, and versions are kept."""

import random
from typing import Any

import pytest

from sources.sandbox.query import OPEN, Window
from sources.sandbox.selection import Wanted, select
from sources.sandbox.spool import PIECE, Spool
from sources.sandbox.stamps import seconds_of, stamp_of
from sources.sandbox.store import Store
from sources.tests.sandbox.conftest import case

STAMPS = ("created_at", "updated_at")


def listed(store: Store, **wanted: Any) -> list[int]:
    view = select(store, Wanted("cases", **wanted), descending=False)
    return [store["cases"].ids[slot] for slot in view.page(1, 10_000)]


def shaken(store: Store, rng: random.Random, steps: int) -> dict[int, tuple[int, int]]:
    """Changes, creates and removes at random; what must be true after: id -> (created, updated)."""
    true: dict[int, tuple[int, int]] = {}
    for step in range(steps):
        own, stamps = rng.randrange(1, 120), (rng.randrange(1, 50), rng.randrange(1, 50))
        entry = case(own, created_at=stamp_of(stamps[0]), updated_at=stamp_of(stamps[1]))
        slot = store["cases"].find(own)
        if slot is not None and step % 5 == 0:
            store.remove("cases", slot)
            del true[own]
            continue
        store.create("cases", entry) if slot is None else store.change("cases", slot, entry)
        true[own] = stamps
    return true


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("asked_before", [True, False])
def test_lists_stay_in_order_while_objects_come_change_and_go(seed: int, asked_before: bool) -> None:
    store, rng = Store(), random.Random(seed)
    if asked_before:
        assert [listed(store, sort=stamp) for stamp in STAMPS] == [[], []]
    true = shaken(store, rng, 400)
    assert listed(store) == sorted(true)
    for place, stamp in enumerate(STAMPS):
        assert listed(store, sort=stamp) == sorted(true, key=lambda own: (true[own][place], own))
    store.close()


@pytest.mark.parametrize("sort", ["id", *STAMPS])
def test_windows_hold_what_lies_in_them_in_any_order(sort: str) -> None:
    store = Store()
    true = shaken(store, random.Random(9), 300)
    windows = {"ids": Window(20, 90), "created": Window(5, None), "updated": Window(10, 40)}
    found = listed(store, sort=sort, **windows)
    assert sorted(found) == [
        own
        for own, (created, updated) in sorted(true.items())
        if 20 <= own <= 90 and created >= 5 and 10 <= updated <= 40
    ]
    assert listed(store, sort=sort, **dict.fromkeys(windows, OPEN)) == listed(store, sort=sort)
    store.close()


def test_many_changes_at_once_are_in_order_too() -> None:
    store = Store(("cases", case(own)) for own in range(1, 1_500))
    listed(store, sort="updated_at")
    store["cases"].many_changes_ahead(1_000)
    for own in range(1, 1_001):
        store.change("cases", store["cases"].find(own) or 0, case(own, updated_at="2030-01-01T00:00:00Z"))
    assert listed(store, sort="updated_at")[-1_000:] == list(range(1, 1_001))
    store.close()


def test_every_version_of_an_object_is_kept() -> None:
    store = Store([("cases", case(1, subject="first"))])
    for subject in ("second", "third"):
        store.change("cases", 0, case(1, subject=subject))
    versions = [store.spool.read(*place) for place in store["cases"].versions[0]]
    assert [b'"first"' in versions[0], b'"second"' in versions[1]] == [True, True]
    assert store["cases"].entry(0)["subject"] == "third"
    store.close()


@pytest.mark.parametrize("size", [1, 100, PIECE - 1, PIECE, 3 * PIECE + 7])
def test_the_spool_joins_neighbours_and_strangers_alike(size: int) -> None:
    spool = Spool()
    bodies = [bytes([letter]) * size for letter in b"abcde"]
    places = [spool.append(body) for body in bodies]
    for order in ([0, 1, 2, 3, 4], [4, 2, 0], [1, 2, 4], [3], [0, 0]):
        pieces = spool.joined(places[place] for place in order)
        assert b"".join(pieces) == b",".join(bodies[place] for place in order)
        assert max(map(len, pieces)) < 2 * PIECE
    assert spool.joined([]) == [b""]
    spool.close()


@pytest.mark.parametrize(
    ("stamp", "seconds"),
    [
        ("1970-01-01T00:00:01Z", 1),
        ("2016-02-29T23:59:59Z", 1_456_790_399),
        ("1969-12-31T23:59:59Z", -1),
        ("", 0),
        (None, 0),
        ("2016-13-45T00:00:00Z", 0),
    ],
)
def test_stamps_and_seconds_say_the_same(stamp: str | None, seconds: int) -> None:
    assert seconds_of(stamp) == seconds
    if seconds:
        assert stamp_of(seconds) == stamp
