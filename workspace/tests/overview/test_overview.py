"""The overview: what flows where, what runs, what ran."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from sources.models import Source
from warehouses.models import Connection, Warehouse
from workspace.models import RoleGrant, RunHour, User, Workspace
from workspace.tests.fixtures import grant
from workspace.tests.overview.conftest import add_run, add_source

PAGE = "/acme/overview"


def text(client: Client, address: str = PAGE, **headers: Any) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_workspace_says_the_next_step(acme: Workspace, as_alice: Client) -> None:
    page = text(as_alice)
    assert "Add the first source" in page
    assert "No sync has run yet" in page


def test_both_kinds_of_runs_stand_in_one_table(as_alice: Client, desk: Source, pair: Connection) -> None:
    add_run(desk, rows=1234)
    add_run(pair, "failed", ago=5)
    page = text(as_alice)
    assert "1,234" in page
    assert "Desk.com → Lake" in page
    assert page.index("Warehouse sync") < page.rindex("Source sync")


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("kind=source", "111", "222"),
        ("kind=warehouse", "222", "111"),
        ("status=failed", "222", "111"),
        ("source=desk-com", "111", "333"),
        ("warehouse=lake", "222", "111"),
        ("period=24h", "111", "333"),
    ],
)
def test_each_filter_narrows_the_table(
    acme: Workspace, as_alice: Client, desk: Source, pair: Connection, query: str, shown: str, hidden: str
) -> None:
    add_run(desk, rows=111_000)
    add_run(pair, "failed", rows=222_000)
    add_run(add_source(acme, "other"), ago=3 * 24 * 60, rows=333_000)
    page = text(as_alice, f"{PAGE}?part=runs&{query}", HX_Request="true")
    assert f"{shown},000" in page
    assert f"{hidden},000" not in page


def test_a_running_sync_shows_how_far_it_is(as_alice: Client, desk: Source) -> None:
    add_run(desk, "running", counts={"cases": {"begun": True, "read": 300, "total": 1200}})
    page = text(as_alice, f"{PAGE}?part=map", HX_Request="true")
    assert "cases: 300 of 1,200" in page
    assert "<html" not in page


def test_what_is_overdue_is_late(as_alice: Client, desk: Source) -> None:
    Source.objects.update(next_sync_at=timezone.now() - timedelta(hours=1))
    assert "Everything is on time" not in text(as_alice)


def test_the_charts_sum_the_hours(acme: Workspace, as_alice: Client, desk: Source) -> None:
    for status in ("success", "success", "failed"):
        RunHour.objects.add(acme.pk, "source", timezone.now(), status, 50)
    page = text(as_alice, f"{PAGE}?chart=24h")
    assert "Runs: 2 succeeded, 1 failed." in page
    assert "Rows: 150 objects from sources." in page


def test_bob_with_one_source_sees_only_that(acme: Workspace, bob: User, as_bob: Client, desk: Source) -> None:
    add_run(add_source(acme, "other"), rows=333_000)
    add_run(desk, rows=111_000)
    grant(bob, acme, RoleGrant.Role.SOURCE_VIEWER, desk.pk)
    page = text(as_bob)
    assert "111,000" in page
    assert "333,000" not in page
    assert "Your role does not show warehouses" in page


def test_charlie_finds_nothing(acme: Workspace, as_charlie: Client) -> None:
    assert as_charlie.get(PAGE).status_code == 404


def test_many_sources_cost_no_more_queries(
    acme: Workspace, as_alice: Client, lake: Warehouse, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(20):
        source = add_source(acme, f"desk-{number}")
        add_run(Connection.objects.create(schema=source.schema, warehouse=lake))
        add_run(source)
    with django_assert_max_num_queries(15):
        assert "and 8 more" in text(as_alice)


def test_a_young_workspace_shows_its_runs_one_by_one(
    as_alice: Client, desk: Source, pair: Connection
) -> None:
    add_run(desk, rows=7)
    add_run(pair, rows=5)
    page = text(as_alice)
    assert "Rows of each run: 7 objects from sources, 5 rows into warehouses." in page
    assert "Seconds of each run: 120 succeeded." in page


def test_what_is_due_and_not_begun_is_due_now(as_alice: Client, desk: Source) -> None:
    Source.objects.update(next_sync_at=timezone.now() - timedelta(seconds=20))
    due = text(as_alice).split('id="due-heading"')[1].split("</section>")[0]
    assert ">due now</time>" in due
    assert "ago" not in due


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Asia/Kathmandu", "26 Sep 2026, 19:40:00 +0545"),
        ("Pacific/Chatham", "27 Sep 2026, 02:40:00 +1245"),
        ("America/St_Johns", "26 Sep 2026, 11:25:00 NDT"),
    ],
)
def test_times_are_those_of_whoever_looks(
    zone: str, shown: str, desk: Source, alice: User, as_alice: Client
) -> None:
    add_run(desk, at=datetime(2026, 9, 26, 13, 55, tzinfo=UTC))
    User.objects.filter(pk=alice.pk).update(time_zone=zone)
    assert shown in as_alice.get("/acme/sources/desk-com/overview").content.decode()
