"""The operator's pages: who gets in, what is seen there, and what can be changed."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib import admin
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from warehouses.models import Warehouse
from workspace.alerts.models import Channel
from workspace.audit import record
from workspace.models import Membership, User, Workspace
from workspace.tests.overview.conftest import add_source
from workspace.tests.people.conftest import PASSWORD, code_now, log_in, with_authenticator

CHALLENGE = "/accounts/2fa/authenticate/"
LISTS = [
    "sources_source",
    "sources_sourcesync",
    "sources_quarantined",
    "warehouses_warehouse",
    "warehouses_warehousesync",
    "warehouses_comparison",
    "workspace_workspace",
    "workspace_membership",
    "workspace_user",
    "workspace_auditevent",
]


@pytest.fixture
def opal(db: None, settings: Settings) -> User:
    """The operator, in an installation that does without a second factor."""
    settings.ADMIN_NEEDS_MFA = False
    return User.objects.create_superuser("opal@example.com", PASSWORD)


@pytest.fixture
def as_opal(opal: User) -> Client:
    client = Client()
    client.force_login(opal)
    return client


def act(client: Client, model: str, action: str, row: Any) -> str:
    """Choose the action for the row in the list."""
    form = {"action": action, "_selected_action": [row.pk]}
    return client.post(reverse(f"admin:workspace_{model}_changelist"), form, follow=True).content.decode()


def test_a_visitor_signs_in_where_everybody_does(browser: Client, opal: User) -> None:
    for path in ("/admin/", "/admin/sources/source/"):
        assert browser.get(path, follow=True).redirect_chain[-1][0] == f"/accounts/login/?next={path}"


def test_to_everybody_else_there_is_no_administration(as_alice: Client, acme: Workspace) -> None:
    for path in ("/admin/", "/admin/workspace/user/", "/admin/nothing/"):
        assert as_alice.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("login", "/accounts/login/?next=/admin/"),
        ("logout", "/accounts/logout/"),
        ("password_change", "/accounts/password/change/"),
    ],
)
def test_there_is_one_sign_in(as_opal: Client, path: str, leads_to: str) -> None:
    assert as_opal.get(f"/admin/{path}/")["Location"] == leads_to


def test_an_operator_without_a_second_factor_is_led_to_set_it_up(as_opal: Client, settings: Settings) -> None:
    settings.ADMIN_NEEDS_MFA = True
    answer = as_opal.get("/admin/sources/source/", follow=True)
    assert answer.request["PATH_INFO"] == "/accounts/2fa/"
    assert "accounts with two-factor sign-in only" in answer.content.decode()


@time_machine.travel("2026-01-05T12:00:10Z", tick=False)
def test_an_operator_with_a_second_factor_gets_in(browser: Client, opal: User, settings: Settings) -> None:
    settings.ADMIN_NEEDS_MFA = True
    with_authenticator(opal)
    log_in(browser, "opal@example.com", then="/admin/")
    assert browser.get("/admin/").status_code == 302
    assert browser.post(CHALLENGE, {"code": code_now()})["Location"] == "/admin/"
    assert browser.get("/admin/").status_code == 200


@time_machine.travel("2026-01-05T12:00:10Z", tick=False)
def test_a_session_from_before_the_second_factor_has_to_show_it(
    as_opal: Client, opal: User, settings: Settings
) -> None:
    settings.ADMIN_NEEDS_MFA = True
    with_authenticator(opal)
    asked = as_opal.get("/admin/sources/source/?q=desk")
    assert asked["Location"] == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2Fsources%2Fsource%2F%3Fq%3Ddesk"
    answer = as_opal.post(asked["Location"], {"code": code_now()})
    assert as_opal.get(answer["Location"]).status_code == 200


def test_the_lists_are_these() -> None:
    assert sorted(LISTS) == sorted(f"{m._meta.app_label}_{m._meta.model_name}" for m in admin.site._registry)


@pytest.mark.parametrize("name", LISTS)
def test_every_list_and_record_opens_and_shows_no_secret(
    as_opal: Client, acme: Workspace, alice: User, name: str
) -> None:
    furnish(acme, alice)
    pages = [as_opal.get(reverse(f"admin:{name}_changelist"))]
    row = apps.get_model(name.replace("_", ".")).objects.first()
    if row is not None:
        pages.append(as_opal.get(reverse(f"admin:{name}_change", args=[row.pk])))
    for page in pages:
        assert page.status_code == 200
        assert "hunter2" not in page.content.decode()
        assert alice.password not in page.content.decode()


def test_a_list_asks_no_more_for_more_rows(as_opal: Client, acme: Workspace) -> None:
    asked = []
    for count in (1, 6):
        for number in range(count):
            add_source(acme, f"desk-{count}-{number}").syncs.create(workspace=acme)
        with CaptureQueriesContext(connection) as queries:
            as_opal.get("/admin/sources/sourcesync/")
        asked.append(len(queries))
    assert 0 < asked[0] == asked[1] <= 15


def test_names_are_proper_words(as_opal: Client) -> None:
    page = as_opal.get("/admin/").content.decode()
    for name in ("Members", "Quarantined records", "Source syncs", "Warehouses", "Audit events", "Users"):
        assert f">{name}</a>" in page


def test_the_operator_changes_a_plan_on_record(as_opal: Client, acme: Workspace) -> None:
    as_opal.post(reverse("admin:workspace_workspace_change", args=[acme.pk]), {"plan": "team"})
    acme.refresh_from_db()
    assert acme.plan == "team"
    event = acme.audit_events.get()
    assert (event.actor, event.action) == ("opal@example.com", "workspace.changed")


def test_a_plan_that_the_workspace_does_not_fit_is_refused(as_opal: Client, acme: Workspace) -> None:
    for name in ("one", "two"):
        Warehouse.objects.create(workspace=acme, kind="postgres", name=name, slug=name)
    answer = as_opal.post(reverse("admin:workspace_workspace_change", args=[acme.pk]), {"plan": "free"})
    assert "there are 2: remove some first" in answer.content.decode()


def test_the_operator_closes_and_keeps_a_workspace(as_opal: Client, acme: Workspace) -> None:
    assert "Acme will be deleted in five days." in act(as_opal, "workspace", "close", acme)
    acme.refresh_from_db()
    assert acme.closing_at is not None
    act(as_opal, "workspace", "keep", acme)
    acme.refresh_from_db()
    assert acme.closing_at is None


def test_the_operator_gives_a_workspace_a_new_owner(as_opal: Client, acme: Workspace, bob: User) -> None:
    act(as_opal, "membership", "make_owner", Membership.objects.get(user=bob))
    assert bob.memberships.get().grants.get().role == "owner"
    assert acme.audit_events.get().actor == "opal@example.com"


def test_the_operator_helps_who_lost_the_phone(as_opal: Client, alice: User) -> None:
    with_authenticator(alice)
    assert "with the password alone" in act(as_opal, "user", "turn_off_second_factor", alice)
    assert not alice.authenticator_set.exists()  # type: ignore[attr-defined]
    assert mail.outbox[0].to == ["alice@example.com"]


def test_no_operator_locks_itself_out_or_turns_off_its_own_second_factor(as_opal: Client, opal: User) -> None:
    with_authenticator(opal)
    act(as_opal, "user", "turn_off_second_factor", opal)
    assert opal.authenticator_set.exists()  # type: ignore[attr-defined]
    as_opal.post(reverse("admin:workspace_user_change", args=[opal.pk]), {})
    opal.refresh_from_db()
    assert opal.is_active
    assert opal.is_superuser


def test_an_operator_makes_another(as_opal: Client, alice: User) -> None:
    form = {"is_active": "on", "is_superuser": "on"}
    as_opal.post(reverse("admin:workspace_user_change", args=[alice.pk]), form)
    alice.refresh_from_db()
    assert alice.is_staff


@pytest.mark.parametrize("path", ["sources/source/add/", "workspace/workspace/add/", "workspace/user/add/"])
def test_nothing_is_added_here(as_opal: Client, path: str) -> None:
    assert as_opal.get(f"/admin/{path}").status_code == 403


def furnish(acme: Workspace, alice: User) -> None:
    """One row of everything, with secrets where there may be any."""
    source = add_source(acme, name="Desk.com", credentials={"password": "hunter2"})
    sync = source.syncs.create(workspace=acme, status="success", counts={"cases": {"read": 1}})
    sync.notice("warning", "quarantined", "One <b>record</b> could not be stored.", collection="cases")
    sync.say("Began.")
    sync.save()
    lake = Warehouse.objects.create(
        workspace=acme, kind="postgres", slug="lake", settings={"password": "hunter2"}
    )
    flow = lake.connections.create(schema=source.schema)
    cases = source.collection("cases")
    flow.syncs.create(workspace=acme).results.create(collection=cases, rows=1)
    flow.comparisons.create(workspace=acme)
    source.quarantine.create(collection=cases, raw="hunter2", digest=source.pk, reason="No id.")
    channel = Channel(pk=7, workspace=acme, kind="webhook", label="hooks.example.com")
    channel.settings = {"url": "https://hooks.example.com/hunter2"}
    channel.save()
    record(acme, alice, "source.created", "desk-com", name="Desk.com")
