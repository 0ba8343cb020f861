"""A secret nobody else has in every place for one; then it is looked for wherever something could have leaked to."""

from __future__ import annotations

import json
import logging
import secrets
from base64 import b32encode, b64decode, b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings
from pytest_httpserver import HTTPServer

from sources.models import Source, SourceSync
from sources.sandbox.generator import generate
from sources.sandbox.server import ADMIN, Sandbox
from sources.setup import connect_source, draft_source
from sources.tasks import sync_source
from warehouses.models import Connection, Warehouse
from warehouses.setup import add_warehouse
from warehouses.tests.engines.conftest import postgres_settings
from workspace.alerts.delivering import deliver
from workspace.alerts.models import Channel, Delivery
from workspace.alerts.raising import begin_delivery
from workspace.logs import TALKATIVE, JsonLines
from workspace.models import User, Workspace
from workspace.tests.path.stretch import Stretch
from workspace.walk import walk

pytestmark = pytest.mark.django_db(transaction=True)


class Canaries:
    """The secrets, and the places where they were found."""

    def __init__(self) -> None:
        self.desk, self.wrong, self.warehouse, self.webhook, self.person = (
            f"canary-{secrets.token_hex(12)}" for _ in range(5)
        )
        self.totp = b32encode(secrets.token_bytes(20)).decode()
        self.found: set[str] = set()

    def look(self, place: str, text: str) -> None:
        """Note the place if one of them is in there, plain or as a header would carry it."""
        sought = [self.desk, self.wrong, self.warehouse, self.webhook, self.person, self.totp]
        sought += [b64encode(f"{ADMIN}:{word}".encode()).decode() for word in (self.desk, self.wrong)]
        if any(word in text for word in sought):
            self.found.add(place)


class Watched(Client):
    """A browser whose pages are all looked at."""

    def __init__(self, canaries: Canaries) -> None:
        super().__init__(raise_request_exception=False)
        self.canaries = canaries

    def request(self, **request: Any) -> Any:
        """The answer, looked at."""
        response: Any = super().request(**request)
        content = b"".join(response.streaming_content) if response.streaming else response.content
        if response.streaming:
            response.streaming_content = [content]
        self.canaries.look(request["PATH_INFO"], f"{response.headers} {content.decode(errors='replace')}")
        return response


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
def desk(canaries: Canaries) -> Iterator[Sandbox]:
    """A vendor that wants the canary."""
    sandbox = Sandbox(generate(20, 1), password=canaries.desk).start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def lived(acme: Workspace, alice: User, desk: Sandbox, canaries: Canaries, settings: Settings,
          caplog: pytest.LogCaptureFixture, httpserver: HTTPServer) -> Watched:  # fmt: skip
    """A workspace in which things went well and badly, with everything logged; Alice's browser after a walk."""
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({"127.0.0.1"})
    caplog.set_level(logging.DEBUG)
    for name in TALKATIVE:  # as LOG_LEVEL=DEBUG leaves them
        caplog.set_level(logging.INFO, name)
    add_secrets(acme, alice, canaries, httpserver)
    run_everything(acme, desk, canaries)
    for delivery in Delivery.objects.all():
        deliver(delivery.pk)
    browser = Watched(canaries)
    browser.post("/accounts/login/", {"login": alice.email, "password": f"{canaries.person}x"})
    browser.force_login(alice)
    walk(browser, "/acme/overview", samples=1)
    return browser


def add_secrets(acme: Workspace, alice: User, canaries: Canaries, httpserver: HTTPServer) -> None:
    """A password, a second factor, and channels of which one is away."""
    alice.set_password(canaries.person)
    alice.save()
    TOTP.activate(alice, canaries.totp)
    RecoveryCodes.activate(alice)
    httpserver.expect_request("/hook").respond_with_data("ok")
    for url in (httpserver.url_for("/hook"), f"http://127.0.0.1:1/{canaries.webhook}"):
        channel = Channel.objects.create(workspace=acme, kind="webhook", label="there")
        channel.settings = {"url": url, "secret": canaries.webhook}
        channel.save()
        begin_delivery(channel, "test")
    mailbox = Channel.objects.create(workspace=acme, kind="email", label="ops@example.com")
    mailbox.settings = {"address": "ops@example.com"}
    mailbox.save()
    begin_delivery(mailbox, "test")


