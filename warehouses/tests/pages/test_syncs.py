"""A warehouse at a glance, its syncs and their results, in the browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from warehouses import flush
from warehouses.models import Connection, RowsPerDay, Warehouse, WarehouseSync
from warehouses.schedule import request_sync
from warehouses.tests.engines.conftest import Bed
from workspace.models import AuditEvent, RoleGrant, User, Workspace
from workspace.runs import claim
from workspace.tests.fixtures import grant

AT = "/acme/warehouses/production"
Role = RoleGrant.Role
COMMITS = pytest.mark.django_db(transaction=True)
"""For tests that flush: its threads have connections of their own."""


@pytest.fixture
def at(connection: Connection) -> str:
    """Where the pages of the connection are."""
    return f"{AT}/sources/{connection.schema.source.slug}"


@pytest.fixture
def flushed(connection: Connection) -> WarehouseSync:
    """A sync that has loaded the two cases."""
    run = request_sync(connection)
    flush.run_slice(run.pk)
    run.refresh_from_db()
    return run


def text(client: Client, address: str, **headers: Any) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


@COMMITS
def test_the_overview_lists_the_sources(as_alice: Client, flushed: WarehouseSync) -> None:
    page = text(as_alice, f"{AT}/overview")
    assert "Desk.com" in page
    assert "state-success" in page


def test_without_a_source_it_says_the_next_step(as_alice: Client, warehouse: Warehouse) -> None:
    assert "No source flows into this warehouse yet." in text(as_alice, f"{AT}/overview")


def test_sync_now_queues_a_run_in_the_persons_name(
    as_alice: Client, alice: User, connection: Connection
) -> None:
    as_alice.post(f"{AT}/sync")
    run = connection.syncs.get()
    assert (run.status, run.started_by) == ("queued", alice)
    assert AuditEvent.objects.get().action == "warehouse.sync_requested"


def test_a_source_is_attached_disabled_and_detached(
    as_alice: Client, warehouse: Warehouse, make_source: Callable[..., Any]
) -> None:
    source = make_source("Other", "other")
    as_alice.post(f"{AT}/attach", {"sources": [source.pk]})
    as_alice.post(f"{AT}/sources/other/disable")
    assert not warehouse.connections.get().enabled
    as_alice.post(f"{AT}/sources/other/enable")
    assert warehouse.connections.get().enabled
    as_alice.post(f"{AT}/sources/other/detach")
    assert not warehouse.connections.exists()


@COMMITS
def test_the_history_leads_to_the_results(as_alice: Client, at: str, flushed: WarehouseSync) -> None:
    page = text(as_alice, f"{at}/history")
    assert f"{at}/syncs/{flushed.pk}" in page
    run = text(as_alice, f"{at}/syncs/{flushed.pk}")
    assert "2 = 2" in run
    assert "Ended: Success." in run


def test_a_run_at_work_is_followed_and_cancelled(as_alice: Client, at: str, connection: Connection) -> None:
    run = request_sync(connection)
    claim(WarehouseSync, run.pk)
    page = text(as_alice, f"{at}/syncs/{run.pk}", HX_Request="true")
    assert "every 2s" in page
    assert "Cancel sync" in page
    as_alice.post(f"{at}/syncs/{run.pk}/cancel")
    run.refresh_from_db()
    assert run.cancel_requested


def test_long_histories_are_paged(as_alice: Client, at: str, connection: Connection) -> None:
    now = timezone.now()
    for number in range(30):
        moment = now - timedelta(hours=number)
        fields = {"status": "success", "queued_at": moment, "finished_at": moment, "rows": 1000 + number}
        WarehouseSync.objects.create(
            connection=connection, workspace=connection.warehouse.workspace, **fields
        )
    page = text(as_alice, f"{at}/history")
    assert "1,029" not in page
    older = page.split('rel="next"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
    assert "1,029" in text(as_alice, older)


@COMMITS
def test_health_counts_the_rows_of_each_day(as_alice: Client, at: str, flushed: WarehouseSync) -> None:
    assert RowsPerDay.objects.get(collection=None).rows == 2
    for address in (f"{AT}/health", f"{at}/health"):
        assert "Rows loaded: 2 rows." in text(as_alice, address)


def test_a_viewer_sees_why_not_and_may_not(
    acme: Workspace, bob: User, as_bob: Client, at: str, connection: Connection
) -> None:
    grant(bob, acme, Role.WAREHOUSE_VIEWER)
    assert "Only warehouse admins may do this." in text(as_bob, f"{AT}/overview")
    for address in (f"{AT}/sync", f"{at}/sync", f"{at}/disable", f"{at}/detach"):
        assert as_bob.post(address).status_code == 403


def test_who_may_not_see_warehouses_is_told_so(bob: User, as_bob: Client, at: str) -> None:
    assert as_bob.get(f"{AT}/overview").status_code == 403


def test_charlie_finds_nothing(as_charlie: Client, at: str) -> None:
    assert as_charlie.get(f"{AT}/overview").status_code == 404


@COMMITS
def test_pages_take_few_queries(
    as_alice: Client, at: str, flushed: WarehouseSync, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    pages = (f"{AT}/overview", f"{AT}/health", f"{at}/history", f"{at}/health", f"{at}/syncs/{flushed.pk}")
    for address in pages:
        with django_assert_max_num_queries(15):
            text(as_alice, address)


@COMMITS
def test_a_renamed_schema_is_renamed_in_the_database(
    as_alice: Client, bed: Bed, connection: Connection, flushed: WarehouseSync
) -> None:
    slug = connection.schema.source.slug
    as_alice.post(f"/acme/sources/{slug}/settings/sql", {"schema_name": f"{bed.schema}_b"})
    with connection.warehouse.engine().open() as session:
        assert "cases" in session.describe(f"{bed.schema}_b")
        session.rename_schema(f"{bed.schema}_b", bed.schema)
        session.commit()
