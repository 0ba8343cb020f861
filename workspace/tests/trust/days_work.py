"""What an installation does in a day, in one process and by whatever DATABASE_URL lets it: pages, syncs, upkeep."""

from __future__ import annotations

import os
import uuid
from datetime import timedelta
from typing import Any

import django
from django.test import Client
from django.test.utils import override_settings

PLAIN = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
EMAIL, PASSWORD = "alice@example.com", "correct horse battery"


def work() -> None:
    """From the first account to a workspace that is gone; whatever fails ends it with a traceback."""
    from workspace.founding import found_installation

    browser = Client(HTTP_HOST="127.0.0.1")
    form = {"login": EMAIL, "password": PASSWORD}
    found_installation(EMAIL, PASSWORD, "Alice", name="Acme", region="us", time_zone="UTC")
    assert browser.post("/accounts/login/", form).status_code == 302
    path = lay_path()
    try:
        keep_up()
        fill_and_compare(path)
        look_and_change(browser)
    finally:
        path.desk.stop()
        path.ask(f'DROP SCHEMA IF EXISTS "{path.schema}" CASCADE')
    give_up(browser)


def lay_path() -> Any:
    """A sandbox, a source that reads it and a warehouse."""
    from sources.sandbox.generator import generate
    from sources.sandbox.server import PASSWORD as OPEN
    from sources.sandbox.server import Sandbox
    from sources.setup import connect_source, draft_source
    from workspace.models import Workspace
    from workspace.tests.path.conftest import add_test_warehouse
    from workspace.tests.path.stretch import Stretch

    acme, desk = Workspace.objects.get(), Sandbox(generate(20, 1)).start()
    warehouse, name = add_test_warehouse(acme), f"desk_{uuid.uuid4().hex[:12]}"
    source = draft_source(acme, "desk", "Desk.com", schema_name=name, warehouses=[warehouse])
    connect_source(source, {"subdomain": desk.url, "email": "admin@example.com", "password": OPEN})
    return Stretch(desk, source, warehouse.connections.get())


def fill_and_compare(path: Any) -> None:
    """Everything once, what was deleted at the vendor, and every row against the Hub."""
    from warehouses.compare import compare
    from workspace.runs import Run

    path.control("mutate", {"action": "update", "collection": "cases", "count": 3, "seed": 1})
    path.control("mutate", {"action": "delete", "collection": "articles", "count": 1, "seed": 3})
    assert path.sync(full=True).status == Run.Status.SUCCESS
    assert path.flush().status == Run.Status.SUCCESS
    path.assert_warehouse_equals_hub()
    assert compare(path.connection, repair=True).status == Run.Status.SUCCESS


def look_and_change(browser: Client) -> None:
    """Pages of every side, and a change that goes on record."""
    for page in ("overview", "sources/", "warehouses/", "health", "settings", "sources/desk-com/overview"):
        answer = browser.get(f"/acme/{page}", follow=True)
        assert answer.status_code == 200, page
    assert browser.post("/profile", {"name": "Alice A.", "time_zone": "UTC"}).status_code == 302


def keep_up() -> None:
    """What beat asks for, and what operators do."""
    from django.core.management import call_command

    from sources.tasks import tick as sources_tick
    from warehouses.tasks import tick as warehouses_tick
    from workspace.alerts.tasks import watch
    from workspace.checks import database_role_is_humble
    from workspace.tasks import delete_due, look_for_restore

    for task in (sources_tick, warehouses_tick, watch, look_for_restore, delete_due):
        task()
    assert database_role_is_humble(None, databases=["default"]) == []
    for command in ("rotate_keys", "verify_secrets", "verify_audit", "after_restore", "clearsessions"):
        call_command(command)


def give_up(browser: Client) -> None:
    """The workspace goes, with all it had."""
    from django.utils import timezone

    from workspace.closing import close, delete_due
    from workspace.models import User, Workspace

    close(Workspace.objects.get(), User.objects.get())
    Workspace.objects.update(closing_at=timezone.now() - timedelta(days=1))
    delete_due()
    assert not Workspace.objects.exists()
    assert browser.post("/accounts/logout/").status_code == 302


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workspace.settings")
    django.setup()
    with override_settings(STORAGES=PLAIN):
        work()
