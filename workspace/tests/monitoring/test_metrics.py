"""What Prometheus reads, and who may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from sources.models import Source, SourceSync
from warehouses.models import Connection, Watermark
from workspace.hub.models import Collection
from workspace.hub.store import upsert
from workspace.models import RunHour, Workspace
from workspace.tests.fixtures import entry
from workspace.tests.overview.conftest import add_run, add_source, add_warehouse

Labels = tuple[str, ...]
PAIR = ("desk-com", "lake", "acme")


@pytest.fixture
def desk(acme: Workspace) -> Source:
    return add_source(acme)


@pytest.fixture
def pair(acme: Workspace, desk: Source) -> Connection:
    made = Connection.objects.create(schema=desk.schema, warehouse=add_warehouse(acme))
    Connection.objects.update(created_at=timezone.now() - timedelta(days=1))
    return made


def measured(client: Client) -> dict[str, dict[Labels, float]]:
    """Values by name and labels, these in the order of their names."""
    found: dict[str, dict[Labels, float]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").content.decode()):
        for sample in family.samples:
            values = tuple(value for _, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[values] = sample.value
    return found


def test_runs_count_by_side_and_outcome(client: Client, acme: Workspace) -> None:
    now = timezone.now()
    for at, status in ((now, "success"), (now, "success"), (now - timedelta(days=1), "failed")):
        RunHour.objects.add(acme.pk, "source", at, status, 21)
    found = measured(client)
    assert found["tributary_runs_total"]["success", "source"] == 2
    assert found["tributary_rows_total"]["success", "source"] == 42
    assert found["tributary_runs_total"]["failed", "source"] == 0


def test_queues_tell_length_and_age(client: Client, desk: Source, pair: Connection) -> None:
    add_run(desk, "queued", ago=10)
    found = measured(client)
    assert found["tributary_queued_runs"] == {("sourcesync",): 1, ("warehousesync",): 0, ("comparison",): 0}
    assert found["tributary_queue_age_seconds"]["sourcesync",] == pytest.approx(600, abs=60)


def test_waits_for_a_rate_limit_are_told(client: Client, desk: Source) -> None:
    run = add_run(desk, "running", ago=10, waited=90)
    soon = timezone.now() + timedelta(minutes=5)
    SourceSync.objects.filter(pk=run.pk).update(waiting_until=soon, waiting_for="rate_limited")
    found = measured(client)
    assert found["tributary_rate_limited_runs"]["sourcesync",] == 1
    assert found["tributary_waited_seconds"]["sourcesync",] == 90


def test_the_lag_of_a_pair_is_the_age_of_what_it_lacks(client: Client, pair: Connection) -> None:
    cases = Collection.objects.get(schema=pair.schema)
    assert measured(client)["tributary_lag_seconds"] == {PAIR: 0}
    upsert(cases, [entry("1")])
    ten_minutes_ago = int((timezone.now() - timedelta(minutes=10)).timestamp() * 1_000_000)
    cases.stored.update(version=ten_minutes_ago)
    assert measured(client)["tributary_lag_seconds"][PAIR] == pytest.approx(600, abs=60)
    cases.refresh_from_db()
    Watermark.objects.create(connection=pair, collection=cases, version=cases.version)
    assert measured(client)["tributary_lag_seconds"][PAIR] == 0


def test_a_collection_turned_off_is_not_behind(client: Client, pair: Connection) -> None:
    upsert(Collection.objects.get(schema=pair.schema), [entry("1")])
    Connection.objects.update(collections_off=["cases"])
    assert measured(client)["tributary_lag_seconds"][PAIR] == 0


def test_rows_written_again_are_behind_since_the_last_sound_sync(client: Client, pair: Connection) -> None:
    cases = Collection.objects.get(schema=pair.schema)
    upsert(cases, [entry("1")])
    cases.stored.update(version=1)
    add_run(pair, ago=20)
    assert measured(client)["tributary_lag_seconds"][PAIR] == pytest.approx(1200, abs=60)


def test_more_history_and_more_pairs_cost_no_more_queries(
    client: Client, desk: Source, pair: Connection
) -> None:
    with CaptureQueriesContext(connection) as few:
        measured(client)
    for name in ("two", "three"):
        Connection.objects.create(schema=desk.schema, warehouse=add_warehouse(desk.workspace, name))
    for ago in range(1, 30):
        add_run(desk, ago=ago)
    with CaptureQueriesContext(connection) as many:
        measured(client)
    assert len(many) == len(few)


@pytest.mark.usefixtures("db")
def test_metrics_are_for_this_machine_alone(client: Client, settings: Settings) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="203.0.113.7").status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 404
    settings.BEHIND_PROXY = True
    assert client.get("/metrics").status_code == 404


@pytest.mark.usefixtures("db")
def test_with_a_token_metrics_are_for_who_knows_it(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "let me see"

    def ask(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return client.get("/metrics", headers=headers, REMOTE_ADDR="203.0.113.7").status_code

    assert client.get("/metrics").status_code == 404
    assert (ask("let me sea"), ask("let me see")) == (404, 200)
