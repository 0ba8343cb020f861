"""Who may do what in a workspace."""

from __future__ import annotations

import uuid

import pytest
from django.http import Http404

from workspace.access import Ability, Access, Grant, access_of
from workspace.models import RoleGrant, User, Workspace
from workspace.tests.fixtures import grant

Role = RoleGrant.Role
MINE, OTHER = uuid.uuid4(), uuid.uuid4()
ALLOWED = {
    Role.OWNER: set(Ability),
    Role.SOURCE_ADMIN: {Ability.SEE_SOURCE, Ability.ADMIN_SOURCE, Ability.CREATE_SOURCE},
    Role.SOURCE_VIEWER: {Ability.SEE_SOURCE},
    Role.WAREHOUSE_ADMIN: {Ability.SEE_WAREHOUSES, Ability.ADMIN_WAREHOUSES},
    Role.WAREHOUSE_VIEWER: {Ability.SEE_WAREHOUSES},
}


@pytest.mark.parametrize("role", Role.values)
@pytest.mark.parametrize("ability", Ability)
def test_each_role_allows_exactly_its_abilities(
    acme: Workspace, alice: User, role: str, ability: Ability
) -> None:
    access = Access(alice, acme, [Grant(role)])
    assert access.may(ability, MINE) == (ability in ALLOWED[Role(role)])


def test_a_grant_for_one_source_says_nothing_about_another(acme: Workspace, bob: User) -> None:
    access = Access(bob, acme, [Grant(Role.SOURCE_ADMIN, MINE)])
    assert access.may(Ability.ADMIN_SOURCE, MINE)
    assert not access.may(Ability.ADMIN_SOURCE, OTHER)
    assert not access.may(Ability.CREATE_SOURCE)
    assert not access.sees_all_sources


def test_connecting_takes_admin_of_both_sides(acme: Workspace, bob: User) -> None:
    source, warehouse = Grant(Role.SOURCE_ADMIN, MINE), Grant(Role.WAREHOUSE_ADMIN)
    assert not Access(bob, acme, [source]).may(Ability.CONNECT, MINE)
    assert not Access(bob, acme, [warehouse]).may(Ability.CONNECT, MINE)
    assert Access(bob, acme, [source, warehouse]).may(Ability.CONNECT, MINE)
    assert not Access(bob, acme, [source, warehouse]).may(Ability.CONNECT, OTHER)


def test_a_member_without_a_grant_sees_nothing_and_is_told_whom_to_ask(acme: Workspace, bob: User) -> None:
    access = access_of(bob, "acme")
    assert not any(access.may(ability, MINE) for ability in Ability)
    assert access.refusal(Ability.OWN).endswith("Ask alice@example.com.")


def test_grants_count_from_the_next_request_on(acme: Workspace, bob: User) -> None:
    grant(bob, acme, Role.WAREHOUSE_VIEWER)
    assert access_of(bob, "acme").sees_warehouses


def test_foreign_and_missing_workspaces_look_the_same(acme: Workspace, charlie: User) -> None:
    with pytest.raises(Http404) as foreign:
        access_of(charlie, "acme")
    with pytest.raises(Http404) as missing:
        access_of(charlie, "nowhere")
    assert str(foreign.value) == str(missing.value)
