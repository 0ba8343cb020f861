"""What goes wrong without a run that would tell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from sources.models import Source, SourceSync
from warehouses.models import Connection, Warehouse
from warehouses.schedule import longest_gap
from workspace.alerts.models import Alert, AlertRules
from workspace.alerts.schedules import watch
from workspace.hub.models import Collection
from workspace.hub.store import upsert
from workspace.models import Workspace
from workspace.tests.alerts.conftest import ended
from workspace.tests.fixtures import entry
from workspace.tests.overview.conftest import add_run, add_source, add_warehouse

HOUR = timedelta(hours=1)


def titles() -> list[str]:
    watch()
    return sorted(Alert.objects.filter(closed_at=None).values_list("title", flat=True))


def due(one: Source | Warehouse, since: timedelta) -> None:
    type(one)._default_manager.filter(pk=one.pk).update(next_sync_at=timezone.now() - since)


def test_what_does_not_start_is_told_until_it_does(acme: Workspace, desk: Source) -> None:
    add_run(add_source(acme, "busy"), ago=1)
    due(desk, HOUR)
    assert titles() == titles() == ["Desk.com is late"]
    due(desk, -HOUR)
    assert titles() == []
    assert Alert.objects.get().closed_at is not None


def test_a_late_warehouse_is_told_too(acme: Workspace, desk: Source) -> None:
    add_run(desk, ago=1)
    due(add_warehouse(acme), HOUR)
    assert titles() == ["Lake is late"]
    assert Alert.objects.get().url == "/acme/warehouses/lake/overview"


def test_where_nothing_starts_that_is_the_one_cause(acme: Workspace) -> None:
    for number in range(20):
        due(add_source(acme, f"source-{number}"), HOUR)
    assert titles() == ["Nothing starts"]
    for source in Source.objects.all():
        due(source, -HOUR)
    assert titles() == []


def test_a_standstill_does_not_call_over_what_was_late_before(acme: Workspace, desk: Source) -> None:
    busy = add_run(add_source(acme, "busy"), ago=1)
    due(desk, HOUR)
    assert titles() == ["Desk.com is late"]
    busy.delete()
    assert titles() == ["Desk.com is late", "Nothing starts"]


def test_a_source_whose_schedule_was_lost_is_told_by_its_age(acme: Workspace, desk: Source) -> None:
    Source.objects.update(next_sync_at=None, interval=HOUR)
    add_run(desk, ago=120)
    assert titles() == []
    SourceSync.objects.update(finished_at=timezone.now() - 2 * HOUR - timedelta(minutes=11))
    assert titles() == ["Desk.com: data are old"]
    add_run(desk, ago=1)
    assert titles() == []


def test_an_own_objective_counts_instead_of_the_interval(acme: Workspace, desk: Source) -> None:
    add_run(desk, ago=90)
    Source.objects.update(interval=24 * HOUR)
    assert titles() == []
    AlertRules.objects.create(workspace=acme, freshness=1)
    assert titles() == ["Desk.com: data are old"]


def test_age_is_not_told_beside_the_failure_that_explains_it(acme: Workspace, desk: Source) -> None:
    ended(desk, "failed", ago=1)
    Source.objects.update(created_at=timezone.now() - 100 * HOUR)
    assert titles() == ["Desk.com fails"]


def test_a_first_sync_may_take_as_long_as_it_takes(desk: Source) -> None:
    Source.objects.update(created_at=timezone.now() - 100 * HOUR)
    add_run(desk, "running", ago=6000)
    assert titles() == []


def test_changes_that_wait_too_long_for_a_warehouse_are_told(pair: Connection) -> None:
    cases = Collection.objects.get(schema=pair.schema)
    upsert(cases, [entry("1")])
    Connection.objects.update(created_at=timezone.now() - 3 * HOUR)
    assert titles() == []
    cases.stored.update(version=1)
    assert titles() == ["Desk.com → Lake: data are old"]


@pytest.mark.parametrize(
    ("schedule", "gap"),
    [
        ({"after_sync": True}, HOUR),
        ({"hours": [6, 18]}, 12 * HOUR),
        ({"hours": [8, 9]}, 23 * HOUR),
        ({"minutes": 30}, HOUR / 2),
        ({}, HOUR / 4),
    ],
)
def test_the_time_between_two_flushes_is_the_longest_of_the_schedule(
    acme: Workspace, schedule: dict[str, object], gap: timedelta
) -> None:
    assert longest_gap(add_warehouse(acme, schedule=schedule)) == gap


def test_a_rate_limit_that_outlasts_the_interval_is_told_until_the_run_ends(desk: Source) -> None:
    Source.objects.update(interval=HOUR)
    run = add_run(desk, "running", ago=90, waited=3_500)
    assert titles() == []
    SourceSync.objects.update(waited=3_700)
    assert titles() == ["Desk.com: the rate limit holds the sync up"]
    run.delete()
    ended(desk, "success")
    assert titles() == []


def test_watching_costs_no_more_with_more_sources(
    acme: Workspace, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(50):
        add_run(add_source(acme, f"source-{number}"), ago=1)
    with django_assert_max_num_queries(25):
        watch()
