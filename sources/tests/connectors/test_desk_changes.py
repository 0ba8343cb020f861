"""Runs after the first: only what changed is asked for, and nothing that changed is missed."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from sources.tests.connectors.conftest import MakeSite
from sources.tests.connectors.made import WatchedTraffic
from sources.tests.connectors.sites import NOON, thing

INCREMENTAL = ["cases", "customers", "companies"]
HOUR = 3600


@pytest.mark.parametrize("collection", INCREMENTAL)
def test_only_what_changed_is_asked_for(collection: str, make_site: MakeSite) -> None:
    site = make_site(**{collection: [thing(collection, n) for n in range(1, 501)]})
    first = site.read(collection)
    for number in (3, 77, 400):
        site.put(collection, number, NOON + HOUR + number, name="changed")
    site.put(collection, 900, NOON + 2 * HOUR)
    second = site.read(collection, first.last.cursor)
    assert {3, 77, 400, 900} <= set(second.ids)
    assert len(second.ids) <= 4 + 61  # the changes, and those within the look-back of a minute
    assert second.requests == 1
    assert second.last.cursor == {"phase": "delta", "since": NOON + 2 * HOUR}


@pytest.mark.parametrize("collection", INCREMENTAL)
def test_many_changes_are_read_page_by_page_and_can_be_resumed(collection: str, make_site: MakeSite) -> None:
    site = make_site(**{collection: [thing(collection, n) for n in range(1, 901)]})
    since = site.read(collection).last.cursor
    changed = range(1, 801)
    for number in changed:
        site.put(collection, number, NOON + HOUR + number // 3)
    pages = site.read(collection, since).pages
    for done, page in enumerate(pages, start=1):
        rest = site.read(collection, page.cursor)
        before = {int(record.id) for page in pages[:done] for record in page.records}
        assert set(changed) <= before | set(rest.ids), f"after page {done}"
        assert rest.last.cursor["since"] == NOON + HOUR + 800 // 3


@pytest.mark.parametrize(("collection", "block"), [("cases", 350), ("customers", 350), ("companies", 1300)])
def test_a_crowd_of_changes_in_one_second_is_read_whole(
    collection: str, block: int, make_site: MakeSite
) -> None:
    site = make_site(**{collection: [thing(collection, n) for n in range(1, block + 51)]})
    since = site.read(collection).last.cursor
    for number in range(1, block + 1):
        site.put(collection, number, NOON + HOUR)
    site.put(collection, block + 1, NOON + HOUR - 1)
    site.put(collection, block + 2, NOON + HOUR + 1)
    pages = site.read(collection, since).pages
    assert set(range(1, block + 3)) <= {int(record.id) for page in pages for record in page.records}
    for done, page in enumerate(pages, start=1):
        before = {int(record.id) for page in pages[:done] for record in page.records}
        assert set(range(1, block + 3)) <= before | set(site.read(collection, page.cursor).ids)


@pytest.mark.parametrize("collection", INCREMENTAL)
def test_a_record_that_shows_up_late_is_found_within_the_look_back(
    collection: str, make_site: MakeSite
) -> None:
    site = make_site(**{collection: [thing(collection, n) for n in range(1, 21)]})
    since = site.read(collection).last.cursor
    site.put(collection, 99, NOON - 30)
    assert 99 in site.read(collection, since).ids


@pytest.mark.parametrize("collection", INCREMENTAL)
def test_what_changes_during_a_full_read_comes_with_the_next_run(
    collection: str, make_site: MakeSite
) -> None:
    site = make_site(**{collection: [thing(collection, n) for n in range(1, 301)]})
    steps = site.steps(collection)
    next(steps)
    site.put(collection, 5, NOON + HOUR, name="changed meanwhile")
    *_, last = steps
    changed = [r for r in site.read(collection, last.cursor).records if r.id == "5"]
    assert changed[0].body["name"] == "changed meanwhile"


@pytest.mark.parametrize("collection", INCREMENTAL)
def test_a_time_in_the_future_neither_blocks_nor_runs_away(collection: str, make_site: MakeSite) -> None:
    site = make_site(**{collection: [thing(collection, n) for n in range(1, 21)]})
    site.put(collection, 7, NOON + 10**10)
    first = site.read(collection)
    assert all(record.stamp and record.stamp.timestamp() <= time.time() + 1 for record in first.records)
    assert first.last.cursor["since"] <= time.time() + 1
    site.put(collection, 8, int(time.time()))
    second = site.read(collection, first.last.cursor)
    assert {7, 8} <= set(second.ids)
    assert second.last.cursor["since"] <= time.time() + 1


@pytest.mark.parametrize("collection", INCREMENTAL)
def test_the_cursor_never_goes_back(collection: str, make_site: MakeSite) -> None:
    site = make_site(**{collection: [thing(collection, n) for n in range(1, 21)]})
    first = site.read(collection).last.cursor
    for number in range(10, 21):
        site.drop(collection, number)
    assert site.read(collection, first).last.cursor == first


@pytest.mark.parametrize("collection", INCREMENTAL)
def test_an_empty_collection_is_watched_from_the_beginning(collection: str, make_site: MakeSite) -> None:
    site = make_site()
    first = site.read(collection)
    assert (len(first.pages), first.ids, first.last.complete) == (1, [], True)
    site.put(collection, 1, 5)
    assert site.read(collection, first.last.cursor).ids == [1]


@pytest.mark.parametrize("collection", INCREMENTAL)
def test_a_crowd_that_has_gone_quiet_costs_one_request(collection: str, make_site: MakeSite) -> None:
    site = make_site(**{collection: [thing(collection, n, NOON + n % 50) for n in range(1, 1001)]})
    first = site.read(collection).last.cursor
    quiet = site.read(collection, first)
    assert (quiet.requests, quiet.ids, quiet.last.ends, quiet.last.cursor) == (1, [], True, first)
    site.put(collection, 500, NOON + HOUR)
    assert 500 in site.read(collection, quiet.last.cursor).ids


@pytest.mark.parametrize("collection", INCREMENTAL)
def test_a_late_record_in_a_quiet_crowd_is_found(collection: str, make_site: MakeSite) -> None:
    site = make_site(**{collection: [thing(collection, n, NOON + n % 50) for n in range(1, 201)]})
    since = site.read(collection).last.cursor
    site.put(collection, 999, NOON + 20)
    assert 999 in site.read(collection, since).ids


def test_an_unchanged_object_at_a_border_comes_once(make_site: MakeSite) -> None:
    site = make_site(cases=[thing("cases", n) for n in range(1, 501)])
    since = site.read("cases").last.cursor
    for number in range(1, 451):
        site.put("cases", number, NOON + HOUR + number // 7)
    records = site.read("cases", {**since, "since": NOON + HOUR}).records
    assert len(records) == len({record.id for record in records})


def test_a_bulk_job_and_then_silence_is_small_from_the_second_run_on(make_site: MakeSite) -> None:
    site = make_site(cases=[thing("cases", n) for n in range(1, 1001)])
    since = site.read("cases").last.cursor
    for number in range(1, 801):
        site.put("cases", number, NOON + HOUR + number % 40)
    after = site.read("cases", since).last.cursor
    assert site.read("cases", after).requests == 1


class Interrupted(WatchedTraffic):
    """Does something just before a request."""

    def __init__(self, number: int, act: Callable[[], None]) -> None:
        super().__init__()
        self._number, self._act = number, act

    def before_request(self) -> None:
        super().before_request()
        if self.requests == self._number:
            self._act()


def test_what_changes_just_before_a_run_ends_is_not_taken_for_silence(make_site: MakeSite) -> None:
    site = make_site(cases=[thing("cases", n) for n in range(1, 1001)])
    since = site.read("cases").last.cursor
    for number in range(1, 801):
        site.put("cases", number, NOON + HOUR + number % 40)
    requests = site.read("cases", since).requests
    last_word = Interrupted(requests, lambda: site.put("cases", 900, NOON + 2 * HOUR, name="late"))
    *_, last = site.steps("cases", since, last_word)
    assert "late" in [record.body["name"] for record in site.read("cases", last.cursor).records]


def test_a_change_within_the_second_that_was_just_read_is_not_missed(make_site: MakeSite) -> None:
    site = make_site(cases=[thing("cases", n) for n in range(1, 401)])
    since = site.read("cases").last.cursor
    now = int(time.time())
    for number in range(1, 301):
        site.put("cases", number, now)
    after = site.read("cases", since).last.cursor
    site.put("cases", 7, now, name="again")
    assert "again" in [record.body["name"] for record in site.read("cases", after).records]
