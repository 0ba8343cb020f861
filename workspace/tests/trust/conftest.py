"""An installation with a secret in every place where there can be one."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from pytest_django.fixtures import Settings

from sources.models import Source
from warehouses.models import Warehouse
from workspace.alerts.models import Channel
from workspace.models import User, Workspace
from workspace.tests.overview.conftest import add_source, add_warehouse
from workspace.tests.people.conftest import with_authenticator


@pytest.fixture
def desk(acme: Workspace) -> Source:
    """Desk.com with credentials."""
    source = add_source(acme, name="Desk.com")
    source.credentials = {"password": "geheim-desk"}
    source.save()
    return source


@pytest.fixture
def warehouse(acme: Workspace) -> Warehouse:
    """A warehouse with a password."""
    warehouse: Warehouse = add_warehouse(acme)
    warehouse.settings = {"password": "geheim-warehouse"}
    warehouse.save()
    return warehouse


@pytest.fixture
def channel(acme: Workspace) -> Channel:
    """A webhook with the secret that signs."""
    made = Channel.objects.create(workspace=acme, kind="webhook", label="there")
    made.settings = {"url": "https://hooks.example.com/x", "secret": "geheim-webhook"}
    made.save()
    return made


@pytest.fixture
def authenticator(alice: User) -> Authenticator:
    """Alice's second factor."""
    return with_authenticator(alice)


@pytest.fixture
def sealed(desk: Source, warehouse: Warehouse, channel: Channel, authenticator: Authenticator) -> list[Any]:
    """All of them."""
    return [desk, warehouse, channel, authenticator]


@pytest.fixture
def new_key(sealed: list[Any], settings: Settings) -> str:
    """A key that was put in front of the one that has sealed everything."""
    key = Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = [key, *settings.CREDENTIAL_KEYS]
    return key
