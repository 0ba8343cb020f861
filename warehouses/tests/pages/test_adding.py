"""Add warehouse: the form, the connection test, and what saving does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from warehouses.models import Connection, Warehouse, WarehouseSync
from warehouses.tests.pages.conftest import PASSWORD
from workspace.models import AuditEvent, RoleGrant, User, Workspace
from workspace.tests.fixtures import grant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("acme")]
Role = RoleGrant.Role
PAGE = "/acme/warehouses/add/postgres"
HTMX = {"HX-Request": "true"}


def test_the_form_saves_a_warehouse_and_leads_to_its_overview(as_alice: Client, form: dict[str, Any]) -> None:
    answer = as_alice.post(PAGE, form)
    assert answer.headers["Location"] == "/acme/warehouses/production/overview"
    warehouse = Warehouse.objects.get()
    assert (warehouse.name, warehouse.settings["host"]) == ("Production", form["host"])
    assert warehouse.next_sync_at is not None


def test_the_audit_trail_says_where_it_leads_but_no_password(as_alice: Client, form: dict[str, Any]) -> None:
    as_alice.post(PAGE, form)
    event = AuditEvent.objects.get(action="warehouse.created")
    assert event.details["settings"]["host"] == form["host"]
    assert form["password"] not in json.dumps(event.details)


def test_sending_the_form_twice_adds_one_warehouse(
    as_alice: Client, form: dict[str, Any], source: Any
) -> None:
    for _ in range(2):
        answer = as_alice.post(PAGE, {**form, "sources": [str(source.pk)]})
        assert answer.headers["Location"] == "/acme/warehouses/production/overview"
    assert Warehouse.objects.count() == Connection.objects.count() == 1
    assert AuditEvent.objects.filter(action="warehouse.created").count() == 1


def test_ticked_sources_flow_into_it_at_once(as_alice: Client, form: dict[str, Any], source: Any) -> None:
    as_alice.post(PAGE, {**form, "sources": [str(source.pk)]})
    sync = WarehouseSync.objects.get()
    assert (sync.connection.schema, sync.trigger) == (source.schema, "setup")
    assert AuditEvent.objects.filter(action="warehouse.source_connected").exists()


def test_the_connection_test_shows_every_step_and_saves_nothing(
    as_alice: Client, form: dict[str, Any]
) -> None:
    page = as_alice.post(PAGE, {**form, "test": "1"}, headers=HTMX).content.decode()
    for label in ("DNS", "TCP", "TLS", "Login", "Rights"):
        assert f"<b>{label}<span" in page
    assert "The connection works." in page
    assert "<html" not in page
    assert not Warehouse.objects.exists()


def test_the_password_never_comes_back(as_alice: Client, form: dict[str, Any]) -> None:
    typed = {**form, "password": PASSWORD}
    for sent in ({**typed, "test": "1"}, {**typed, "host": ""}, {**typed, "port": "1"}):
        for headers in ({}, HTMX):
            assert PASSWORD not in as_alice.post(PAGE, sent, headers=headers).content.decode()


def test_without_javascript_the_test_keeps_what_was_typed_and_asks_for_the_password(
    as_alice: Client, form: dict[str, Any]
) -> None:
    page = as_alice.post(PAGE, {**form, "test": "1"}).content.decode()
    assert f'value="{form["host"]}"' in page
    assert form["key"] in page
    assert "type it again" in page


def test_an_unknown_host_is_named_as_the_dns_step(as_alice: Client, form: dict[str, Any]) -> None:
    page = as_alice.post(
        PAGE, {**form, "host": "nowhere.invalid", "test": "1"}, headers=HTMX
    ).content.decode()
    assert "There is no host named nowhere.invalid." in page
    assert "<b>TCP" not in page


def test_saving_what_cannot_be_reached_says_why_and_saves_nothing(
    as_alice: Client, form: dict[str, Any]
) -> None:
    page = as_alice.post(PAGE, {**form, "port": "1"}, headers=HTMX).content.decode()
    assert f"Nothing listens on port 1 of {form['host']}." in page
    assert not Warehouse.objects.exists()


def test_a_missing_field_is_named(as_alice: Client, form: dict[str, Any]) -> None:
    page = as_alice.post(PAGE, {**form, "database": ""}, headers=HTMX).content.decode()
    assert '<a href="#id_database">Database</a>: This field is required.' in page


def test_a_user_without_rights_gets_the_statement_to_paste(
    as_alice: Client, form: dict[str, Any], bed: Any
) -> None:
    user = bed.schema
    bed.read(f"CREATE ROLE \"{user}\" LOGIN PASSWORD 'x'")
    try:
        page = as_alice.post(PAGE, {**form, "user": user, "password": "x", "test": "1"}, headers=HTMX).content
    finally:
        bed.read(f'DROP ROLE "{user}"')
    statement = f"GRANT CREATE ON DATABASE &quot;{form['database']}&quot; TO &quot;{user}&quot;;"
    assert f'<pre id="statement-to-paste">{statement}' in page.decode()


def test_the_plan_limit_is_told_and_kept(
    as_alice: Client, acme: Workspace, warehouse: Warehouse, form: dict[str, Any]
) -> None:
    Workspace.objects.update(plan="free")
    assert "The Free plan includes 1 warehouse" in as_alice.get(PAGE).content.decode()
    assert "The Free plan includes 1 warehouse" in as_alice.post(PAGE, form).content.decode()
    assert Warehouse.objects.count() == 1


@pytest.mark.parametrize("word", ["Add", "Catalog"])
def test_a_name_like_a_word_of_our_addresses_is_reached_all_the_same(
    as_alice: Client, form: dict[str, Any], word: str
) -> None:
    as_alice.post(PAGE, {**form, "name": word})
    assert Warehouse.objects.get().slug == f"{word.lower()}-2"


def test_a_viewer_may_not_add(as_bob: Client, bob: User, acme: Workspace, form: dict[str, Any]) -> None:
    grant(bob, acme, Role.WAREHOUSE_VIEWER)
    assert as_bob.get(PAGE).status_code == 403
    assert as_bob.post(PAGE, form).status_code == 403


def test_a_source_of_others_cannot_be_attached(
    as_bob: Client, bob: User, acme: Workspace, form: dict[str, Any], make_source: Callable[..., Any]
) -> None:
    mine, theirs = make_source("Mine", "mine"), make_source("Theirs", "theirs")
    grant(bob, acme, Role.WAREHOUSE_ADMIN)
    grant(bob, acme, Role.SOURCE_ADMIN, mine.pk)
    grant(bob, acme, Role.SOURCE_VIEWER, theirs.pk)
    page = as_bob.get(PAGE).content.decode()
    assert page.count("Only people who are admin of the source and of warehouses") == 1
    assert as_bob.post(PAGE, {**form, "sources": [str(theirs.pk)]}).status_code == 403
    assert not Warehouse.objects.exists()


def test_strangers_find_nothing(as_charlie: Client, acme: Workspace, form: dict[str, Any]) -> None:
    assert as_charlie.get(PAGE).status_code == 404
    assert as_charlie.post(PAGE, form).status_code == 404


def test_our_own_database_is_no_warehouse(as_alice: Client, form: dict[str, Any], settings: Settings) -> None:
    own = connection.settings_dict
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({own["HOST"]})
    place = {"host": own["HOST"], "port": own["PORT"], "database": own["NAME"], "user": own["USER"]}
    page = as_alice.post(PAGE, {**form, **place, "password": own["PASSWORD"]}, headers=HTMX).content.decode()
    assert f"{own['NAME']} is the database of a Tributary installation itself." in page
    assert not Warehouse.objects.exists()
