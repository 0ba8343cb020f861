"""The list of sources."""

from __future__ import annotations

from typing import Any

from django.test import Client

from sources.models import Source
from sources.tests.pages.conftest import make_run, make_source
from workspace.models import RoleGrant, User, Workspace
from workspace.tests.fixtures import grant

URL = "/acme/sources/"
Role = RoleGrant.Role


def text(client: Client, url: str = URL, **options: Any) -> str:
    answer = client.get(url, **options)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_workspace_without_sources_leads_to_the_catalog(acme: Workspace, as_alice: Client) -> None:
    page = text(as_alice)
    assert "No source yet" in page
    assert 'href="/acme/sources/catalog"' in page


def test_a_source_shows_how_its_last_sync_ended(desk: Source, as_alice: Client) -> None:
    make_run(desk, "failed", minutes_ago=60)
    make_run(desk, "partial")
    page = text(as_alice)
    assert "Partial" in page
    assert "Failed" not in page
    assert "Helpdesk" in page


def test_a_draft_can_be_continued(acme: Workspace, as_alice: Client) -> None:
    make_source(acme, status="setup")
    page = text(as_alice)
    assert "Continue setup" in page
    assert "/acme/sources/desk-com/overview" not in page


def test_search_keeps_what_has_the_words_in_its_name(acme: Workspace, as_alice: Client) -> None:
    make_source(acme, "Desk Berlin")
    make_source(acme, "Desk Oslo")
    page = text(as_alice, f"{URL}?q=berl", headers={"HX-Request": "true"})
    assert "Desk Berlin" in page
    assert "Desk Oslo" not in page
    assert "<html" not in page


def test_long_lists_are_turned_by_key(acme: Workspace, as_alice: Client) -> None:
    for number in range(60):
        make_source(acme, f"Desk {number:02}")
    first = as_alice.get(URL)
    second = as_alice.get(first.context["more"])
    names = [row.source.name for page in (first, second) for row in page.context["rows"]]
    assert names == [f"Desk {number:02}" for number in range(60)]
    leads = [[word in page.content.decode() for word in (">More ", "First page")] for page in (first, second)]
    assert leads == [[True, False], [False, True]]


def test_a_scoped_grant_shows_that_source_only(acme: Workspace, bob: User, as_bob: Client) -> None:
    mine = make_source(acme, "Mine")
    make_source(acme, "Other")
    grant(bob, acme, Role.SOURCE_VIEWER, mine.pk)
    page = text(as_bob)
    assert "Mine" in page
    assert "Other" not in page


def test_who_may_not_add_a_source_sees_why(acme: Workspace, bob: User, as_bob: Client) -> None:
    grant(bob, acme, Role.SOURCE_VIEWER)
    assert "Only admins of all sources may do this. Ask alice@example.com." in text(as_bob)


def test_warehouses_are_named_to_those_who_may_see_them(
    desk: Source, bob: User, as_bob: Client, as_alice: Client
) -> None:
    acme: Any = desk.workspace
    warehouse = acme.warehouses.create(kind="postgres", name="Main store", slug="main")
    warehouse.connections.create(schema=desk.schema)
    grant(bob, desk.workspace, Role.SOURCE_VIEWER)
    assert "Main store" in text(as_alice)
    assert "Main store" not in text(as_bob)


def test_strangers_find_nothing(desk: Source, as_charlie: Client) -> None:
    assert as_charlie.get(URL).status_code == 404


def test_the_list_asks_few_questions(
    acme: Workspace, as_alice: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(40):
        make_run(make_source(acme, f"Desk {number}"))
    with django_assert_max_num_queries(15):
        as_alice.get(URL)
