"""What tests of every side begin with: Alice owns the workspace acme, Bob is a member, Charlie is neither."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from workspace.confirming import signed_in_now
from workspace.hub.models import Collection, Schema
from workspace.hub.store import Entry, prepare
from workspace.models import Membership, RoleGrant, User, Workspace


@pytest.fixture
def alice(db: None) -> User:
    return User.objects.create_user("alice@example.com", "correct horse battery")


@pytest.fixture
def acme(alice: User) -> Workspace:
    workspace = Workspace.objects.create(name="Acme", slug="acme", plan="unlimited")
    membership = Membership.objects.create(user=alice, workspace=workspace)
    RoleGrant.objects.create(membership=membership, role=RoleGrant.Role.OWNER)
    return workspace


@pytest.fixture
def bob(acme: Workspace) -> User:
    user = User.objects.create_user("bob@example.com", "correct horse battery")
    Membership.objects.create(user=user, workspace=acme)
    return user


@pytest.fixture
def charlie(db: None) -> User:
    return User.objects.create_user("charlie@example.com", "correct horse battery")


@pytest.fixture
def as_alice(alice: User) -> Client:
    """A browser without JavaScript in which Alice is signed in."""
    return _signed_in(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    """Bob's; he is a member without any role until `grant` gives him one."""
    return _signed_in(bob)


@pytest.fixture
def as_charlie(charlie: User) -> Client:
    """Charlie's; he is a member of nothing."""
    return _signed_in(charlie)


@pytest.fixture
def cases(acme: Workspace) -> Collection:
    """An empty Hub collection."""
    schema = Schema.objects.create(workspace=acme, name="desk_com")
    return Collection.objects.create(schema=schema, name="cases")


def grant(user: User, workspace: Workspace, role: str, source_id: Any = None) -> None:
    """Give a member a role, for one source if it is named."""
    membership = Membership.objects.get(user=user, workspace=workspace)
    RoleGrant.objects.create(membership=membership, role=role, source_id=source_id)


def _signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    session = client.session
    session.update(signed_in_now(user))
    session.save()
    return client


def entry(object_id: str, at: str | None = "2020-01-01T00:00:00Z", **body: Any) -> Entry:
    """An object as a connector would hand it over."""
    return prepare(object_id, datetime.fromisoformat(at) if at else None, {"id": object_id, **body})
