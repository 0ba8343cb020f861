"""Add source in the browser, step by step, against a real Desk sandbox."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from sources.models import Source, SourceSync
from sources.sandbox.generator import generate
from sources.sandbox.server import PASSWORD, Sandbox
from warehouses.models import Warehouse
from workspace.models import RoleGrant, User, Workspace
from workspace.tests.fixtures import grant

START = "/acme/sources/setup/desk"


@pytest.fixture
def desk(settings: Settings) -> Iterator[Sandbox]:
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({"127.0.0.1"})
    sandbox = Sandbox(generate(20, 1)).start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def draft(as_alice: Client, acme: Workspace) -> Source:
    """Alice has chosen a name."""
    as_alice.post(START, {"name": "Desk.com", "key": uuid.uuid4()})
    return Source.objects.get()


def login(desk: Sandbox, **fields: Any) -> dict[str, Any]:
    return {"subdomain": desk.url, "email": "admin@example.com", "password": PASSWORD, **fields}


def at(source: Source, step: str) -> str:
    return f"/acme/sources/setup/{source.slug}/{step}"


def test_the_name_gives_the_schema_and_the_draft(as_alice: Client, acme: Workspace) -> None:
    answer = as_alice.post(START, {"name": "Desk EMEA", "key": uuid.uuid4()})
    source = Source.objects.get()
    assert answer.url == at(source, "connect")  # type: ignore[attr-defined]
    assert (source.schema.name, source.status) == ("desk_emea", "setup")


def test_the_preview_follows_what_is_typed(as_alice: Client, acme: Workspace) -> None:
    shown = as_alice.get(f"{START}/derive", {"name": "Desk EMEA"}).content.decode()
    assert "<b>desk_emea</b>.cases" in shown


def test_sending_the_name_twice_makes_one_draft(as_alice: Client, acme: Workspace) -> None:
    form = {"name": "Desk.com", "key": uuid.uuid4()}
    assert as_alice.post(START, form).headers["Location"] == as_alice.post(START, form).headers["Location"]
    assert Source.objects.count() == 1


def test_a_taken_schema_name_is_told_at_its_field(as_alice: Client, draft: Source) -> None:
    form = {"name": "Other", "schema_name": "desk_com", "key": uuid.uuid4()}
    page = as_alice.post(START, form).content.decode()
    assert "Another source of this workspace uses the schema desk_com." in page
    assert 'value="Other"' in page


def test_the_only_warehouse_is_ticked(as_alice: Client, acme: Workspace) -> None:
    lake = Warehouse.objects.create(workspace=acme, kind="postgres", name="Lake", slug="lake")
    assert "checked" in as_alice.get(START).content.decode()
    as_alice.post(START, {"name": "Desk.com", "key": uuid.uuid4(), "warehouses": [lake.pk]})
    assert lake.connections.get().schema.name == "desk_com"


def test_a_wrong_password_is_told_and_nothing_typed_is_lost(
    as_alice: Client, draft: Source, desk: Sandbox
) -> None:
    page = as_alice.post(at(draft, "connect"), login(desk, password="wrong-one")).content.decode()
    assert "Connection failed." in page
    assert desk.url in page
    assert "admin@example.com" in page
    assert "wrong-one" not in page


def test_a_draft_is_taken_up_where_it_was_left(as_alice: Client, draft: Source, desk: Sandbox) -> None:
    assert as_alice.get(at(draft, "resume")).headers["Location"] == at(draft, "connect")
    assert as_alice.get(at(draft, "preview")).headers["Location"] == at(draft, "connect")
    as_alice.post(at(draft, "connect"), login(desk))
    assert as_alice.get(at(draft, "resume")).headers["Location"] == at(draft, "preview")
    assert PASSWORD not in as_alice.get(at(draft, "connect")).content.decode()


def test_the_preview_shows_what_there_is(as_alice: Client, draft: Source, desk: Sandbox) -> None:
    as_alice.post(at(draft, "connect"), login(desk))
    page = as_alice.get(at(draft, "preview")).content.decode()
    assert "20 objects, 1 request" in page
    assert "First rows of Cases" in page


def test_finish_starts_the_first_sync_once(
    as_alice: Client, alice: User, draft: Source, desk: Sandbox, django_capture_on_commit_callbacks: Any
) -> None:
    as_alice.post(at(draft, "connect"), login(desk))
    for _ in range(2):
        as_alice.post(at(draft, "preview"), {"collections": ["cases", "customers"]})
    run = SourceSync.objects.get()
    assert (run.trigger, run.started_by) == ("setup", alice)
    draft.refresh_from_db()
    assert draft.status == "enabled"
    assert "cases" not in draft.collections_off
    assert "brands" in draft.collections_off
    assert "Remind me later" in as_alice.get(at(draft, "finish")).content.decode()


def test_the_end_names_the_warehouses_that_are_fed(as_alice: Client, draft: Source, desk: Sandbox) -> None:
    for name in ("Lake", "Attic"):
        warehouse = Warehouse.objects.create(workspace=draft.workspace, kind="postgres", name=name, slug=name)
        warehouse.connections.create(schema=draft.schema)
    as_alice.post(at(draft, "connect"), login(desk))
    as_alice.post(at(draft, "preview"), {"collections": ["cases"]})
    page = as_alice.get(at(draft, "finish")).content.decode()
    assert "Remind me later" not in page
    assert page.index(">Attic</a> and <a") < page.index(">Lake</a>, as <code>desk_com</code>")


def test_a_draft_can_be_renamed_and_discarded(as_alice: Client, draft: Source) -> None:
    as_alice.post(at(draft, "name"), {"name": "Renamed", "schema_name": "renamed"})
    draft.refresh_from_db()
    assert (draft.name, draft.schema.name) == ("Renamed", "renamed")
    as_alice.post(at(draft, "discard"))
    assert not Source.objects.exists()


def test_a_european_workspace_is_told_that_desk_is_not_offered(as_alice: Client, acme: Workspace) -> None:
    Workspace.objects.update(region="eu")
    assert as_alice.get(START).headers["Location"] == "/acme/sources/catalog/desk"
    page = as_alice.get("/acme/sources/catalog/desk").content.decode()
    assert "not offered to workspaces in the region European Union" in page


def test_the_catalog_tells_that_desk_closed(as_alice: Client, acme: Workspace) -> None:
    assert "Desk.com" in as_alice.get("/acme/sources/catalog?category=Helpdesk&q=desk").content.decode()
    page = as_alice.get("/acme/sources/catalog/desk").content.decode()
    assert "closed on 13 March 2020" in page
    assert "first_resolved_at" in page


def test_who_may_not_add_sources_is_refused(
    acme: Workspace, bob: User, as_bob: Client, draft: Source
) -> None:
    grant(bob, acme, RoleGrant.Role.SOURCE_VIEWER)
    assert as_bob.get(START).status_code == 403
    assert as_bob.get(at(draft, "connect")).status_code == 403


def test_the_end_names_no_warehouse_to_who_sees_none(
    as_alice: Client, bob: User, as_bob: Client, draft: Source, desk: Sandbox
) -> None:
    lake = Warehouse.objects.create(workspace=draft.workspace, kind="postgres", name="Lake", slug="lake")
    lake.connections.create(schema=draft.schema)
    as_alice.post(at(draft, "connect"), login(desk))
    as_alice.post(at(draft, "preview"), {"collections": ["cases"]})
    grant(bob, draft.workspace, RoleGrant.Role.SOURCE_ADMIN)
    page = as_bob.get(at(draft, "finish"))
    assert page.status_code == 200
    assert "Lake" not in page.content.decode()


def test_charlie_finds_nothing(as_charlie: Client, draft: Source) -> None:
    assert as_charlie.get(at(draft, "connect")).status_code == 404


def test_the_preview_takes_few_queries(
    as_alice: Client, draft: Source, desk: Sandbox, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    as_alice.post(at(draft, "connect"), login(desk))
    with django_assert_max_num_queries(15):
        as_alice.get(at(draft, "preview"))
