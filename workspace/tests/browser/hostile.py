"""Texts that would rather be scripts, and a workspace in which every text that others supply is one."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from sources.models import Quarantined, SourceSync
from warehouses.models import CollectionResult, Column, Comparison, Connection, WarehouseSync
from workspace import audit
from workspace.alerts.models import Channel, Delivery
from workspace.alerts.raising import open_alert
from workspace.hub.models import Collection
from workspace.hub.store import upsert
from workspace.models import Invitation, Membership, RoleGrant, User, Workspace
from workspace.tests.fixtures import entry
from workspace.tests.overview.conftest import add_run, add_source, add_warehouse

OWNER = "hostile@example.com"

BEFORE = ("", '">', "'>", "</script>", "</textarea>", "</title>", "</style>", "-->", "</pre>", "]]>")
"""What ends the text, attribute or element that the payload may stand in."""

SCRIPTS = (
    "<script>alert({n})</script>",
    "<img src=x onerror=alert({n})>",
    "<svg onload=alert({n})>",
    "<svg><script>alert({n})</script>",
    "<details open ontoggle=alert({n})>",
    "<input autofocus onfocus=alert({n})>",
    "<iframe srcdoc='<script>parent.alert({n})</script>'>",
    "<video><source onerror=alert({n})>",
    "<img src onerror=alert({n}) x='",
    "<i hx-on:load=alert({n}) hx-get=/ hx-trigger=load>",
)

OTHERS = (
    "\" autofocus onfocus='alert({n})' x=\"",
    "' onmouseover=alert({n}) x='",
    "javascript:alert({n})",
    "java\tscript:alert({n})",
    "data:text/html,<script>alert({n})</script>",
    "{{{{constructor.constructor('alert({n})')()}}}}",
    "&lt;script&gt;alert({n})&lt;/script&gt;",
    "\\u003cscript\\u003ealert({n})\\u003c/script\\u003e",
    "%3Cscript%3Ealert({n})%3C/script%3E",
    "\u202e<script>alert({n})</script>",
)


def payloads() -> list[str]:
    """All of them, each with a number of its own."""
    forms = [before + script for before in BEFORE for script in SCRIPTS] + list(OTHERS)
    return [form.format(n=n) for n, form in enumerate(forms)]


PLACES = (
    "workspace", "person", "member", "account", "warehouse", "column", "reason", "object id", "quarantined",
    "raw record", "notice", "action", "run log", "sync notice", "sync log", "alert", "alert text", "channel",
    "delivery", "invitation", "actor", "target", "detail", "collection",
)  # fmt: skip
"""Texts that others supply, beside the names, subjects and custom fields that hold a payload of every form."""


def first_number() -> int:
    """The numbers of the places come behind those of the payloads."""
    return len(payloads())


def at(place: str) -> str:
    """The payload of this place: it would end an attribute or not, and take any handler."""
    return f'"><img src=x onerror=alert({first_number() + PLACES.index(place)})>'


def hostile_workspace() -> Workspace:
    """A workspace of people and vendors who mean harm; needs a database."""
    workspace = Workspace.objects.create(name=at("workspace"), slug="hostile", plan="unlimited")
    owner = User.objects.create_user(OWNER, name=at("person"))
    _join(workspace, owner, RoleGrant.Role.OWNER)
    _join(workspace, User.objects.create_user("bad@example.com", name=at("member")))
    warehouse = add_warehouse(workspace, "lake", name=at("warehouse"))
    source = add_source(workspace, "desk", name="Desk", account=at("account"))
    _fill(Collection.objects.get(schema=source.schema))
    for number, payload in enumerate(payloads()):
        add_source(workspace, f"desk-{number}", name=payload)
    link = Connection.objects.create(warehouse=warehouse, schema=source.schema)
    _add_runs(source, link)
    _add_alerts(workspace, owner)
    return workspace


def _join(workspace: Workspace, user: User, *roles: str) -> None:
    membership = Membership.objects.create(user=user, workspace=workspace)
    for role in roles:
        RoleGrant.objects.create(membership=membership, role=role)


def _fill(cases: Collection) -> None:
    """A record with every payload as label, as name and as value of a custom field; one with a hostile id."""
    words = payloads()
    record: dict[str, Any] = {
        "subject": words[0],
        "labels": words,
        "custom_fields": {word: word for word in words},
    }
    upsert(cases, [entry("1", **record)])
    upsert(cases, [entry(at("object id"), subject=words[1])])


def _add_runs(source: Any, link: Connection) -> None:
    cases = Collection.objects.get(schema=source.schema)
    moment = timezone.now().isoformat()
    run: SourceSync = add_run(source, "failed", counts={"cases": {"read": 1}})
    for payload in payloads():
        run.notice("error", payload[:40], payload, collection="cases", action=payload)
    run.notice("error", "vendor", at("notice"), collection=at("collection"), action=at("action"))
    run.log = [[moment, at("run log")]]
    run.save()
    digest = uuid.uuid4()
    Quarantined.objects.create(
        source=source,
        collection=cases,
        run=run,
        raw=at("raw record"),
        digest=digest,
        reason=at("quarantined"),
    )
    sync: WarehouseSync = add_run(link, "failed", log=[[moment, at("sync log")]])
    sync.notice("error", "database", at("sync notice"), collection="cases", action=at("action"))
    sync.save()
    CollectionResult.objects.create(sync=sync, collection=cases, rows=1)
    Column.objects.create(
        connection=link, collection=cases, name=at("column"), type="text", reason=at("reason")
    )
    finding = {"notices": sync.notices, "status": "success", "finished_at": timezone.now()}
    Comparison.objects.create(workspace=source.workspace, connection=link, **finding)


def _add_alerts(workspace: Workspace, owner: User) -> None:
    channel = Channel.objects.create(workspace=workspace, kind="slack", label=at("channel"))
    alert = open_alert(workspace, "test", at("alert"), at("alert text"), "/hostile/overview")
    Delivery.objects.filter(channel=channel).update(error=at("delivery"), next_try_at=None)
    assert alert is not None
    expires = timezone.now() + timedelta(days=7)
    Invitation.objects.create(
        workspace=workspace, email=at("invitation"), token_hash="hash", expires_at=expires, invited_by=owner
    )
    audit.record(workspace, at("actor"), "source.changed", at("target"), before={at("detail"): at("detail")})
