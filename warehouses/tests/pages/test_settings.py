"""Settings of a warehouse."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sources.models import Source
from warehouses import flush
from warehouses.models import Comparison, Connection, Warehouse
from warehouses.pages import selection
from warehouses.schedule import request_sync
from workspace.hub.models import Schema
from workspace.models import AuditEvent, RoleGrant, User, Workspace
from workspace.tests.fixtures import grant

AT = "/acme/warehouses/production/settings"
PARTS = ("basic", "connection", "selective-sync", "sync-schedule", "maintenance", "remove")
Role = RoleGrant.Role


def test_each_part_has_its_page(as_alice: Client, connection: Connection) -> None:
    for part in PARTS:
        assert as_alice.get(f"{AT}/{part}").status_code == 200
    assert as_alice.get(f"{AT}/nothing").status_code == 404


def test_name_and_switch_are_saved_and_told(as_alice: Client, warehouse: Warehouse) -> None:
    as_alice.post(f"{AT}/basic", {"name": "Lake"})
    warehouse.refresh_from_db()
    assert (warehouse.name, warehouse.enabled) == ("Lake", False)
    assert AuditEvent.objects.get().details["after"] == {"name": "Lake", "enabled": False}


def test_an_empty_password_stays_what_it_was(
    as_alice: Client, warehouse: Warehouse, fields: dict[str, Any]
) -> None:
    answer = as_alice.post(f"{AT}/connection", {**fields, "password": ""}, follow=True).content.decode()
    assert "Saved: the connection works." in answer
    warehouse.refresh_from_db()
    assert warehouse.settings
    assert warehouse.settings["password"] == fields["password"]
    assert fields["password"] not in answer


def test_a_database_that_is_not_there_is_not_kept(
    as_alice: Client, warehouse: Warehouse, fields: dict[str, Any]
) -> None:
    page = as_alice.post(f"{AT}/connection", {**fields, "database": "nowhere"}).content.decode()
    assert "The connection does not work yet." in page
    warehouse.refresh_from_db()
    assert warehouse.settings
    assert warehouse.settings["database"] == fields["database"]


@pytest.mark.django_db(transaction=True)
def test_a_property_is_turned_off_and_on_again(as_alice: Client, connection: Connection) -> None:
    flush.run_slice(request_sync(connection).pk)
    key = f"{connection.pk}/cases"
    shown = [key, f"{key}/priority", f"{key}/subject"]
    as_alice.post(f"{AT}/selective-sync", {"shown": shown, "on": [key, f"{key}/subject"]})
    connection.refresh_from_db()
    assert connection.properties_off == {"cases": ["priority"]}
    as_alice.post(f"{AT}/selective-sync", {"shown": shown, "on": shown})
    connection.refresh_from_db()
    assert connection.properties_off == {}
    assert connection.watermarks.get().rewrite_until > 0


def test_what_was_not_shown_stays_as_it_is(as_alice: Client, connection: Connection) -> None:
    Connection.objects.update(properties_off={"cases": ["subject"]}, collections_off=["users"])
    as_alice.post(f"{AT}/selective-sync", {"shown": [f"{connection.pk}/cases"], "on": []})
    connection.refresh_from_db()
    assert connection.collections_off == ["cases", "users"]
    assert connection.properties_off == {"cases": ["subject"]}


def test_properties_of_many_sources_are_on_the_page_of_each(
    as_alice: Client, acme: Workspace, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "MOST", 1)
    schema = Schema.objects.create(workspace=acme, name="other")
    Source.objects.create(workspace=acme, schema=schema, kind="desk", name="Other", slug="other")
    connection.warehouse.connections.create(schema=schema)
    cases = connection.schema.collections.get(name="cases")
    for name in ("priority", "subject"):
        connection.columns.create(collection=cases, name=name, type="text")
    page = as_alice.get(f"{AT}/selective-sync").content.decode()
    assert "2/2 properties" in page
    assert "priority" not in page


def test_a_thousand_properties_are_saved_at_once(as_alice: Client, connection: Connection) -> None:
    key = f"{connection.pk}/cases"
    shown = [key, *(f"{key}/custom_{number}" for number in range(1_500))]
    answer = as_alice.post(f"{AT}/selective-sync", {"shown": shown, "on": shown})
    assert answer.status_code == 302


def test_a_schedule_within_the_plan_is_kept(as_alice: Client, warehouse: Warehouse) -> None:
    as_alice.post(f"{AT}/sync-schedule", {"way": "hours", "hours": [6, 18]})
    warehouse.refresh_from_db()
    assert warehouse.schedule == {"hours": [6, 18]}
    assert warehouse.next_sync_at is not None


def test_a_schedule_beyond_the_plan_is_told(as_alice: Client, acme: Workspace, warehouse: Warehouse) -> None:
    Workspace.objects.update(plan="free")
    page = as_alice.post(f"{AT}/sync-schedule", {"way": "hours", "hours": [6, 12, 18]}).content.decode()
    assert "The Free plan allows" in page
    warehouse.refresh_from_db()
    assert warehouse.schedule == {}


def test_minutes_left_empty_are_asked_for_and_break_no_page(as_alice: Client, warehouse: Warehouse) -> None:
    Workspace.objects.update(plan="unlimited")
    page = as_alice.post(f"{AT}/sync-schedule", {"way": "minutes", "minutes": ""}).content.decode()
    assert "Minutes are a whole number from 1 to 1,440." in page
    Warehouse.objects.update(schedule={"minutes": None})
    assert as_alice.get(f"{AT}/sync-schedule").status_code == 200


def test_what_another_way_would_need_is_not_in_the_way(as_alice: Client, warehouse: Warehouse) -> None:
    as_alice.post(f"{AT}/sync-schedule", {"way": "hours", "hours": [6], "minutes": "0"})
    warehouse.refresh_from_db()
    assert warehouse.schedule == {"hours": [6]}


def test_a_comparison_is_followed_until_it_has_ended(as_alice: Client, connection: Connection) -> None:
    as_alice.post(f"{AT}/maintenance", {"connection": connection.pk, "action": "compare"})
    asks = f"{AT}/maintenance?connection={connection.pk}"
    assert f'hx-get="{asks}"' in as_alice.get(f"{AT}/maintenance").content.decode()
    Comparison.objects.update(status="success")
    part = as_alice.get(asks, headers={"HX-Request": "true"}).content.decode()
    assert "Success" in part
    assert "hx-get" not in part
    assert "<h1" not in part


def test_compare_now_and_repair_are_asked_for(as_alice: Client, alice: User, connection: Connection) -> None:
    form = {"connection": connection.pk}
    as_alice.post(f"{AT}/maintenance", {**form, "action": "compare"})
    as_alice.post(f"{AT}/maintenance", {**form, "action": "repair"})
    run = Comparison.objects.get()
    assert (run.repair, run.started_by) == (True, alice)


@pytest.mark.django_db(transaction=True)
def test_a_backfill_begins_from_the_start(as_alice: Client, connection: Connection) -> None:
    flush.run_slice(request_sync(connection).pk)
    form = {"connection": connection.pk, "action": "backfill", "collection": "cases"}
    as_alice.post(f"{AT}/maintenance", form)
    assert connection.watermarks.get().version == 0


def test_removing_takes_the_typed_slug(as_alice: Client, connection: Connection) -> None:
    as_alice.post(f"{AT}/remove", {"confirmation": "prod"})
    assert Warehouse.objects.exists()
    as_alice.post(f"{AT}/remove", {"confirmation": "production"})
    assert not Warehouse.objects.exists()


@pytest.mark.parametrize("part", ["selective-sync", "sync-schedule"])
def test_an_admin_who_is_no_owner_may_not_choose(
    acme: Workspace, bob: User, as_bob: Client, connection: Connection, part: str
) -> None:
    grant(bob, acme, Role.WAREHOUSE_ADMIN)
    assert "Only owners of the workspace may do this." in as_bob.get(f"{AT}/{part}").content.decode()
    assert as_bob.post(f"{AT}/{part}").status_code == 403


@pytest.mark.parametrize("part", ["basic", "connection", "maintenance", "remove"])
def test_a_viewer_sees_why_not(
    acme: Workspace, bob: User, as_bob: Client, connection: Connection, part: str
) -> None:
    grant(bob, acme, Role.WAREHOUSE_VIEWER)
    assert "Only warehouse admins may do this." in as_bob.get(f"{AT}/{part}").content.decode()
    assert as_bob.post(f"{AT}/{part}").status_code == 403
