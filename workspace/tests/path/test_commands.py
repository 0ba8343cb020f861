"""The product from the command line: the way of the README, and one clear sentence for what is wrong."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from sources.models import Source
from sources.sandbox.generator import generate
from sources.sandbox.server import PASSWORD, Sandbox
from warehouses.models import Warehouse
from workspace.launcher.exported import warehouse_fields
from workspace.models import AuditEvent, Workspace

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def desk() -> Iterator[Sandbox]:
    with Sandbox(generate(20, 1)) as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def loopback_is_allowed(settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({"127.0.0.1"})


def say(secret: str, monkeypatch: pytest.MonkeyPatch, *command: str, **options: Any) -> str:
    """Run a command with a secret on standard input; what it printed."""
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{secret}\n"))
    call_command(*command, stdout=out, **options)
    return out.getvalue().strip()


def add_source(monkeypatch: pytest.MonkeyPatch, desk: Sandbox, password: str = PASSWORD, *more: str) -> str:
    login = ("--subdomain", desk.url, "--email", "admin@example.com", "--password-stdin")
    return say(
        password,
        monkeypatch,
        "add_source",
        "desk",
        "--workspace",
        "acme",
        "--name",
        "Desk.com",
        *login,
        *more,
    )


def test_bootstrap_makes_the_first_owner_and_workspace(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    say(
        "correct horse battery",
        monkeypatch,
        "bootstrap",
        "--workspace",
        "acme",
        "--owner",
        "a@b.co",
        "--password-stdin",
    )
    membership = Workspace.objects.get(slug="acme").memberships.get()
    assert membership.user.check_password("correct horse battery")
    assert [grant.role for grant in membership.grants.all()] == ["owner"]


@pytest.mark.parametrize(
    ("slug", "owner", "password"),
    [("acme", "a@b.co", "short"), ("acme", "nobody", "correct horse"), ("A b", "a@b.co", "x")],
)
def test_bootstrap_refuses_what_cannot_be(
    monkeypatch: pytest.MonkeyPatch, slug: str, owner: str, password: str
) -> None:
    with pytest.raises(CommandError):
        say(password, monkeypatch, "bootstrap", "--workspace", slug, "--owner", owner, "--password-stdin")
    assert not Workspace.objects.exists()


def test_a_source_is_added_checked_and_its_first_sync_queued(
    acme: Workspace, desk: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert add_source(monkeypatch, desk) == "desk-com"
    source = Source.objects.get()
    assert (source.status, source.schema.name) == ("enabled", "desk_com")
    assert source.syncs.get().trigger == "setup"


def test_a_wrong_password_is_named_and_nothing_is_saved(
    acme: Workspace, desk: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match=r"(?i)password"):
        add_source(monkeypatch, desk, "wrong")
    assert not Source.objects.exists()
    assert not acme.schemas.exists()


def test_a_source_is_not_offered_outside_its_regions(
    acme: Workspace, desk: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    Workspace.objects.update(region="eu")
    with pytest.raises(CommandError, match="European Union"):
        add_source(monkeypatch, desk)


def test_a_schema_name_is_used_once(acme: Workspace, desk: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    add_source(monkeypatch, desk)
    with pytest.raises(CommandError, match="desk_com"):
        add_source(monkeypatch, desk, PASSWORD, "--schema", "desk_com")
    assert add_source(monkeypatch, desk) == "desk-com-2"
    assert set(Source.objects.values_list("schema__name", flat=True)) == {"desk_com", "desk_com_2"}


def test_a_sync_in_the_foreground_prints_the_run_as_json(
    acme: Workspace, desk: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_source(monkeypatch, desk)
    out = io.StringIO()
    call_command("sync_source", "acme/desk-com", "--json", stdout=out)
    run = json.loads(out.getvalue())
    assert (run["status"], run["collections"]["cases"]["new"]) == ("success", 20)
    assert list(run["collections"]) == [
        "brands",
        "users",
        "companies",
        "customers",
        "articles",
        "cases",
        "feedbacks",
    ]


def test_a_failed_sync_exits_with_1(acme: Workspace, desk: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    add_source(monkeypatch, desk)
    Source.objects.update(credentials=None)
    with pytest.raises(SystemExit) as exit_:
        call_command("sync_source", "acme/desk-com", stdout=io.StringIO())
    assert exit_.value.code == 1


@pytest.mark.parametrize("path", ["acme", "acme/", "nowhere/desk-com", "acme/desk-com"])
def test_an_unknown_source_is_one_sentence(acme: Workspace, path: str) -> None:
    with pytest.raises(CommandError, match=r"\w.*[.]$"):
        call_command("sync_source", path)


def add_warehouse(monkeypatch: pytest.MonkeyPatch, **changed: str) -> str:
    given = warehouse_fields(os.environ["WAREHOUSE_URL"])
    password = given.pop("password")
    flags = [part for name, value in (given | changed).items() for part in (f"--{name}", str(value))]
    command = ("add_warehouse", "postgres", "--workspace", "acme", "--name", "W", "--password-stdin", *flags)
    return say(password, monkeypatch, *command)


def test_a_warehouse_is_added_after_a_test(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert add_warehouse(monkeypatch) == "w"
    assert Warehouse.objects.get().next_sync_at is not None


def test_a_warehouse_keeps_the_settings_that_a_command_does_not_name(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_warehouse(monkeypatch)
    before = Warehouse.objects.get().settings
    say(before["password"] or "trusted", monkeypatch, "connect_warehouse", "acme/w", "--password-stdin")
    assert Warehouse.objects.get().settings == before
    assert before["tls"] == "disable"


def test_an_unknown_database_is_named_and_nothing_is_saved(
    acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="no_such_database"):
        add_warehouse(monkeypatch, database="no_such_database")
    assert not Warehouse.objects.exists()


def test_the_free_plan_has_one_warehouse(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    Workspace.objects.update(plan="free")
    add_warehouse(monkeypatch)
    with pytest.raises(CommandError, match="1 warehouse"):
        add_warehouse(monkeypatch)


def test_no_secret_is_stored_in_plain(
    acme: Workspace, desk: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_source(monkeypatch, desk)
    token = bytes(Source.objects.get().__dict__["credentials"])
    assert PASSWORD.encode() not in token
    assert Source.objects.get().credentials["password"] == PASSWORD


def test_what_is_added_and_connected_is_in_the_audit_trail_without_secrets(
    acme: Workspace, desk: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_warehouse(monkeypatch)
    add_source(monkeypatch, desk, PASSWORD, "--warehouse", "w")
    login = ("--subdomain", desk.url, "--email", "admin@example.com", "--password-stdin")
    say(PASSWORD, monkeypatch, "connect_source", "acme/desk-com", *login)
    Source.objects.get().collection("cases")
    call_command("approve_deletions", "acme/desk-com", stdout=io.StringIO())  # of it nothing is held
    events = AuditEvent.objects.filter(actor="command line").order_by("number")
    assert [event.action for event in events] == [
        "warehouse.created", "source.created", "source.connected", "source.connected",
    ]  # fmt: skip
    assert events[1].details["warehouses"] == ["w"]
    assert PASSWORD not in str([event.details for event in events])
