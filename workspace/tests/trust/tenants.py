"""Two workspaces alike, and every address of the site map with what it would hold in each of them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from sources.models import Source
from warehouses.models import Connection, Warehouse
from workspace.alerts.models import Channel
from workspace.hub.models import Collection
from workspace.hub.store import upsert
from workspace.models import Invitation, Membership, RoleGrant, User, Workspace
from workspace.tests.fixtures import entry
from workspace.tests.overview.conftest import add_run, add_source, add_warehouse

Values = dict[str, Any]

MISSING: Values = {
    "slug": "missing",
    "source_slug": "missing",
    "run_id": uuid.UUID(int=7),
    "object_id": "999999",
    "channel_id": 999_999,
    "member_id": 999_999,
    "invitation_id": 999_999,
}
"""What is nobody's. Other arguments name kinds of things and parts of pages, which all workspaces have in common."""


LONG = 900_000
"""Where keys begin, so that none is a number that stands on a page for something else."""


@dataclass(frozen=True)
class Address:
    """A name in the site map, and the arguments it takes."""

    name: str
    arguments: frozenset[str]

    @property
    def of_tenant(self) -> bool:
        """Whether it lies within a workspace."""
        return "workspace_slug" in self.arguments

    def within(self, values: Values) -> str:
        """The path; raises KeyError for an argument that nobody gave a value."""
        return reverse(self.name, kwargs={name: values[name] for name in self.arguments})


class Tenant:
    """A workspace with one of everything."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        slug = workspace.slug
        self.source: Source = add_source(workspace, f"{slug}-desk")
        self.other: Source = add_source(workspace, f"{slug}-other")
        self.warehouse: Warehouse = add_warehouse(workspace, f"{slug}-lake")
        self.connection = Connection.objects.create(warehouse=self.warehouse, schema=self.source.schema)
        self.cases = Collection.objects.get(schema=self.source.schema)
        upsert(self.cases, [entry(f"{slug}-1", subject="A secret subject")])
        self.run = add_run(self.source)
        self.sync = add_run(self.connection)
        number = LONG + workspace.pk
        self.channel = Channel.objects.create(
            pk=number, workspace=workspace, kind="email", label="ops@example.com"
        )
        guest = User.objects.create_user(f"guest@{slug}.example")
        self.member = Membership.objects.create(pk=number, user=guest, workspace=workspace)
        self.invitation = self._invite(number, f"invited@{slug}.example")

    def _invite(self, number: int, email: str) -> Invitation:
        expires = self.workspace.created_at.replace(year=2999)
        token = f"{self.workspace.pk:064}"
        return Invitation.objects.create(
            pk=number, workspace=self.workspace, email=email, token_hash=token, expires_at=expires
        )

    def values(self, address: Address) -> Values:
        """What the arguments of an address are here."""
        right = address.name.startswith("warehouses:")
        return {
            **SAMPLES,
            "workspace_slug": self.workspace.slug,
            "kind": "postgres" if right else "desk",
            "slug": (self.warehouse if right else self.source).slug,
            "source_slug": self.source.slug,
            "run_id": (self.sync if right else self.run).pk,
            "object_id": f"{self.workspace.slug}-1",
            "channel_id": self.channel.pk,
            "member_id": self.member.pk,
            "invitation_id": self.invitation.pk,
            "part": PARTS[address.name.split(":")[0]],
        }


SAMPLES: Values = {"collection": "cases", "step": "finish", "way": "enable"}
PARTS = {"sources": "connection", "warehouses": "connection", "workspace": "access"}


def person(email: str, workspace: Workspace | None = None, *roles: str, source: Any = None) -> Client:
    """Somebody who is signed in, a member with these roles if a workspace is named."""
    user = User.objects.create_user(email)
    if workspace is not None:
        membership = Membership.objects.create(user=user, workspace=workspace)
        for role in roles:
            RoleGrant.objects.create(membership=membership, role=role, source_id=source)
    client = Client()
    client.force_login(user)
    return client


def addresses(
    resolver: URLResolver | None = None, namespace: str = "", outer: frozenset[str] = frozenset()
) -> Iterator[Address]:
    """All of the site map but the operator's pages, which are Django's own."""
    for pattern in (resolver or get_resolver()).url_patterns:
        arguments = outer | frozenset(pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLPattern):
            given = frozenset(pattern.default_args or {})
            yield Address(f"{namespace}{pattern.name}", arguments - given)
        elif pattern.app_name != "admin":
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern, inner, arguments)


def state() -> dict[str, str]:
    """What is stored in each table, but sessions, as a checksum."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name != "django_session"]
        rows = " UNION ALL ".join(
            f"SELECT '{name}', md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{name}\" t"
            for name in sorted(tables)
        )
        cursor.execute(rows)
        return dict(cursor.fetchall())


def told(answer: Any, *own: object) -> tuple[int, str, str]:
    """What an answer tells a stranger: status, where it leads, and the page without what differs in each request."""
    page = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text, location = page.decode(), answer.headers.get("Location", "")
    for word in sorted(map(str, own), key=len, reverse=True):
        alone = re.compile(rf"(?<![\w.]){re.escape(word)}(?![\w.])")
        text, location = alone.sub("…", text), alone.sub("…", location)
    text = re.sub(r'(csrfmiddlewaretoken" value=|X-CSRFToken": )"\w+"', "", text)
    return answer.status_code, location, text
