"""A source of a vendor made to order."""

from __future__ import annotations

import pytest

from sources.connectors import CONNECTORS
from sources.models import Source
from sources.tests.engine.feed import Feed
from workspace.hub.models import Schema
from workspace.models import Workspace


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Feed:
    """The vendor, in the catalog."""
    feed = Feed()
    monkeypatch.setitem(CONNECTORS, Feed.kind, feed)
    return feed


@pytest.fixture
def source(acme: Workspace, feed: Feed) -> Source:
    """A source that reads the feed."""
    schema = Schema.objects.create(workspace=acme, name="feed")
    fields = {
        "kind": Feed.kind,
        "name": "Feed",
        "slug": "feed",
        "status": "enabled",
        "credentials": {"a": "b"},
    }
    return Source.objects.create(workspace=acme, schema=schema, **fields)
