"""Runs of both sides as one list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import RequestFactory

from sources.models import Source
from warehouses.models import Connection
from workspace.activity import Wanted, owner_of
from workspace.models import Workspace
from workspace.pages import write_key
from workspace.runs import Run
from workspace.tests.overview.conftest import add_run, add_source

NOON = datetime(2020, 3, 1, 12, tzinfo=UTC)
ALL: dict[str, Any] = {"source": None, "warehouse": None}


def walk(wanted: Wanted, size: int, side: str = "older") -> list[Run]:
    """Every page from the newest run on, by the links of the pages; with `newer` back from the last one."""
    factory, address, pages = RequestFactory(), "/", []
    while address:
        page = wanted.page(factory.get(address), size)
        pages.append(page.rows)
        last, address = page, page.older
    if side == "older":
        return [run for page in pages for run in page]
    back = [last.rows]
    while last.newer:
        last = wanted.page(factory.get(last.newer), size)
        back.append(last.rows)
    return [run for page in reversed(back) for run in page]


@pytest.fixture
def crowd(acme: Workspace, desk: Source, pair: Connection) -> list[Any]:
    """Runs of both kinds, seven at each of three moments."""
    moments = [NOON + timedelta(minutes=minute) for minute in (0, 1, 2) for _ in range(7)]
    return [add_run((desk, pair)[n % 2], at=at) for n, at in enumerate(moments)]


@pytest.mark.parametrize("side", ["older", "newer"])
@pytest.mark.parametrize("size", [1, 2, 5, 21])
def test_paging_over_equal_moments_loses_and_doubles_nothing(
    acme: Workspace, crowd: list[Any], size: int, side: str
) -> None:
    found = walk(Wanted(acme, ALL), size, side)
    expected = sorted(crowd, key=lambda run: (run.queued_at, run.pk), reverse=True)
    assert [run.pk for run in found] == [run.pk for run in expected]


def test_a_key_that_nobody_handed_out_shows_the_first_page(acme: Workspace, crowd: list[Any]) -> None:
    for key in ("nonsense", write_key(NOON, "no uuid"), write_key(NOON.replace(tzinfo=None), crowd[0].pk)):
        page = Wanted(acme, ALL).page(RequestFactory().get("/", {"before": key}), 3)
        assert page.rows[0].queued_at == NOON + timedelta(minutes=2)
        assert not page.newer


def test_owners_statuses_and_period_each_narrow_the_list(
    acme: Workspace, desk: Source, pair: Connection
) -> None:
    other = add_source(acme, "other")
    runs = {
        name: add_run(owner, status, at=NOON + timedelta(hours=hour))
        for name, owner, status, hour in (
            ("old", desk, "failed", 0),
            ("new", desk, "success", 2),
            ("flush", pair, "failed", 3),
            ("other", other, "failed", 4),
        )
    }

    def names(owners: dict[str, Any], **more: Any) -> list[str]:
        known = {run.pk: name for name, run in runs.items()}
        return [known[run.pk] for run in Wanted(acme, owners, **more).fetch(None, False, 10)]

    assert names(ALL) == ["other", "flush", "new", "old"]
    assert names({"source": [desk.pk], "warehouse": [pair.pk]}) == ["flush", "new", "old"]
    assert names(ALL, statuses=["failed"]) == ["other", "flush", "old"]
    assert names({"source": [desk.pk], "warehouse": []}, statuses=["failed"]) == ["old"]
    assert names(ALL, since=NOON + timedelta(hours=3)) == ["other", "flush"]
    assert names({"source": []}) == []


def test_the_latest_run_of_each_owner_is_no_skipped_one(
    acme: Workspace, desk: Source, pair: Connection
) -> None:
    add_run(desk, "failed", ago=90)
    newest = add_run(desk, "partial", ago=60)
    flush = add_run(pair, "running", ago=30)
    add_run(pair, "skipped", ago=10)
    latest = Wanted(acme, {"source": [desk.pk], "warehouse": [pair.pk]}).latest()
    assert {key: run.pk for key, run in latest.items()} == {
        ("source", desk.pk): newest.pk,
        ("warehouse", pair.pk): flush.pk,
    }


def test_a_listed_run_says_what_is_shown_of_it(acme: Workspace, desk: Source) -> None:
    counts = {"cases": {"read": 7}}
    notice = {"level": "error", "code": "x", "collection": "", "message": "No.", "action": "", "count": 1}
    add_run(desk, "running", counts=counts, notices=[notice], rows=5, waiting_for="rate_limited")
    (run,) = Wanted(acme, ALL).fetch(None, False, 5)
    assert (owner_of(run), run.rows, run.counts, run.noticed) == (desk.pk, 5, counts, 1)
    assert run.notices == []
    (told,) = Wanted(acme, ALL, told=True).fetch(None, False, 5)
    assert told.notices == [notice]
