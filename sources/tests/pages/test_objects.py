"""Collections, objects and columns of a source in the browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from sources.models import Quarantined, Source
from warehouses.models import Column, Connection, Warehouse
from workspace.hub.models import Collection, HeldDeletion, Object
from workspace.hub.store import upsert
from workspace.models import AuditEvent, RoleGrant, User
from workspace.tests.fixtures import entry, grant

AT = "/acme/sources/desk-com"


@pytest.fixture
def stored(desk: Source) -> Collection:
    """Three cases in the Hub."""
    collection = desk.collection("cases")
    upsert(collection, [entry(str(n), subject=f"Case {n}", priority=2) for n in (1, 2, 3)])
    return collection


def text(client: Client, address: str) -> str:
    answer = client.get(f"{AT}{address}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_collections_show_what_the_hub_has(as_alice: Client, stored: Collection) -> None:
    page = text(as_alice, "/collections")
    assert f'href="{AT}/collections/cases"' in page
    assert "Nothing has been read yet." in page


def test_objects_are_listed_and_found_by_id(as_alice: Client, stored: Collection) -> None:
    assert "Case 3" in text(as_alice, "/collections/cases")
    found = text(as_alice, "/collections/cases?id=2")
    assert "Case 2" in found
    assert "Case 3" not in found
    assert "No object has this id." in text(as_alice, "/collections/cases?id=99")


def test_an_object_shows_its_columns_and_its_json(as_alice: Client, stored: Collection) -> None:
    page = text(as_alice, "/collections/cases/objects/2")
    assert "&quot;subject&quot;: &quot;Case 2&quot;" in page
    assert page.index(">priority<") < page.index(">subject<")


def test_a_changed_priority_is_seen(as_alice: Client, stored: Collection) -> None:
    upsert(stored, [entry("2", "2020-01-02T00:00:00Z", subject="Case 2", priority=4)])
    assert "&quot;priority&quot;: 4" in text(as_alice, "/collections/cases/objects/2")


def test_long_lists_are_paged_by_version(as_alice: Client, stored: Collection) -> None:
    upsert(stored, [entry(f"x{n}", subject=f"More {n}") for n in range(60)])
    page = text(as_alice, "/collections/cases")
    assert "More 59" in page
    assert "Case 1" not in page
    older = page.split('rel="next"')[1].split('href="')[1].split('"')[0]
    page = text(as_alice, f"/collections/cases{older}")
    assert ("Case 1" in page, f'href="{AT}/collections/cases">' in page, "First page" in page) == (True,) * 3


def test_held_deletions_wait_for_an_admin(
    as_alice: Client, bob: User, as_bob: Client, desk: Source, stored: Collection
) -> None:
    HeldDeletion.objects.create(collection=stored, object_id="2")
    assert "1 held deletions" in text(as_alice, "/collections/cases")
    grant(bob, desk.workspace, RoleGrant.Role.SOURCE_VIEWER)
    assert as_bob.post(f"{AT}/collections/cases/approve").status_code == 403
    as_alice.post(f"{AT}/collections/cases/approve")
    assert Object.objects.get(collection=stored, object_id="2").deleted_at is not None
    assert AuditEvent.objects.get().action == "deletions.approved"


def test_the_quarantine_shows_the_raw_record_escaped(
    as_alice: Client, desk: Source, stored: Collection
) -> None:
    raw: dict[str, Any] = {"raw": '{"name": "<script>"}', "reason": "This object has no id."}
    Quarantined.objects.create(source=desk, collection=stored, digest="0" * 32, **raw)
    page = text(as_alice, "/collections/cases")
    assert "This object has no id." in page
    assert "<script>&quot;" not in page


def test_the_schema_names_columns_types_and_reasons(
    as_alice: Client, desk: Source, stored: Collection
) -> None:
    lake = Warehouse.objects.create(workspace=desk.workspace, kind="postgres", name="Lake", slug="lake")
    pair = Connection.objects.create(schema=desk.schema, warehouse=lake)
    Column.objects.create(
        connection=pair, collection=stored, name="priority", type="integer", reason="Widened."
    )
    page = text(as_alice, "/schema")
    assert "priority" in page
    assert "Widened." in page


def test_without_a_warehouse_the_schema_says_the_next_step(as_alice: Client, stored: Collection) -> None:
    assert "flows into no warehouse yet" in text(as_alice, "/schema")


def test_lists_take_few_queries(
    as_alice: Client, stored: Collection, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for address in ("/collections", "/collections/cases", "/collections/cases/objects/1", "/schema"):
        with django_assert_max_num_queries(15):
            text(as_alice, address)


def test_what_is_not_there_is_not_found(as_alice: Client, as_charlie: Client, stored: Collection) -> None:
    for address in ("/collections/nothing", "/collections/cases/objects/99"):
        assert as_alice.get(f"{AT}{address}").status_code == 404
    assert as_charlie.get(f"{AT}/collections").status_code == 404


def test_values_are_written_as_databases_write_them(as_alice: Client, desk: Source) -> None:
    upsert(desk.collection("cases"), [entry("7", locked=False)])
    page = text(as_alice, "/collections/cases/objects/7")
    assert ">false</td>" in page
    assert ">False<" not in page
