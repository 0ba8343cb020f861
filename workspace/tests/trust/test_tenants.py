"""Every address of the site map, as everybody asks for it: what is not yours looks like what is not there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from workspace.models import User, Workspace
from workspace.tests.trust.tenants import MISSING, Address, Tenant, addresses, person, state, told

METHODS = ("get", "post")
ALL = [address for address in addresses() if address.of_tenant]
WRITES = ("get", "workspace:audit_csv")
"""Handing out the audit trail is an entry in it."""


@pytest.fixture
def ours(acme: Workspace) -> Tenant:
    return Tenant(acme)


@pytest.fixture
def theirs(db: None) -> Tenant:
    workspace = Workspace.objects.create(name="Globex", slug="globex", plan="unlimited")
    return Tenant(workspace)


def paths(tenant: Tenant, **other: Any) -> Iterator[tuple[Address, str]]:
    """Every address within a workspace."""
    for address in ALL:
        yield address, address.within({**tenant.values(address), **other})


def nowhere(ours: Tenant) -> Iterator[tuple[str, Address, str, str]]:
    """Every method and address within our workspace, and the same in one that is not there."""
    for address, path in paths(ours):
        for method in METHODS:
            yield method, address, path, address.within({**ours.values(address), "workspace_slug": "nowhere"})


def swapped(ours: Tenant, theirs: Tenant) -> Iterator[tuple[str, Address, str, list[tuple[str, str]]]]:
    """Every method and address with one of its things exchanged: one of theirs, and one that is not there."""
    for address in ALL:
        for name in address.arguments & MISSING.keys():
            values = (theirs.values(address)[name], MISSING[name])
            own = ours.values(address)
            both = [(value, address.within({**own, name: value})) for value in values]
            for method in METHODS:
                yield method, address, name, both


def queries(ask: Callable[[str], Any], path: str) -> list[str]:
    """What the database is asked for an answer, without the values."""
    with CaptureQueriesContext(connection) as asked:
        ask(path)
    return [re.sub(r"'[^']*'|\b\d+\b", "…", one["sql"]) for one in asked]


def test_the_walk_knows_every_address(ours: Tenant) -> None:
    assert len({path for _, path in paths(ours)}) == len(ALL) > 40


def test_who_is_not_signed_in_gets_to_the_sign_in_and_nowhere_else(ours: Tenant) -> None:
    for _, path in paths(ours):
        for method in METHODS:
            answer = getattr(Client(), method)(path)
            assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/"), path


def test_a_workspace_of_others_looks_like_one_that_is_not_there(ours: Tenant) -> None:
    charlie, before = person("charlie@example.com"), state()
    for method, _, path, missing in nowhere(ours):
        foreign = told(getattr(charlie, method)(path), "acme")
        assert foreign == told(getattr(charlie, method)(missing), "nowhere"), path
        assert foreign[0] in (404, 405), path
    assert state() == before


def test_things_of_others_look_like_things_that_are_not_there(
    ours: Tenant, theirs: Tenant, as_alice: Client
) -> None:
    for method, address, name, both in swapped(ours, theirs):
        before = state()
        one, other = (told(getattr(as_alice, method)(path), value) for value, path in both)
        assert one == other, (method, address.name, name)
        assert one[0] != 200, (method, address.name, name)
        assert state() == before, (method, address.name, name)


def test_a_workspace_of_others_costs_what_one_costs_that_is_not_there(ours: Tenant) -> None:
    charlie = person("charlie@example.com")
    for method, address, *both in nowhere(ours):
        foreign, missing = (queries(getattr(charlie, method), path) for path in both)
        assert foreign == missing, (method, address.name)


def test_things_of_others_cost_what_things_cost_that_are_not_there(
    ours: Tenant, theirs: Tenant, as_alice: Client
) -> None:
    for method, address, name, both in swapped(ours, theirs):
        one, other = (queries(getattr(as_alice, method), path) for _, path in both)
        assert one == other, (method, address.name, name)


def test_looking_changes_nothing(ours: Tenant, as_alice: Client) -> None:
    before, seen = state(), 0
    for address, path in paths(ours):
        if ("get", address.name) != WRITES:
            answer = as_alice.get(path)
            seen += answer.status_code == 200
            assert answer.status_code in (200, 302, 405), path
            assert state() == before, path
    assert seen > 20


def test_every_write_needs_a_token_of_ours(ours: Tenant, alice: User) -> None:
    browser, before = Client(enforce_csrf_checks=True), state()
    browser.force_login(alice)
    for address in addresses():
        if address.of_tenant or not address.arguments:
            path = address.within(ours.values(address) if address.of_tenant else {})
            for method in ("post", "put", "patch", "delete"):
                assert getattr(browser, method)(path).status_code == 403, (method, path)
    before["workspace_user"] = state()["workspace_user"]  # the time of the last sign-in
    assert state() == before


def test_the_operators_pages_are_not_there_for_others(ours: Tenant, as_alice: Client) -> None:
    for path in ("", "workspace/workspace/", "workspace/user/1/change/", "nothing/"):
        assert as_alice.get(f"/admin/{path}").status_code in (302, 403, 404), path
        assert b"Globex" not in as_alice.get(f"/admin/{path}", follow=True).content