def run_everything(acme: Workspace, desk: Sandbox, canaries: Canaries) -> None:
    """A sync and a flush that work, a source that refuses its password, and a warehouse that nobody reaches."""
    good = add_warehouse(acme, "postgres", "Good", postgres_settings() | {"password": _password()})
    source = draft_source(acme, "desk", "Desk", schema_name=f"desk_{secrets.token_hex(6)}", warehouses=[good])
    connect_source(source, {"subdomain": desk.url, "email": ADMIN, "password": canaries.desk})
    bad = Warehouse(workspace=acme, kind="postgres", name="Bad", slug="bad")
    bad.settings = postgres_settings() | {"port": 1, "password": canaries.warehouse}
    bad.save()
    path = Stretch(desk, source, good.connections.get())
    assert path.sync().status == "success"
    assert path.flush().status == "success"
    away = Stretch(desk, source, Connection.objects.create(warehouse=bad, schema=source.schema))
    assert away.flush().status == "failed"
    other = Source.objects.get(pk=draft_source(acme, "desk", "Other", schema_name="other").pk)
    other.credentials = {**dict(source.credentials), "password": canaries.wrong}
    other.status = "enabled"
    other.save()
    assert Stretch(desk, other, path.connection).sync().status == "failed"
    path.ask(f'DROP SCHEMA "{path.schema}" CASCADE')


def _password() -> str:
    return postgres_settings()["password"] or "trusted"


def stored() -> Iterator[tuple[str, str]]:
    """Every row of our database as text, by table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|information)'")
        tables = cursor.fetchall()
        for schema, table in tables:
            cursor.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{schema}"."{table}" t')
            yield f"{schema}.{table}", cursor.fetchone()[0] or ""


def in_redis(server: redis.Redis) -> Iterator[tuple[str, str]]:
    """Everything the broker remembers: queued messages, what is not acknowledged, the cache."""
    readers: dict[Any, Callable[[bytes], Any]] = {
        b"string": server.get,
        b"list": lambda key: server.lrange(key, 0, -1),
        b"hash": server.hgetall,
        b"set": server.smembers,
        b"zset": lambda key: server.zrange(key, 0, -1),
        b"none": lambda key: "",  # gone in between
    }
    for key in server.scan_iter():
        yield f"redis {key!r}", repr(readers[server.type(key)](key))


def test_no_secret_is_in_the_database_in_plain(lived: Watched, canaries: Canaries) -> None:
    for place, text in stored():
        canaries.look(place, text)
    assert canaries.found == set()


def test_no_page_mail_or_webhook_shows_a_secret(
    lived: Watched, canaries: Canaries, httpserver: HTTPServer
) -> None:
    assert httpserver.log
    assert mail.outbox
    for request, _ in httpserver.log:
        canaries.look("webhook", f"{request.headers} {request.get_data(as_text=True)}")
    for message in mail.outbox:
        canaries.look("mail", str(message.message()))
    assert canaries.found == set()


def test_no_log_line_at_debug_shows_a_secret(
    lived: Watched, canaries: Canaries, caplog: pytest.LogCaptureFixture
) -> None:
    lines = [JsonLines().format(record) for record in caplog.get_records("setup")]
    assert any("Ended: Failed" in line for line in lines)
    for line in lines:
        canaries.look(f"log {line}", line)
    assert canaries.found == set()


def test_a_message_to_a_worker_holds_ids_only(lived: Watched, canaries: Canaries, settings: Settings) -> None:
    server = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    sync_source.apply_async(args=(str(SourceSync.objects.latest("queued_at").pk),), queue="canaries")
    queued = json.loads(server.lindex("canaries", 0) or "")
    for place, text in in_redis(server):
        canaries.look(place, text)
    server.delete("canaries")
    args, kwargs, _ = json.loads(b64decode(queued["body"]))
    assert ([type(arg) for arg in args], kwargs, canaries.found) == ([str], {}, set())


def test_the_search_finds_a_secret_that_is_there(lived: Watched, canaries: Canaries, acme: Workspace) -> None:
    Workspace.objects.filter(pk=acme.pk).update(name=canaries.desk)
    lived.get("/acme/overview")
    for place, text in stored():
        canaries.look(place, text)
    assert canaries.found == {"/acme/overview", "public.workspace_workspace"}
