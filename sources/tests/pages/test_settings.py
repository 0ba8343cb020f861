"""Settings of a source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from sources.models import Source
from sources.sandbox.generator import generate
from sources.sandbox.server import PASSWORD, Sandbox
from workspace.hub.models import Object
from workspace.hub.store import upsert
from workspace.models import AuditEvent, RoleGrant, User
from workspace.tests.fixtures import entry, grant

AT = "/acme/sources/desk-com/settings"
PARTS = ("basic", "connection", "schedule", "collections", "sql", "delete")


@pytest.fixture
def site(desk: Source, settings: Settings) -> Iterator[Sandbox]:
    """The source's own Desk, which it is connected to."""
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({"127.0.0.1"})
    sandbox = Sandbox(generate(10, 1)).start()
    login = {"subdomain": sandbox.url, "email": "admin@example.com", "password": PASSWORD}
    desk.credentials = {**login, "base_url": sandbox.url}
    desk.save()
    yield sandbox
    sandbox.stop()


def kept(source: Source) -> Any:
    """The credentials as they are stored now."""
    source.refresh_from_db()
    return source.credentials


def test_each_part_has_its_page(as_alice: Client, desk: Source) -> None:
    for part in PARTS:
        assert as_alice.get(f"{AT}/{part}").status_code == 200
    assert as_alice.get(f"{AT}/nothing").status_code == 404


def test_name_and_switch_are_saved_and_told(as_alice: Client, desk: Source) -> None:
    as_alice.post(f"{AT}/basic", {"name": "Renamed"})
    desk.refresh_from_db()
    assert (desk.name, desk.status) == ("Renamed", "disabled")
    assert AuditEvent.objects.get().details["after"]["name"] == "Renamed"


def test_an_empty_password_stays_what_it_was(as_alice: Client, desk: Source, site: Sandbox) -> None:
    fields = {"subdomain": site.url, "email": "admin@example.com", "password": ""}
    answer = as_alice.post(f"{AT}/connection", fields, follow=True).content.decode()
    assert "is connected to" in answer
    assert kept(desk)["password"] == PASSWORD
    assert PASSWORD not in answer


def test_a_wrong_password_is_not_kept(as_alice: Client, desk: Source, site: Sandbox) -> None:
    fields = {"subdomain": site.url, "email": "admin@example.com", "password": "wrong-one"}
    page = as_alice.post(f"{AT}/connection", fields).content.decode()
    assert "errorlist" in page
    assert "wrong-one" not in page
    assert kept(desk)["password"] == PASSWORD


def test_testing_the_connection_saves_nothing(as_alice: Client, desk: Source, site: Sandbox) -> None:
    fields = {"subdomain": site.url, "email": "other@example.com", "password": PASSWORD, "test": "1"}
    page = as_alice.post(f"{AT}/connection", fields).content.decode()
    assert "errorlist" in page
    assert kept(desk)["email"] == "admin@example.com"


def test_only_owners_change_the_schedule(as_alice: Client, bob: User, as_bob: Client, desk: Source) -> None:
    grant(bob, desk.workspace, RoleGrant.Role.SOURCE_ADMIN)
    form = {"minutes": 60, "full_read": 1}
    assert as_bob.post(f"{AT}/schedule", form).status_code == 403
    assert "Only owners of the workspace" in as_bob.get(f"{AT}/schedule").content.decode()
    as_alice.post(f"{AT}/schedule", form)
    desk.refresh_from_db()
    assert (desk.interval, desk.full_read_every) == (timedelta(hours=1), timedelta(days=1))


def test_at_least_one_collection_stays(as_alice: Client, desk: Source) -> None:
    as_alice.post(f"{AT}/collections", {"collections": ["cases"]})
    desk.refresh_from_db()
    assert [stream.collection for stream in desk.streams()] == ["cases"]
    as_alice.post(f"{AT}/collections", {})
    desk.refresh_from_db()
    assert [stream.collection for stream in desk.streams()] == ["cases"]


def test_the_schema_gets_another_name(as_alice: Client, desk: Source) -> None:
    as_alice.post(f"{AT}/sql", {"schema_name": "help_desk"})
    desk.schema.refresh_from_db()
    assert desk.schema.name == "help_desk"
    assert (
        "cannot be a schema name" in as_alice.post(f"{AT}/sql", {"schema_name": "9 lives"}).content.decode()
    )


def test_deleting_takes_the_typed_slug(as_alice: Client, desk: Source) -> None:
    upsert(desk.collection("cases"), [entry("1")])
    as_alice.post(f"{AT}/delete", {"confirmation": "desk"})
    assert Source.objects.exists()
    as_alice.post(f"{AT}/delete", {"confirmation": "desk-com"})
    assert not Source.objects.exists()
    assert not Object.objects.exists()


@pytest.mark.parametrize("part", [part for part in PARTS if part != "schedule"])
def test_a_viewer_sees_why_not(bob: User, as_bob: Client, desk: Source, part: str) -> None:
    grant(bob, desk.workspace, RoleGrant.Role.SOURCE_VIEWER)
    page: Any = as_bob.get(f"{AT}/{part}").content.decode()
    assert "Only admins of this source may do this. Ask alice@example.com." in page
    assert as_bob.post(f"{AT}/{part}", {"name": "Mine"}).status_code == 403
