"""What every connector promises. A new one needs a line in `live.ACCOUNTS` and runs all of this."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django import forms
from pytest_django.fixtures import Settings

from sources.connectors import CONNECTORS, connector_for
from sources.connectors.base import Connector, Cursor, Page, SettingsError, Stream
from sources.tests.connectors.live import ACCOUNTS, LiveAccount
from sources.tests.connectors.made import WatchedTraffic
from workspace.errors import ConfigError

STREAMS = [
    (kind, stream.collection) for kind, connector in CONNECTORS.items() for stream in connector.streams
]


@pytest.fixture(scope="module")
def accounts() -> Iterator[dict[str, LiveAccount]]:
    with ExitStack() as stack:
        yield {kind: stack.enter_context(account()) for kind, account in ACCOUNTS.items()}


@pytest.fixture(params=sorted(CONNECTORS))
def connector(request: pytest.FixtureRequest) -> Connector:
    return CONNECTORS[request.param]


@pytest.fixture
def account(connector: Connector, accounts: dict[str, LiveAccount]) -> LiveAccount:
    return accounts[connector.kind]


@dataclass
class Reader:
    """Reads one stream of a live account, each time with a new client."""

    connector: Connector
    stream: Stream
    settings: dict[str, Any]
    account: LiveAccount
    requests: int = 0

    @property
    def ids(self) -> set[str]:
        return self.account.ids[self.stream.collection]

    def pages(self, cursor: Cursor) -> list[Page]:
        """All pages from a cursor that was stored as JSON."""
        traffic = WatchedTraffic(*self.account.hosts)
        with self.connector.open(self.settings, traffic) as client:
            pages = list(self.stream.pages(client, json.loads(json.dumps(cursor))))
        self.requests = traffic.requests
        return pages


@pytest.fixture(params=STREAMS, ids="-".join)
def reader(request: pytest.FixtureRequest, accounts: dict[str, LiveAccount], settings: Settings) -> Reader:
    kind, collection = request.param
    connector, account = CONNECTORS[kind], accounts[kind]
    stream = next(stream for stream in connector.streams if stream.collection == collection)
    return Reader(connector, stream, cleaned(connector, account, settings), account)


def cleaned(connector: Connector, account: LiveAccount, settings: Settings) -> dict[str, Any]:
    settings.OUTBOUND_ALLOWED_HOSTS = account.hosts
    form = connector.SettingsForm(account.form)
    assert form.is_valid(), form.errors
    return form.cleaned_data


def ids(pages: list[Page]) -> set[str]:
    return {record.id for page in pages for record in page.records}


def test_every_connector_of_the_catalog_has_a_live_account() -> None:
    assert set(ACCOUNTS) == set(CONNECTORS)


def test_a_kind_nobody_knows_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="desk") as caught:
        connector_for("typewriter")
    assert caught.value.code == "unknown_kind"


def test_the_facts_of_the_catalog_are_complete(connector: Connector) -> None:
    assert connector_for(connector.kind) is connector
    assert re.fullmatch(r"[a-z][a-z0-9_]*", connector.kind)
    assert all((connector.name, connector.category, connector.summary.endswith("."), connector.permissions))
    assert connector.interval >= timedelta(minutes=1)
    assert connector.regions
    assert set(connector.regions) <= {"us", "eu"}


def test_streams_are_named_once_and_described(connector: Connector) -> None:
    names = [stream.collection for stream in connector.streams]
    assert len(names) == len(set(names)) > 0
    for stream in connector.streams:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", stream.collection)
        assert stream.label
        assert stream.description.endswith(".")
        assert len(stream.properties) == len(set(stream.properties)) > 0


def test_the_form_labels_its_fields_and_hides_secrets(connector: Connector) -> None:
    form = connector.SettingsForm()
    assert all(field.label for field in form.fields.values())
    secret = re.compile("password|secret|token")
    for name, field in form.fields.items():
        assert isinstance(field.widget, forms.PasswordInput) == bool(secret.search(name)), name


def test_settings_can_be_stored_as_json(
    connector: Connector, account: LiveAccount, settings: Settings
) -> None:
    values = cleaned(connector, account, settings)
    assert json.loads(json.dumps(values)) == values


def test_good_credentials_pass_the_check_in_two_requests_at_most(
    connector: Connector, account: LiveAccount, settings: Settings
) -> None:
    traffic = WatchedTraffic(*account.hosts)
    assert connector.check(cleaned(connector, account, settings), traffic).name
    assert 1 <= traffic.requests <= 2


def test_wrong_credentials_are_said_at_a_field_of_the_form(
    connector: Connector, account: LiveAccount, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = account.hosts
    form = connector.SettingsForm(account.wrong)
    assert form.is_valid()
    with pytest.raises(SettingsError) as caught:
        connector.check(form.cleaned_data, WatchedTraffic(*account.hosts))
    assert caught.value.field in form.fields


def test_the_empty_cursor_reads_every_object_of_the_collection(reader: Reader) -> None:
    pages = reader.pages({})
    assert ids(pages) == reader.ids
    assert [page.begins for page in pages] == [True] + [False] * (len(pages) - 1)
    assert [page.ends for page in pages] == [False] * (len(pages) - 1) + [True]
    assert all(page.full for page in pages)
    assert pages[-1].complete
    assert pages[0].total == len(reader.ids)
    assert not any(page.rejected or page.remarks for page in pages)


def test_pages_hold_at_most_a_hundred_records(reader: Reader) -> None:
    assert max(len(page.records) for page in reader.pages({})) <= 100


def test_records_have_an_id_a_time_that_is_past_and_a_body_of_json(reader: Reader) -> None:
    for page in reader.pages({}):
        for record in page.records:
            assert record.id
            assert record.stamp is None or record.stamp <= datetime.now(UTC) + timedelta(minutes=1)
            assert json.loads(json.dumps(record.body)) == record.body


def test_a_read_resumed_after_any_page_loses_nothing(reader: Reader) -> None:
    pages = reader.pages({})
    for done, page in enumerate(pages[:-1], start=1):
        rest = reader.pages(page.cursor)
        assert ids(pages[:done]) | ids(rest) == reader.ids, f"after page {done}"
        assert not rest[0].begins
        assert rest[-1].ends
        assert rest[-1].complete


def test_a_read_resumed_again_and_again_gets_to_its_end(reader: Reader) -> None:
    seen: set[str] = set()
    cursor: Cursor = {}
    for _ in range(3 * len(reader.ids)):
        pages = reader.pages(cursor)
        moved = next((page for page in pages if page.cursor != cursor), pages[-1])
        seen |= ids(pages[: pages.index(moved) + 1])
        if moved.ends:
            break
        cursor = moved.cursor
    assert seen == reader.ids


def test_a_second_run_without_changes_is_small(reader: Reader) -> None:
    first = reader.pages({})
    second = reader.pages(first[-1].cursor)
    assert reader.requests <= 2
    if reader.stream.incremental:
        assert not any(page.full for page in second)
        assert len(ids(second)) <= 20
    else:
        assert ids(second) == reader.ids
        assert second[0].begins


def test_runs_without_changes_end_where_they_began(reader: Reader) -> None:
    second = reader.pages(reader.pages({})[-1].cursor)
    assert reader.pages(second[-1].cursor)[-1].cursor == second[-1].cursor
