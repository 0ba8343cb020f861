"""Who may do what, cell by cell: the matrix of roles that Settings → Access tells in words."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from workspace.models import RoleGrant, Workspace
from workspace.tests.trust.tenants import Address, Tenant, addresses, person

KNOWN = {address.name: address for address in addresses()}
ROLES: dict[str, tuple[tuple[str, ...], str]] = {
    "no role": ((), ""),
    "admin of another source": (("source_admin",), "other"),
    "viewer of the source": (("source_viewer",), "source"),
    "source viewer": (("source_viewer",), ""),
    "admin of the source": (("source_admin",), "source"),
    "source admin": (("source_admin",), ""),
    "warehouse viewer": (("warehouse_viewer",), ""),
    "warehouse admin": (("warehouse_admin",), ""),
    "admin of both": (("source_admin", "warehouse_admin"), ""),
    "owner": (("owner",), ""),
}
"""The columns: roles, and the source they are for where they are for one."""

MATRIX = {
    "be a member": "..........",
    "see the source": "--....--..",
    "change the source": "--xx..--..",
    "say when the source syncs": "--xxxx--x.",
    "erase an object": "--xxxx--x.",
    "add a source": "xxxxx.xx..",
    "see warehouses": "xxxxxx....",
    "change warehouses": "xxxxxxx...",
    "connect source and warehouse": "xxxxxxxx..",
    "own": "xxxxxxxxx.",
}
"""The rows, a cell for each column: `.` may, `x` is told whom to ask, `-` is not told that there is anything."""

NEEDED = {
    "be a member": """get workspace:overview, get workspace:search, get workspace:alerts, get workspace:health,
        get workspace:settings, get workspace:settings_part general, get workspace:settings_part access,
        get workspace:settings_part alerts, get sources:list, get sources:catalog, get sources:catalog_entry""",
    "see the source": """get sources:overview, get sources:collections, get sources:collection, get sources:object,
        get sources:schema, get sources:run, get sources:settings basic, get sources:settings connection,
        get sources:settings schedule, get sources:settings erasures, get sources:settings delete""",
    "change the source": """post sources:sync, post sources:cancel, post sources:approve, post sources:discard,
        get sources:setup, post sources:setup, post sources:settings basic, post sources:settings connection,
        post sources:settings collections, post sources:settings sql, post sources:settings delete""",
    "say when the source syncs": "post sources:settings schedule",
    "erase an object": "get sources:erase, post sources:erase",
    "add a source": "get sources:add, post sources:add, get sources:derive",
    "see warehouses": """get warehouses:list, get warehouses:catalog, get warehouses:catalog_entry,
        get warehouses:overview, get warehouses:health, get warehouses:settings basic,
        get warehouses:settings connection, get warehouses:history, get warehouses:connection_health,
        get warehouses:connection_settings, get warehouses:run""",
    "change warehouses": """get warehouses:add, post warehouses:add, post warehouses:sync, post warehouses:attach,
        post warehouses:sync_connection, post warehouses:cancel, post warehouses:settings basic,
        post warehouses:settings connection, post warehouses:settings maintenance,
        post warehouses:settings remove""",
    "connect source and warehouse": "post warehouses:enable, post warehouses:disable, post warehouses:detach",
    "own": """post warehouses:settings selective-sync, post warehouses:settings sync-schedule,
        post warehouses:connection_settings, post workspace:settings_part general,
        post workspace:settings_part access, get workspace:settings_part plan, post workspace:settings_part plan,
        get workspace:settings_part audit, get workspace:audit_csv, post workspace:settings_part alerts,
        post workspace:alert_channels, post workspace:alert_channel, post workspace:close, post workspace:keep,
        post workspace:two_factors, get workspace:member, post workspace:member, post workspace:revoke""",
}
"""What can be asked for, by what it takes."""

ROWS = [(needed, row.strip()) for needed, rows in NEEDED.items() for row in rows.split(",")]


POSTED = {"way": "plan", "action": "add"}
"""What pages that do one of several things are asked for; none of it is enough to change anything."""


@pytest.fixture
def tenant(acme: Workspace) -> Tenant:
    return Tenant(acme)


@pytest.fixture
def people(tenant: Tenant) -> list[Client]:
    """One for each column."""
    return [
        person(
            f"person{n}@example.com",
            tenant.workspace,
            *roles,
            source=getattr(tenant, scope).pk if scope else None,
        )
        for n, (roles, scope) in enumerate(ROLES.values())
    ]


def cell(client: Client, method: str, path: str) -> str:
    """How somebody fares there; what is changed is taken back."""
    with transaction.atomic():
        answer: Any = getattr(client, method)(path, POSTED if method == "post" else None)
        transaction.set_rollback(True)
    return {403: "x", 404: "-"}.get(answer.status_code, ".")


def test_every_cell_of_the_matrix(tenant: Tenant, people: list[Client]) -> None:
    wrong = {}
    for needed, row in ROWS:
        method, name, *part = row.split()
        values = tenant.values(KNOWN[name]) | ({"part": part[0]} if part else {})
        cells = "".join(cell(client, method, KNOWN[name].within(values)) for client in people)
        if cells != MATRIX[needed]:
            wrong[row] = f"{cells} instead of {MATRIX[needed]}"
    assert wrong == {}


def test_every_address_of_a_workspace_is_in_the_matrix() -> None:
    told = {row.split()[1] for _, row in ROWS} | {"workspace:leave"}  # everybody may go; then it is over
    assert {address.name for address in KNOWN.values() if address.of_tenant} == told


def test_who_loses_a_role_loses_it_at_the_next_request(tenant: Tenant) -> None:
    client = person("eve@example.com", tenant.workspace, "source_admin")
    page = _path(tenant, KNOWN["sources:overview"])
    assert client.get(page).status_code == 200
    RoleGrant.objects.filter(membership__user__email="eve@example.com").delete()
    assert client.get(page).status_code == 404


def test_a_role_for_another_workspace_is_worth_nothing_here(tenant: Tenant) -> None:
    other = Workspace.objects.create(name="Globex", slug="globex")
    client = person("owner@globex.example", other, "owner")
    assert client.get(_path(tenant, KNOWN["sources:overview"])).status_code == 404


def _path(tenant: Tenant, address: Address) -> str:
    return address.within(tenant.values(address))
