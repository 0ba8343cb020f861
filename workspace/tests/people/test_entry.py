"""Where one lands, the first run of an empty installation, and new workspaces."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver

from workspace.founding import AlreadyFounded, found_installation, found_workspace
from workspace.models import FormerSlug, Membership, User, Workspace
from workspace.naming import RESERVED_SLUGS
from workspace.tests.people.conftest import PASSWORD, log_in

FIRST = {
    "name": "Ada",
    "email": "Ada@Example.com",
    "password": PASSWORD,
    "workspace": "Acme Inc.",
    "region": "eu",
    "time_zone": "Europe/Berlin",
}


@pytest.mark.parametrize("path", ["/", "/accounts/login/"])
def test_an_empty_installation_leads_to_its_first_account(db: None, browser: Client, path: str) -> None:
    assert browser.get(path)["Location"] == "/first"


def test_the_first_account_operates_the_installation_and_owns_a_workspace(db: None, browser: Client) -> None:
    assert browser.post("/first", FIRST)["Location"] == "/acme-inc/overview"
    ada = User.objects.get()
    workspace = ada.memberships.get().workspace
    assert (ada.email, ada.name, ada.is_superuser, ada.time_zone) == (
        "ada@example.com",
        "Ada",
        True,
        "Europe/Berlin",
    )
    assert (workspace.name, workspace.region, workspace.time_zone) == ("Acme Inc.", "eu", "Europe/Berlin")
    assert workspace.audit_events.get().action == "workspace.created"
    assert browser.get("/")["Location"] == "/acme-inc/overview"


def test_what_was_typed_is_not_lost_but_the_password_never_comes_back(db: None, browser: Client) -> None:
    page = browser.post("/first", FIRST | {"region": "mars"}).content.decode()
    assert 'value="Acme Inc."' in page
    assert PASSWORD not in page
    assert not User.objects.exists()


def test_a_password_like_the_name_is_refused(db: None, browser: Client) -> None:
    page = browser.post(
        "/first", FIRST | {"name": "Ada Lovelace", "password": "AdaLovelace"}
    ).content.decode()
    assert "too similar" in page


def test_the_first_run_is_closed_afterwards(browser: Client, alice: User) -> None:
    assert browser.get("/first")["Location"] == "/"
    assert browser.post("/first", FIRST)["Location"] == "/"
    assert User.objects.count() == 1
    with pytest.raises(AlreadyFounded):
        found_installation("eve@example.com", PASSWORD, "Eve", name="Eve", region="us", time_zone="UTC")


def test_the_owner_that_bootstrap_made_signs_in_to_the_overview(db: None, browser: Client) -> None:
    made = {"workspace": "demo", "name": "Demo", "owner": "owner@example.com", "password": PASSWORD}
    call_command("bootstrap", stdout=StringIO(), **made)
    assert log_in(browser, "owner@example.com") == "/"
    assert browser.get("/")["Location"] == "/demo/overview"
    assert browser.get("/demo/overview").status_code == 200


def test_who_makes_another_workspace_owns_it(as_charlie: Client, charlie: User) -> None:
    assert as_charlie.get("/")["Location"] == "/new"
    new = {"workspace": "Charlie & Sons", "region": "us", "time_zone": "UTC"}
    assert as_charlie.post("/new", new)["Location"] == "/charlie-sons/overview"
    assert Membership.objects.get(user=charlie).grants.get().role == "owner"


def test_a_second_workspace_of_the_same_name_gets_a_slug_of_its_own(alice: User, acme: Workspace) -> None:
    FormerSlug.objects.create(workspace=acme, slug="acme-2")
    assert found_workspace(alice, "Acme", region="us", time_zone="UTC").slug == "acme-3"


def test_a_workspace_is_never_called_like_one_of_our_pages(alice: User) -> None:
    assert found_workspace(alice, "Admin", region="us", time_zone="UTC").slug == "admin-2"


def test_every_first_part_of_our_addresses_is_reserved() -> None:
    parts = {str(pattern.pattern).split("/")[0] for pattern in get_resolver().url_patterns}
    assert parts - {"", "<slug:workspace_slug>"} <= RESERVED_SLUGS


def test_a_profile_is_saved(as_alice: Client, alice: User) -> None:
    assert (
        as_alice.post("/profile", {"name": "Alice A.", "time_zone": "Asia/Tokyo"})["Location"] == "/profile"
    )
    alice.refresh_from_db()
    assert (alice.name, alice.time_zone) == ("Alice A.", "Asia/Tokyo")
    assert as_alice.post("/profile", {"name": "", "time_zone": "Mars/Base"}).status_code == 200
