"""The list of warehouses and their side of the catalog."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from warehouses.models import Connection, Warehouse
from warehouses.schedule import request_sync
from workspace.models import RoleGrant, User, Workspace
from workspace.runs import claim
from workspace.tests.fixtures import grant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acme")]
Role = RoleGrant.Role
LIST, CATALOG = "/acme/warehouses/", "/acme/warehouses/catalog"


def test_an_empty_list_says_the_next_step(as_alice: Client, acme: Workspace) -> None:
    page = as_alice.get(LIST).content.decode()
    assert "No warehouse yet." in page
    assert page.count("Add warehouse") == 2


def test_the_list_names_kind_sources_and_times(as_alice: Client, connection: Connection) -> None:
    page = as_alice.get(LIST).content.decode()
    for words in ("Production", "Postgres", "Desk.com", "Never run"):
        assert words in page


def test_a_warehouse_at_work_says_so_though_another_connection_is_idle(
    as_alice: Client, connection: Connection, make_source: Callable[..., Any]
) -> None:
    other = make_source("Other", "other")
    Connection.objects.create(warehouse=connection.warehouse, schema=other.schema)
    claim(type(run := request_sync(connection)), run.pk)
    assert "state-running" in as_alice.get(LIST, headers={"HX-Request": "true"}).content.decode()


def test_a_disabled_warehouse_says_so(as_alice: Client, warehouse: Warehouse) -> None:
    Warehouse.objects.update(enabled=False)
    assert "Disabled" in as_alice.get(LIST).content.decode()


def test_the_list_costs_the_same_however_many_there_are(
    as_alice: Client,
    warehouse: Warehouse,
    make_source: Callable[..., Any],
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(12):
        source = make_source(f"Source {number}", f"source_{number}")
        request_sync(Connection.objects.create(warehouse=warehouse, schema=source.schema))
    with django_assert_max_num_queries(15):
        as_alice.get(LIST)


def test_who_may_not_add_sees_the_button_greyed_and_why(
    as_bob: Client, bob: User, warehouse: Warehouse
) -> None:
    grant(bob, warehouse.workspace, Role.WAREHOUSE_VIEWER)
    page = as_bob.get(LIST).content.decode()
    assert "Only warehouse admins may do this. Ask alice@example.com." in page
    assert "disabled" in page


@pytest.mark.parametrize("page", [LIST, CATALOG, f"{CATALOG}/postgres"])
def test_members_without_a_role_are_told_whom_to_ask_and_strangers_find_nothing(
    as_bob: Client, as_charlie: Client, acme: Workspace, page: str
) -> None:
    answer = as_bob.get(page)
    assert answer.status_code == 403
    assert "alice@example.com" in answer.content.decode()
    assert as_charlie.get(page).status_code == 404


def test_the_catalog_finds_engines_by_their_words(as_alice: Client, acme: Workspace) -> None:
    assert "catalog/postgres" in as_alice.get(CATALOG, {"q": "postgresql"}).content.decode()
    nothing = as_alice.get(CATALOG, {"q": "stone tablets"}).content.decode()
    assert "No warehouse fits the search." in nothing


def test_an_entry_says_what_the_engine_takes(as_alice: Client, warehouse: Warehouse) -> None:
    page = as_alice.get(f"{CATALOG}/postgres").content.decode()
    assert "PostgreSQL 12 or later" in page
    assert "GRANT CONNECT, CREATE ON DATABASE" in page
    assert 'href="/acme/warehouses/production/overview"' in page
    assert as_alice.get(f"{CATALOG}/parchment").status_code == 404
