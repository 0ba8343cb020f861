"""Credentials are changed by people who have just shown who they are; workspaces may ask for two factors."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from sources.models import Source
from workspace.models import AuditEvent, User, Workspace
from workspace.tests.fixtures import grant
from workspace.tests.overview.conftest import add_source, add_warehouse
from workspace.tests.people.conftest import PASSWORD, with_authenticator

SOURCE = "/acme/sources/desk-com/settings/connection"
CONFIRM = "/accounts/reauthenticate/"
ACCESS = "/acme/settings/access"
FACTORS = "/acme/settings/access/two-factors"


@pytest.fixture
def desk(acme: Workspace) -> Source:
    return add_source(acme, name="Desk.com", slug="desk-com")


@pytest.fixture(params=["source", "warehouse"])
def address(request: pytest.FixtureRequest, acme: Workspace, desk: Source) -> str:
    """The page where credentials are changed."""
    if request.param == "source":
        return SOURCE
    return f"/acme/warehouses/{add_warehouse(acme).slug}/settings/connection"


def in_minutes(minutes: int) -> time_machine.travel:
    """The same browser, left open."""
    return time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False)


def test_who_signed_in_just_now_is_not_asked_again(as_alice: Client, address: str) -> None:
    assert as_alice.get(address).status_code == 200


def test_later_the_password_is_asked_for_and_leads_back(as_alice: Client, address: str) -> None:
    with in_minutes(16):
        asked = as_alice.get(address)["Location"]
        assert asked.startswith(CONFIRM)
        assert as_alice.post(asked, {"password": PASSWORD, "next": address})["Location"] == address
        assert as_alice.get(address).status_code == 200


def test_a_form_may_be_filled_in_at_leisure(as_alice: Client, address: str) -> None:
    with in_minutes(59):
        assert as_alice.post(address, {}).status_code == 200


def test_what_was_sent_too_late_changes_nothing_and_is_kept_nowhere(as_alice: Client, address: str) -> None:
    with in_minutes(61):
        assert as_alice.post(address, {"password": "geheim"})["Location"].startswith(CONFIRM)
        assert "geheim" not in str([session.get_decoded() for session in Session.objects.all()])
    assert not AuditEvent.objects.exists()


def test_a_part_of_a_page_leads_the_whole_page_there(as_alice: Client, address: str) -> None:
    with in_minutes(61):
        answer = as_alice.post(address, {}, headers={"HX-Request": "true"})
    assert answer["HX-Redirect"].startswith(CONFIRM)


def test_who_may_not_change_it_is_not_asked(as_bob: Client, bob: User, acme: Workspace, desk: Source) -> None:
    grant(bob, acme, "source_viewer")
    with in_minutes(16):
        assert as_bob.get(SOURCE).status_code == 200


def test_a_workspace_that_asks_for_two_factors_shows_nothing_without(
    as_alice: Client, alice: User, as_bob: Client, bob: User, acme: Workspace, desk: Source
) -> None:
    grant(bob, acme, "source_viewer")
    with_authenticator(alice)
    assert as_alice.post(FACTORS, {"wanted": "on"})["Location"] == ACCESS
    for page in ("/acme/overview", "/acme/sources/", ACCESS, SOURCE):
        answer = as_bob.get(page)
        assert (answer.status_code, "Set it up" in answer.content.decode()) == (403, True)
        assert "Desk.com" not in answer.content.decode()
    with_authenticator(bob)
    assert as_bob.get("/acme/sources/").status_code == 200


def test_an_owner_without_two_factors_cannot_ask_for_them(as_alice: Client, acme: Workspace) -> None:
    page = as_alice.post(FACTORS, {"wanted": "on"}, follow=True).content.decode()
    assert "Set up two-factor sign-in for yourself first" in page
    assert not Workspace.objects.get().two_factors


def test_turning_it_on_is_on_record(as_alice: Client, alice: User, acme: Workspace) -> None:
    with_authenticator(alice)
    as_alice.post(FACTORS, {"wanted": "on"})
    assert AuditEvent.objects.get().details == {"two_factors": {"before": False, "after": True}}


def test_who_loses_the_factor_sees_nothing_at_the_next_request(
    as_alice: Client, alice: User, acme: Workspace
) -> None:
    with_authenticator(alice)
    as_alice.post(FACTORS, {"wanted": "on"})
    Authenticator.objects.all().delete()
    assert as_alice.get("/acme/overview").status_code == 403


def test_only_owners_ask_for_two_factors(as_bob: Client, bob: User, acme: Workspace) -> None:
    grant(bob, acme, "source_admin")
    with_authenticator(bob)
    assert as_bob.post(FACTORS, {"wanted": "on"}).status_code == 403
    assert 'disabled aria-describedby="why-no-factors"' in as_bob.get(ACCESS).content.decode()
