"""What people come for, from the first click to the rows, with a live Desk, a worker and beat."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from psycopg2.sql import SQL, Identifier

from sources.sandbox.generator import generate
from sources.sandbox.server import PASSWORD, Sandbox
from workspace.tests.browser.installation import PATIENCE, Installation
from workspace.tests.browser.visitor import Visitor
from workspace.tests.path.servers import eventually

CASES = 120
OWNER, OWNER_PASSWORD = "alice@example.com", "correct horse battery"
DESK_LOGIN = "admin@example.com"
WAIT = PATIENCE * 1000

Open = Callable[..., Visitor]

pytestmark = pytest.mark.usefixtures("database")  # whoever is signed in already needs a session there


@pytest.fixture(scope="module")
def desk() -> Iterator[Sandbox]:
    """A live Desk."""
    sandbox = Sandbox(generate(CASES, 1)).start()
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def acme(site: Installation) -> str:
    """The slug of a workspace on the shared installation, owned by Alice."""
    site.manage(
        "bootstrap", "--workspace", "stories", "--owner", OWNER, "--password-stdin", stdin=OWNER_PASSWORD
    )
    return "stories"


@pytest.fixture(scope="module")
def synced(site: Installation, acme: str, desk: Sandbox) -> str:
    """The slug of a source that has been synced into a warehouse."""
    fields = site.warehouse_fields()
    options = ["--host", fields["Host"], "--port", fields["Port"], "--database", fields["Database"]]
    options += ["--user", fields["User"], "--tls", "disable", "--password-stdin"]
    site.manage(
        "add_warehouse", "postgres", "--workspace", acme, "--name", "Lake", *options, stdin=fields["Password"]
    )
    login = ["--subdomain", desk.url, "--email", DESK_LOGIN, "--password-stdin", "--warehouse", "lake"]
    name = ["--name", "Help desk", "--schema", "help_desk"]
    site.manage("add_source", "desk", "--workspace", acme, *name, *login, stdin=PASSWORD)
    site.manage("shell", "-c", _FOLLOW)
    eventually("the first rows", lambda: rows(site, "help_desk") == CASES, PATIENCE)
    return "help-desk"


def rows(site: Installation, schema: str, table: str = "cases") -> int:
    """Rows of a table, 0 as long as it is not there."""
    found = site.ask("SELECT to_regclass(%s) AS there", f"{schema}.{table}")
    if found[0]["there"] is None:
        return 0
    count = SQL("SELECT count(*) AS n FROM {}.{}").format(Identifier(schema), Identifier(table))
    return int(site.ask(count)[0]["n"])


def mutate(desk: Sandbox, **mutation: Any) -> Any:
    """Change something at the vendor."""
    body = json.dumps(mutation).encode()
    request = urllib.request.Request(f"{desk.url}/_sandbox/mutate", body, method="POST")
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def connect(visitor: Visitor, desk: Sandbox, password: str = PASSWORD) -> None:
    visitor.fill(Subdomain=desk.url, Email=DESK_LOGIN, Password=password)
    visitor.press("Connect")


def test_from_an_empty_installation_to_rows_in_a_warehouse(
    new_site: Installation, visitor: Open, desk: Sandbox
) -> None:
    alice = visitor(new_site)
    page = alice.page
    alice.go("/")
    alice.fill(Name="Alice", Email=OWNER, Password=OWNER_PASSWORD, Workspace="Acme")
    alice.press("Create and continue")
    page.get_by_text("No source yet.").wait_for()

    alice.press("Add warehouse")
    page.get_by_role("link", name="Postgres").click()
    alice.press("Add warehouse")
    page.get_by_label("TLS").select_option("disable")
    alice.fill(Name="Lake", **{**new_site.warehouse_fields(), "User": "nobody_here"})
    alice.press("Test connection")
    page.get_by_text("The connection does not work yet.").wait_for()
    alice.fill(User=new_site.warehouse_fields()["User"])
    alice.press("Test connection")
    page.get_by_text("The connection works.").wait_for()
    alice.press("Save")
    page.get_by_text("Lake is connected.").wait_for()

    page.get_by_label("Workspace", exact=True).get_by_role("link", name="Sources").click()
    page.get_by_role("button", name="Add source").or_(
        page.get_by_role("link", name="Add source")
    ).first.click()
    page.get_by_role("link", name="Desk.com").click()
    alice.press("Add source")
    alice.fill(Name="Desk EMEA")
    page.get_by_text("desk_emea").wait_for()
    expect(page.get_by_label("Lake")).to_be_checked()
    alice.press("Create and continue")
    connect(alice, desk, "wrong password")
    page.get_by_text("Connection failed.").wait_for()
    alice.fill(Subdomain="http://127.0.0.1:9", Password=PASSWORD)
    alice.press("Connect")
    page.get_by_text("Connection failed.").wait_for()
    connect(alice, desk)
    page.get_by_text(f"{CASES} objects").wait_for()
    alice.press("Finish")

    page.get_by_text("is connected.").wait_for()
    page.locator("#first-sync .state-success").first.wait_for(timeout=WAIT)
    eventually("rows", lambda: rows(new_site, "desk_emea") == CASES, PATIENCE)
    alice.go("/acme/overview")
    page.get_by_role("link", name="Desk EMEA → Lake").first.wait_for()


def test_a_priority_that_changes_is_seen_after_the_next_sync(
    site: Installation, visitor: Open, acme: str, synced: str, desk: Sandbox
) -> None:
    changed = mutate(desk, action="update", collection="cases", count=1, seed=3, set={"priority": 9})
    case = changed["ids"][0]
    alice = visitor(site, OWNER)
    alice.go(f"/{acme}/sources/{synced}/overview")
    alice.press("Sync now")
    alice.page.get_by_text("The sync has been queued.").wait_for()
    query = SQL("SELECT priority FROM help_desk.cases WHERE id = %s")
    eventually("the new priority", lambda: site.ask(query, str(case))[0]["priority"] == 9, PATIENCE)
    alice.go(f"/{acme}/sources/{synced}/collections/cases/objects/{case}")
    row = alice.page.locator(
        "#columns tr", has=alice.page.get_by_role("rowheader", name="priority", exact=True)
    )
    expect(row).to_contain_text("9")


def test_a_property_turned_off_and_on_again_is_filled(
    site: Installation, visitor: Open, acme: str, synced: str, desk: Sandbox
) -> None:
    alice = visitor(site, OWNER)
    page, settings = alice.page, f"/{acme}/warehouses/lake/settings/selective-sync"

    def tick(on: bool) -> None:
        alice.go(settings)
        page.get_by_text("properties of brands").click()
        page.get_by_role("checkbox", name="name text", exact=True).first.set_checked(on)
        alice.press("Save")
        page.get_by_text("Saved.").wait_for()

    tick(False)
    mutate(desk, action="update", collection="brands", count=2, seed=1, set={"name": "Renamed"})
    alice.go(f"/{acme}/sources/{synced}/overview")
    alice.press("Sync now")
    named = "SELECT count(*) AS n FROM help_desk.brands WHERE name = 'Renamed'"
    loaded = "SELECT count(*) AS n FROM help_desk.brands WHERE _version > %s"
    mark = site.ask("SELECT max(_version) AS v FROM help_desk.brands")[0]["v"]
    eventually("the flush without names", lambda: site.ask(loaded, mark)[0]["n"] > 0, PATIENCE)
    assert site.ask(named)[0]["n"] == 0
    tick(True)
    alice.go(f"/{acme}/warehouses/lake/overview")
    alice.press("Sync now")
    eventually("the names", lambda: site.ask(named)[0]["n"] == 2, PATIENCE)


def test_a_sync_is_watched_and_cancelled(site: Installation, visitor: Open, acme: str, synced: str) -> None:
    slow = Sandbox(generate(3000, 2), rate_limit=20).start()
    try:
        alice = visitor(site, OWNER)
        page = alice.page
        alice.go(f"/{acme}/sources/setup/desk")
        alice.fill(Name="Slow desk")
        alice.press("Create and continue")
        connect(alice, slow)
        alice.press("Finish")
        page.get_by_text("is connected.").wait_for()
        alice.go(f"/{acme}/sources/slow-desk/overview")
        page.locator(".state-running, .state-rate_limited").first.wait_for(timeout=WAIT)
        alice.press("Cancel sync")
        page.locator(".state-cancelled").first.wait_for(timeout=WAIT)
    finally:
        slow.stop()


def test_the_wizard_by_keyboard_alone(site: Installation, visitor: Open, acme: str, desk: Sandbox) -> None:
    alice = visitor(site, OWNER)
    page, keys = alice.page, alice.page.keyboard
    alice.go(f"/{acme}/sources/catalog/desk")

    def walk_to(role: Any, name: str) -> None:
        """Tab on until this control has the focus."""
        wanted = page.get_by_role(role, name=name, exact=True)
        for _ in range(60):
            if wanted.count() and wanted.first.evaluate("element => element === document.activeElement"):
                return
            keys.press("Tab")
        raise AssertionError(f"{name} is not reached by Tab.")

    walk_to("link", "Add source")
    keys.press("Enter")
    page.get_by_role("heading", name="Choose a name").wait_for()
    walk_to("textbox", "Name")
    keys.press("Control+A")
    keys.type("Keyboard desk")
    keys.press("Enter")
    page.get_by_role("heading", name="Connect").wait_for()
    for label, text in (("Subdomain", desk.url), ("Email", DESK_LOGIN), ("Password", PASSWORD)):
        walk_to("textbox", label)
        keys.type(text)
    walk_to("button", "Connect")
    keys.press("Enter")
    page.get_by_role("heading", name="Preview").wait_for()
    walk_to("button", "Finish")
    keys.press("Enter")
    page.get_by_text("Keyboard desk is connected.").wait_for()


def test_without_javascript_a_source_and_a_warehouse_are_added(
    site: Installation, visitor: Open, acme: str, desk: Sandbox
) -> None:
    alice = visitor(site, OWNER, java_script_enabled=False)
    page = alice.page
    alice.go(f"/{acme}/warehouses/add/postgres")
    page.get_by_label("TLS").select_option("disable")
    alice.fill(Name="Plain lake", **site.warehouse_fields())
    alice.press("Save")
    page.get_by_text("Plain lake is connected.").wait_for()
    alice.go(f"/{acme}/sources/setup/desk")
    alice.fill(Name="Plain desk")
    alice.press("Create and continue")
    connect(alice, desk)
    alice.press("Finish")
    page.get_by_text("Plain desk is connected.").wait_for()


def test_a_double_click_and_the_back_button_make_one_source(
    site: Installation, visitor: Open, acme: str, desk: Sandbox
) -> None:
    alice = visitor(site, OWNER)
    page = alice.page
    alice.go(f"/{acme}/sources/setup/desk")
    alice.fill(Name="Once desk")
    page.get_by_role("button", name="Create and continue").dblclick()
    page.get_by_role("heading", name="Connect").wait_for()
    page.go_back()
    page.get_by_role("button", name="Create and continue").click()
    page.get_by_role("heading", name="Connect").wait_for()
    alice.go(f"/{acme}/sources/?q=Once")
    expect(page.get_by_role("row", name="Once desk")).to_have_count(1)


def test_a_viewer_sees_greyed_controls_and_a_stranger_nothing(
    site: Installation, visitor: Open, acme: str, synced: str
) -> None:
    site.manage("shell", "-c", _ADD_PEOPLE.format(slug=acme))
    bob = visitor(site, "bob@example.com")
    bob.go(f"/{acme}/sources/{synced}/overview")
    expect(bob.page.get_by_role("button", name="Sync now")).to_be_disabled()
    bob.page.get_by_text(f"Ask {OWNER}.").first.wait_for()
    charlie = visitor(site, "charlie@example.com")
    assert charlie.go(f"/{acme}/sources/{synced}/overview").status == 404


_FOLLOW = """
from warehouses.models import Warehouse
Warehouse.objects.update(schedule={"after_sync": True}, next_sync_at=None)
"""
_ADD_PEOPLE = """
from workspace.models import Membership, RoleGrant, User, Workspace
workspace = Workspace.objects.get(slug="{slug}")
bob = User.objects.create_user("bob@example.com", "correct horse battery")
User.objects.create_user("charlie@example.com", "correct horse battery")
membership = Membership.objects.create(user=bob, workspace=workspace)
RoleGrant.objects.create(membership=membership, role="source_viewer")
"""
