"""What tests of every side begin with: Alice owns the workspace acme, Bob is a member, Charlie is neither."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

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
def cases(acme: Workspace) -> Collection:
    """An empty Hub collection."""
    schema = Schema.objects.create(workspace=acme, name="desk_com")
    return Collection.objects.create(schema=schema, name="cases")


def entry(object_id: str, at: str | None = "2020-01-01T00:00:00Z", **body: Any) -> Entry:
    """An object as a connector would hand it over."""
    return prepare(object_id, datetime.fromisoformat(at) if at else None, {"id": object_id, **body})
