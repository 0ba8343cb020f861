"""The operator's pages in Chromium: two factors at the door, then every list and a record of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib import admin
from django.urls import reverse
from playwright.sync_api import Browser
from pytest_django.plugin import DjangoDbBlocker

from workspace.models import User
from workspace.tests.browser.installation import Installation
from workspace.tests.browser.visitor import Visitor, visit
from workspace.tests.browser.walked import WIDE, Look, look_at
from workspace.tests.people.conftest import PASSWORD, with_authenticator
from workspace.walk import Page

OPAL = "opal@example.com"
SMALL = ("--sources", "2", "--warehouses", "1", "--runs", "60", "--objects", "50", "--audit", "10")
LOOKED_AT = ("Workspace", "SourceSync", "WarehouseSync")
"""Models whose pages hold all there is: a form, actions, filters, logs, tables."""


@dataclass(frozen=True)
class Seen:
    """Every page that was opened, the looks at some, and what the console said meanwhile."""

    pages: list[Page]
    looks: list[Look]
    complaints: list[str]


@pytest.fixture(scope="module")
def code(site: Installation, django_db_blocker: DjangoDbBlocker) -> str:
    """An unused recovery code of the operator of an installation with a little of everything."""
    site.manage("seed_history", "--workspace", "operated", "--owner", OPAL, *SMALL)
    owner = ("--workspace", "operated", "--owner", OPAL, "--password-stdin")
    site.manage("bootstrap", *owner, stdin=PASSWORD)
    with django_db_blocker.unblock(), site.as_default_database():
        opal = User.objects.get(email=OPAL)
        opal.is_staff = opal.is_superuser = True
        opal.save()
        with_authenticator(opal)
        return str(RecoveryCodes.activate(opal).get_unused_codes()[0])


@pytest.fixture(scope="module")
def seen(site: Installation, chromium: Browser, code: str) -> Seen:
    """The index, every list and a record of each."""
    window = visit(chromium, site, viewport=WIDE, color_scheme="light")
    sign_in(window, code)
    opened = {model.__name__: list(open_pages(window, model._meta)) for model in admin.site._registry}
    complaints = list(window.complaints)  # axe itself makes styles for what it cannot read
    looks = [look_at(window, page) for name in LOOKED_AT for page in opened[name]]
    window.context.close()
    return Seen(list(chain.from_iterable(opened.values())), looks, complaints)


def open_pages(window: Visitor, model: Any) -> Iterator[Page]:
    """The list of a model, and the first record in it."""
    name = f"admin:{model.app_label}_{model.model_name}_changelist"
    yield opened(window, name, reverse(name))
    link = window.page.locator("#result_list tbody th a").first
    if link.count():
        yield opened(window, f"a record of {name}", link.evaluate("link => link.pathname"))


def opened(window: Visitor, name: str, path: str) -> Page:
    """Open a page."""
    return Page(name, path, window.go(path).status, is_whole=True, linked=True)


def sign_in(window: Visitor, code: str) -> None:
    """Come to /admin/ as a stranger; password, second factor, and one is there."""
    window.go("/admin/")
    window.fill(Email=OPAL, Password=PASSWORD)
    window.press("Log in")
    window.page.get_by_label("Code").fill(code)
    window.press("Log in")
    window.page.get_by_role("heading", name="This installation").wait_for()


def test_the_lists_and_records_of_every_model_open(seen: Seen) -> None:
    assert {page.status for page in seen.pages} == {200}
    assert len(seen.pages) >= 2 * len(admin.site._registry) - 2  # an invented history holds no comparison


def test_no_page_breaks_a_rule_of_accessibility(seen: Seen) -> None:
    assert {str(look): look.light + look.dark for look in seen.looks if look.light or look.dark} == {}


def test_no_page_is_wider_than_a_phone(seen: Seen) -> None:
    assert {str(look): look.too_wide for look in seen.looks if look.too_wide} == {}


def test_no_page_complains_in_the_console_or_breaks_the_content_policy(seen: Seen) -> None:
    assert seen.complaints == []
