"""A client of a server whose answers are made to order, and sites by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from sources.connectors.desk import Desk
from sources.connectors.desk.client import DeskClient
from sources.tests.connectors.made import WatchedTraffic
from sources.tests.connectors.sites import Site, site_of


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


MakeSite = Callable[..., Site]
"""make_site(cases=[thing("cases", 1), …], users=[…]): a running site."""


@pytest.fixture
def make_site() -> Iterator[MakeSite]:
    """Sites by hand, stopped at the end of the test."""
    with ExitStack() as stack:

        def make(**collections: Iterable[dict[str, Any]]) -> Site:
            items = ((name, entry) for name, entries in collections.items() for entry in entries)
            site = site_of(items)
            stack.callback(site.sandbox.stop)
            return site

        yield make
