"""Every page of the site map, in light and dark, wide and narrow: found by its links, looked at by axe and by us."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pytest
from django.test import Client
from playwright.sync_api import Browser
from pytest_django.plugin import DjangoDbBlocker

from sources.models import Source
from sources.setup import draft_source
from workspace.alerts.models import Channel
from workspace.alerts.raising import open_alert
from workspace.confirming import signed_in_now
from workspace.invitations import invite
from workspace.models import Membership, RoleGrant, User, Workspace
from workspace.seeding.invented import LONG_NAME
from workspace.tests.browser.installation import Installation
from workspace.tests.browser.visitor import Visitor, visit
from workspace.tests.browser.walked import WIDE, Look, look_at, sniff, violations
from workspace.walk import Page, Walk, walk

OWNER, VIEWER = "owner@example.com", "viewer@example.com"
START = "/history/overview"


@dataclass(frozen=True)
class Seen:
    """Two walks through the same workspace, and a look at every page of the owner's."""

    owner: Walk
    viewer: Walk
    looks: list[Look]
    complaints: list[str]


@pytest.fixture(scope="package")
def seen(site: Installation, chromium: Browser, django_db_blocker: DjangoDbBlocker) -> Iterator[Seen]:
    """A workspace with some history, walked through and looked at once for all tests."""
    small = ("--sources", "8", "--warehouses", "2", "--runs", "900", "--objects", "4000", "--audit", "60")
    site.manage("seed_history", "--owner", OWNER, *small)
    with django_db_blocker.unblock(), site.as_default_database():
        workspace = Workspace.objects.get(slug="history")
        add_viewer(workspace)
        add_what_waits(workspace)
        long = Source.objects.get(workspace=workspace, name=LONG_NAME)
        owner = walk(signed_in(OWNER), f"/history/sources/{long.slug}/overview")
        viewer = walk(signed_in(VIEWER), START)
        window = visit(chromium, site, OWNER, viewport=WIDE, color_scheme="light")
        looks = [look_at(window, page) for page in one_of_each(owner.pages)]
        window.context.close()
        yield Seen(owner, viewer, looks, window.complaints)


def one_of_each(pages: list[Page]) -> Iterable[Page]:
    """A page of each name; of a source, that of the one whose name is longest."""
    whole = [page for page in pages if page.is_whole and "?" not in page.name]
    return {page.name: page for page in sorted(whole, key=lambda page: len(page.path))}.values()


def add_viewer(workspace: Workspace) -> None:
    """Somebody who may see everything and change nothing."""
    user = User.objects.create_user(VIEWER, "correct horse battery")
    membership = Membership.objects.create(user=user, workspace=workspace)
    for role in (RoleGrant.Role.SOURCE_VIEWER, RoleGrant.Role.WAREHOUSE_VIEWER):
        RoleGrant.objects.create(membership=membership, role=role)


def add_what_waits(workspace: Workspace) -> None:
    """What the history has none of: a draft, an invitation, a channel, an alert; and a password for the owner."""
    owner = User.objects.get(email=OWNER)
    owner.set_password("correct horse battery")
    owner.save()
    draft_source(workspace, "desk", "Draft")
    invite(workspace, "new@example.com", RoleGrant.Role.SOURCE_VIEWER, None, owner)
    Channel.objects.create(workspace=workspace, kind="email", label="ops@example.com")
    open_alert(workspace, "test", "Something fails", "For a reason.", START)


def signed_in(email: str) -> Client:
    """A browser without JavaScript."""
    client = Client(raise_request_exception=False)
    user = User.objects.get(email=email)
    client.force_login(user)
    session = client.session
    session.update(signed_in_now(user, ahead=86_400))
    session.save()
    return client


def test_every_page_of_the_site_map_is_reached(seen: Seen) -> None:
    assert seen.owner.unwalked.keys() <= {"invitation"}  # its token is in no page
    assert len(seen.looks) > 25


def test_no_link_is_dead(seen: Seen) -> None:
    assert seen.owner.dead == {}


def test_no_link_leads_a_viewer_to_a_refusal(seen: Seen) -> None:
    assert seen.viewer.dead == {}


def test_every_page_has_one_heading(seen: Seen) -> None:
    assert {str(look): look.headings for look in seen.looks if look.headings != 1} == {}


def test_no_page_breaks_a_rule_of_accessibility_in_light(seen: Seen) -> None:
    assert {str(look): look.light for look in seen.looks if look.light} == {}


def test_no_page_breaks_a_rule_of_accessibility_in_dark(seen: Seen) -> None:
    assert {str(look): look.dark for look in seen.looks if look.dark} == {}


def test_no_page_breaks_a_rule_of_html_codesniffer(seen: Seen) -> None:
    assert {str(look): look.sniffed for look in seen.looks if look.sniffed} == {}


def test_no_page_is_wider_than_the_narrowest_phone(seen: Seen) -> None:
    assert {str(look): look.too_wide for look in seen.looks if look.too_wide} == {}


def test_no_page_complains_in_the_console_or_breaks_the_content_policy(seen: Seen) -> None:
    assert seen.complaints == []


def test_what_is_wrong_is_found(site: Installation, seen: Seen, visitor: Callable[..., Visitor]) -> None:
    window = visitor(site)
    window.page.set_content("<title>A page</title><form><input></form>")
    assert any("H32.2" in line for line in sniff(window))
    assert any("label" in line for line in violations(window))
    window.complaints.clear()  # HTML_CodeSniffer lacks a translation of its own
