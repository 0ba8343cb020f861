"""What machines ask: /healthz and /readyz."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from sources.models import Source
from workspace.models import Workspace
from workspace.monitoring.starting import nothing_starts
from workspace.runs import Run, claim
from workspace.tests.overview.conftest import add_run, add_source, add_warehouse

LONG_AGO = timedelta(hours=1)


@pytest.fixture
def desk(acme: Workspace) -> Source:
    return add_source(acme)


def parts(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/readyz", headers={"Host": "10.0.0.7"})
    return answer.status_code, answer.json()["parts"]


@pytest.mark.usefixtures("db", "all_alive")
def test_all_is_ready_when_every_part_is_there(client: Client) -> None:
    names = ("database", "broker", "worker", "beat", "starting")
    assert parts(client) == (200, dict.fromkeys(names, "ok"))


@pytest.mark.usefixtures("db")
def test_a_silent_worker_is_named(client: Client, all_alive: None, settings: Settings) -> None:
    settings.TICK_SECONDS = -60.0  # every sign of life is too old
    status, found = parts(client)
    assert (status, found["worker"], found["broker"]) == (503, "silent", "ok")


@pytest.mark.usefixtures("db")
def test_a_beat_that_never_spoke_is_named(client: Client) -> None:
    status, found = parts(client)
    assert (status, found["beat"]) == (503, "silent")


@pytest.mark.usefixtures("db")
def test_a_broker_that_is_away_is_named(client: Client, settings: Settings) -> None:
    caches = deepcopy(settings.CACHES)
    caches["default"]["LOCATION"] = "redis://127.0.0.1:1/0"
    settings.CACHES = caches
    status, found = parts(client)
    assert (status, found["broker"], found["worker"], found["database"]) == (503, "away", "unknown", "ok")


def test_due_runs_that_nobody_starts_are_told(client: Client, desk: Source) -> None:
    assert client.get("/healthz").json()["starting"] == "ok"
    Source.objects.update(next_sync_at=timezone.now() - LONG_AGO)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["starting"]) == (200, "nothing started")
    assert parts(client)[1]["starting"] == "nothing started"


def test_queued_runs_that_nobody_takes_are_told(desk: Source) -> None:
    add_run(desk, "queued", ago=30)
    assert nothing_starts()


def test_one_late_source_among_busy_workers_is_no_standstill(acme: Workspace, desk: Source) -> None:
    other = add_source(acme, "other", next_sync_at=timezone.now() - LONG_AGO)
    waiting = add_run(other, "queued", ago=30)
    assert claim(type(waiting), add_run(desk, "queued", ago=30).pk)
    assert not nothing_starts()


def test_a_run_that_has_just_begun_is_no_standstill(desk: Source) -> None:
    Source.objects.update(next_sync_at=timezone.now() - LONG_AGO)
    add_run(desk, Run.Status.SUCCESS, ago=2)
    assert not nothing_starts()


def test_what_is_turned_off_or_closing_is_not_waited_for(acme: Workspace, desk: Source) -> None:
    add_warehouse(acme, enabled=False, next_sync_at=timezone.now() - LONG_AGO)
    Source.objects.update(next_sync_at=timezone.now() - LONG_AGO)
    Workspace.objects.update(closing_at=timezone.now())
    assert not nothing_starts()


def test_the_question_costs_a_handful_of_queries(
    client: Client, desk: Source, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Source.objects.update(next_sync_at=timezone.now() - LONG_AGO)
    with django_assert_max_num_queries(10):
        client.get("/healthz")


def test_nobody_posts_to_a_probe(client: Client) -> None:
    assert client.post("/healthz").status_code == 405
