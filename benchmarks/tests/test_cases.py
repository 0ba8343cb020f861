"""Everybody meets the same cases and the same changes."""

from __future__ import annotations

import orjson
import pytest

from benchmarks.cases import Cases
from benchmarks.server import Site


@pytest.fixture
def desk() -> Cases:
    return Cases(250)


def test_every_nth_case_changes_and_is_found_by_the_first_time_of_change(desk: Cases) -> None:
    since = desk.change(100)
    assert [desk.ids[place] for place in desk.changed_since(since)] == desk.ids[::100]


def test_changes_of_a_later_round_come_after_those_of_an_earlier_one(desk: Cases) -> None:
    earlier, later = desk.change(10), desk.change(100)
    assert earlier < later
    assert len(desk.changed_since(later)) == 3


def test_pages_of_the_server_hold_all_cases_once_and_end(desk: Cases) -> None:
    site, ids = Site(desk), []
    target: str | None = "/cases?page=1"
    while target:
        page = orjson.loads(site.answer("GET", target))
        ids += [case["id"] for case in page["_embedded"]["entries"]]
        target = (page["_links"]["next"] or {}).get("href")
    assert ids == desk.ids
    assert site.answer("GET", "/requests") == b"3"
