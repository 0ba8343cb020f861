"""A client of a server whose answers are made to order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from sources.connectors.desk import Desk
from sources.connectors.desk.client import DeskClient
from sources.tests.connectors.made import WatchedTraffic


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    """The address itself: the name localhost may mean another one."""
    return "127.0.0.1", 0


@pytest.fixture
def traffic() -> WatchedTraffic:
    """A run that waits for nothing and may speak to this machine."""
    return WatchedTraffic()


@pytest.fixture
def client(httpserver: HTTPServer, traffic: WatchedTraffic) -> Iterator[DeskClient]:
    """A client of the server made to order."""
    settings = {
        "base_url": httpserver.url_for("").rstrip("/"),
        "email": "a@example.com",
        "password": "secret",
    }
    with Desk().open(settings, traffic) as client:
        yield client
