"""Setting a source up while others change it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import transaction

from sources import setup
from sources.connectors.base import Account, Traffic
from sources.models import Source
from sources.setup import connect_source, start_source
from sources.tests.engine.feed import Feed

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_others_changed_while_credentials_were_checked_stays(
    feed: Feed, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(settings: Mapping[str, Any], traffic: Traffic) -> Account:
        Source.objects.update(status="disabled", name="Renamed", collections_off=["things"])
        return Account("feed")

    monkeypatch.setattr(feed, "check", check)
    connect_source(source, {})
    source.refresh_from_db()
    assert (source.status, source.name, source.collections_off) == ("disabled", "Renamed", ["things"])
    assert source.account == "feed"


def test_collections_turned_off_meanwhile_stay_off_when_the_source_starts(source: Source) -> None:
    source.status = Source.Status.SETUP
    source.save()
    Source.objects.update(collections_off=["things"])
    start_source(source)
    source.refresh_from_db()
    assert (source.status, source.collections_off) == ("enabled", ["things"])


def test_no_worker_hears_of_a_first_sync_before_it_is_there_to_be_found(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(setup, "enqueue", sent.append)
    Source.objects.update(status="setup")
    with transaction.atomic():
        connect_source(source, {})
        assert sent == []
    assert sent == [source.syncs.get().pk]
