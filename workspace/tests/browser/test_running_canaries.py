"""A secret that is nowhere else in every place for one, in a running installation where things go well and badly.

Afterwards each is looked for wherever it could have leaked to, as it is and as base64, hexadecimal or quoted.
"""

from __future__ import annotations

import re
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session
from django.test import override_settings
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sources.models import Source, SourceSync
from sources.sandbox.auth import OAuthKeys
from sources.sandbox.generator import generate
from sources.sandbox.server import ADMIN, Sandbox
from sources.schedule import request_sync
from sources.setup import connect_source, draft_source
from warehouses.models import Warehouse, WarehouseSync
from warehouses.schedule import request_sync as request_flush
from warehouses.setup import add_warehouse
from workspace.alerts.models import Channel, Delivery
from workspace.alerts.raising import begin_delivery
from workspace.launcher.exported import warehouse_fields
from workspace.models import User, Workspace
from workspace.runs import Run
from workspace.tests.browser.canaries import Caller, Canaries, post_office, spellings
from workspace.tests.browser.installation import PATIENCE, Ground, Installation, installation
from workspace.tests.path.servers import eventually
from workspace.tests.path.test_restore import postgres
from workspace.tests.people.conftest import code_now
from workspace.tests.trust.test_canaries import in_redis
from workspace.walk import walk

OWNER = "canary@example.com"
NASTY = 'pa\'ss \\"{}" @:/%25 end'
"""A password that somebody may quote wrongly on its way."""
LINKS = {"an invitation": "/invitation/", "a new password": "/accounts/password/reset/key/"}


@dataclass
class Life:
    """An installation, its secrets, and what stands around it."""

    site: Installation
    canaries: Canaries
    desk: Sandbox
    hooks: HTTPServer
    mails: list[str]
    logs: Path
    workspace: Workspace
    cookies: dict[str, str] = field(default_factory=dict)
    """Of the owner's browser."""

    def look_around(self) -> None:
        """At what is there for a moment only: command lines, and what is on its way through the broker."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                line = (folder / "cmdline").read_bytes()
            except OSError:
                continue  # it has ended
            self.canaries.look("processes", line.replace(b"\0", b" "))
        with redis.Redis.from_url(self.site.environ["REDIS_URL"]) as server:
            for place, text in in_redis(server):
                self.canaries.look("broker", text, at=place)

    def wait_for(self, what: str, done: Callable[[], bool]) -> None:
        """Look around until it is so."""

        def look() -> bool:
            self.look_around()
            return done()

        eventually(what, look, PATIENCE)


@pytest.fixture(scope="module")
def life(ground: Ground, django_db_blocker: DjangoDbBlocker) -> Iterator[Life]:
    """It has lived, and its processes still run."""
    canaries = Canaries()
    with ExitStack() as stack:
        port, mails = stack.enter_context(post_office())
        site = stack.enter_context(installation(ground, **secret_settings(canaries, port)))
        here = {"CREDENTIAL_KEYS": [site.environ["CREDENTIAL_KEYS"]]}
        stack.enter_context(override_settings(**here, OUTBOUND_ALLOWED_HOSTS=frozenset({"127.0.0.1"})))
        stack.enter_context(django_db_blocker.unblock())
        stack.enter_context(site.as_default_database())
        password = canaries.new("a person's password", NASTY)
        site.manage("bootstrap", "--workspace", "acme", "--owner", OWNER, "--password-stdin", stdin=password)
        desk, hooks = stack.enter_context(secret_desk(canaries)), stack.enter_context(echo())
        logs = ground.folder / site.database.removesuffix("_app")
        life = Life(site, canaries, desk, hooks, mails, logs, Workspace.objects.get(slug="acme"))
        add_channels(life)
        run_everything(life)
        walk_as_a_person(life, password)
        break_a_page_and_a_sync(life)
        yield life


def secret_settings(canaries: Canaries, port: int) -> dict[str, str]:
    """What the operator puts into the environment; everything is logged."""
    key = Fernet.generate_key().decode()
    canaries.add("CREDENTIAL_KEYS", key)
    return {
        "SECRET_KEY": canaries.new("SECRET_KEY", "{}-" + "0123456789" * 3),
        "CREDENTIAL_KEYS": key,
        "METRICS_TOKEN": canaries.new("METRICS_TOKEN"),
        "EMAIL_URL": f"smtp://tributary:{canaries.new('password of the mail server')}@127.0.0.1:{port}",
        "LOG_LEVEL": "DEBUG",
        "LOG_FORMAT": "json",
    }


@contextmanager
def secret_desk(canaries: Canaries) -> Iterator[Sandbox]:
    """A vendor that wants canaries, as password and as keys of OAuth."""
    desk = Sandbox(generate(20, 1), password=canaries.new("password of Desk", NASTY)).start()
    names = ("secret", "token", "token_secret")
    desk.api.door.keys = OAuthKeys(**{name: canaries.new(f"OAuth {name}") for name in names})
    yield desk
    desk.stop()


@contextmanager
def echo() -> Iterator[HTTPServer]:
    """Takes webhooks; as a Desk it fails and says back how one has signed in."""
    server = HTTPServer("127.0.0.1", 0)
    server.expect_request(re.compile("/(hook|slack)/")).respond_with_data("ok")

    def fail(request: Request) -> Response:
        return Response(f'{{"message": "{request.headers["Authorization"]}"}}', 422)

    server.expect_request(re.compile("/api/")).respond_with_handler(fail)
    server.start()
    yield server
    server.stop()


def add_channels(life: Life) -> None:
    """Webhooks that work, one that fails and one that is away, and a mailbox; each gets a test."""
    secret, path = life.canaries.new("secret of a webhook"), life.canaries.new("address of a webhook")
    known = life.hooks.url_for("")
    kinds = [
        ("webhook", f"{known}hook/{path}"),
        ("slack", f"{known}slack/{path}"),
        ("webhook", f"{known}{path}"),
    ]
    for kind, url in [*kinds, ("webhook", f"http://127.0.0.1:1/{path}")]:
        _add_channel(life, kind, {"url": url, "secret": secret})
    _add_channel(life, "email", {"address": "ops@example.com"})


def _add_channel(life: Life, kind: str, settings: dict[str, str]) -> None:
    channel = Channel.objects.create(workspace=life.workspace, kind=kind, label="there")
    channel.settings = settings
    channel.save()
    delivery = begin_delivery(channel, "test")
    Delivery.objects.filter(pk=delivery.pk).update(next_try_at=timezone.now())


def run_everything(life: Life) -> None:
    """Syncs and flushes by the worker: some work, others are refused, reach nobody, or hear their password again."""
    here = _warehouse_fields(life)
    good = add_warehouse(life.workspace, "postgres", "Good", here)
    source = _draft(life, "Desk", good)
    connect_source(
        source, {"subdomain": life.desk.url, "email": ADMIN, "password": life.desk.logins[0].password}
    )
    login = dict(Source.objects.get(pk=source.pk).credentials)
    refused = life.canaries.new("password that Desk refuses", NASTY)
    keys = life.desk.api.door.keys
    oauth = {"consumer_key": keys.key, "consumer_secret": keys.secret, "token": keys.token}
    base = {"base_url": login["base_url"]}
    _start(_draft(life, "OAuth"), {**base, **oauth, "token_secret": keys.token_secret})
    _start(
        _draft(life, "Wrong OAuth"), {**base, **oauth, "token_secret": life.canaries.new("refused by Desk")}
    )
    _start(_draft(life, "Refused"), {**login, "password": refused})
    _start(_draft(life, "Away"), {**login, "base_url": "http://127.0.0.1:1"}, only=["brands"])
    _start(
        _draft(life, "Echo"), {**login, "base_url": life.hooks.url_for("").rstrip("/"), "password": refused}
    )
    life.wait_for("all syncs end", lambda: _ended(SourceSync, 6))
    _flush_elsewhere(life, source, here)
    life.wait_for("all flushes end", lambda: _ended(WarehouseSync, 3))
    tests = Delivery.objects.filter(event="test")  # those of alerts may be held back to be told together
    life.wait_for("all channels were tried", lambda: not tests.filter(tries=0).exists())
    life.wait_for(
        "an alert is told", lambda: Delivery.objects.exclude(event="test").filter(tries__gt=0).exists()
    )


def _warehouse_fields(life: Life) -> dict[str, Any]:
    fields = warehouse_fields(life.site.warehouse)
    if fields["password"] != "trusted":
        life.canaries.add("password of the warehouse", fields["password"])
    return fields


def _draft(life: Life, name: str, *warehouses: Warehouse) -> Source:
    return draft_source(life.workspace, "desk", name, warehouses=warehouses)


def _start(source: Source, credentials: dict[str, Any], only: Sequence[str] = ()) -> None:
    source.credentials, source.status = credentials, Source.Status.ENABLED
    source.save()
    request_sync(source, only=only)


def _flush_elsewhere(life: Life, source: Source, here: dict[str, Any]) -> None:
    """To a warehouse that refuses the password, and to one where nobody answers."""
    for name, wrong in (("Refuses", {"user": "nobody_here"}), ("Nobody", {"port": 1})):
        password = life.canaries.new(f"password of a warehouse: {name}", NASTY)
        warehouse = Warehouse(workspace=life.workspace, kind="postgres", name=name, slug=name.lower())
        warehouse.settings = {**here, **wrong, "password": password}
        warehouse.save()
        request_flush(warehouse.connections.create(schema=source.schema))


def _ended(model: type[SourceSync] | type[WarehouseSync], number: int) -> bool:
    """Whether so many have ended; those that wait to be tried again begin anew and count as well."""
    return model._default_manager.exclude(status__in=Run.ACTIVE).count() >= number


def walk_as_a_person(life: Life, password: str) -> None:
    """Sign in, fail at it, invite, ask for a new password, mistype credentials; then open every page."""
    seed = generate_totp_secret()
    life.canaries.add("seed of one-time codes", seed)
    owner = User.objects.get(email=OWNER)
    TOTP.activate(owner, seed)
    life.canaries.add("seed of recovery codes", decrypt(RecoveryCodes.activate(owner).instance.data["seed"]))
    alice, stranger = Caller(life.site.url, life.canaries), Caller(life.site.url, life.canaries)
    for caller in (alice, stranger):
        caller.get("/accounts/login/")
    stranger.post("/accounts/login/", login=OWNER, password=life.canaries.new("a mistyped password"))
    stranger.post("/accounts/password/reset/", email=OWNER)
    alice.post("/accounts/login/", login=OWNER, password=password)
    alice.post("/accounts/2fa/authenticate/", code=code_now(seed))
    typed = {
        "subdomain": life.desk.url,
        "email": ADMIN,
        "password": life.canaries.new("a mistyped credential"),
    }
    alice.post("/acme/sources/desk/settings/connection", test="1", **typed)
    alice.post("/acme/warehouses/add/postgres", name="New", host="127.0.0.1", port="1", database="d", user="u",
               password=life.canaries.new("a mistyped warehouse"), tls="disable")  # fmt: skip
    alice.post("/acme/settings/access", email="new@example.com", role="source_viewer")
    life.wait_for("the mails with links", lambda: all(links(life, kind) for kind in LINKS))
    remember_links(life, Caller(life.site.url, Canaries()))
    seen = walk(alice, "/acme/overview", samples=1)  # type: ignore[arg-type]
    assert len(seen.pages) > 40, seen.dead
    show_errors(life, alice)
    life.cookies = alice.session.cookies.get_dict()


def remember_links(life: Life, guest: Caller) -> None:
    """Links in mails open a door: what they end with is a secret from now on, also of the log of who opened them."""
    for kind in LINKS:
        [path] = links(life, kind)
        life.canaries.add(f"link of {kind}", path.strip("/").split("/")[-1])
        guest.get(path)
        guest.get(f"{path}x")


def links(life: Life, kind: str) -> set[str]:
    """The links of this kind in the mails that have come."""
    text = "\n".join(life.mails).replace("=\r\n", "").replace("=\n", "")
    return set(re.findall(rf"https?://[^/\s]+({LINKS[kind]}[\w-]+/?)", text))


def show_errors(life: Life, alice: Caller) -> None:
    """Pages of errors, and what machines ask for."""
    token = f"Bearer {life.site.environ['METRICS_TOKEN']}"
    statuses = [
        alice.get("/acme/no-such-page", "errors").status_code,
        Caller(life.site.url, life.canaries).post("/accounts/login/", "errors").status_code,
        alice.get("/accounts/login/", "errors", Host="elsewhere.example").status_code,
        alice.get("/metrics", "probes", Authorization=token).status_code,
        alice.get("/metrics", "probes", Authorization=f"{token}x").status_code,
        alice.get("/healthz", "probes").status_code,
    ]
    assert statuses == [404, 403, 400, 200, 404, 200]
    alice.get("/readyz", "probes")
    Warehouse.objects.filter(slug="nobody").update(kind="gone")
    assert alice.get("/acme/warehouses/nobody/settings/connection", "errors").status_code == 500
    Warehouse.objects.filter(slug="nobody").update(kind="postgres")


def break_a_page_and_a_sync(life: Life) -> None:
    """Something unexpected in a worker, and in a command at a terminal, with credentials in hand."""
    source = Source.objects.get(slug="refused")
    Source.objects.filter(pk=source.pk).update(kind="gone")
    before = SourceSync.objects.exclude(status__in=Run.ACTIVE).count()
    request_sync(source)
    life.wait_for("the broken sync ends", lambda: _ended(SourceSync, before + 1))
    for name in ("wrong-oauth", "echo"):
        life.canaries.look("terminal", run_in_terminal(life.site, "sync_source", f"acme/{name}"))
    life.canaries.look("terminal", run_in_terminal(life.site, "sync_warehouse", "acme/refuses", "desk"))


def run_in_terminal(site: Installation, *command: str) -> bytes:
    """All that a command says, logging lines for people at DEBUG."""
    environ = {**site.environ, "LOG_FORMAT": "line"}
    words = [sys.executable, "manage.py", *command]
    done = subprocess.run(words, env=environ, capture_output=True, check=False)
    return done.stdout + done.stderr


def found(life: Life, *places: str) -> dict[str, set[str]]:
    """What was found where; fails when there was nothing to look at."""
    assert all(life.canaries.looked[place] for place in places)
    return {place: life.canaries.found[place] for place in places if life.canaries.found[place]}


def test_things_went_well_and_badly(life: Life) -> None:
    assert set(SourceSync.objects.values_list("status", flat=True)) >= {"success", "failed"}
    assert set(WarehouseSync.objects.values_list("status", flat=True)) >= {"success", "failed"}
    assert Delivery.objects.filter(delivered_at__isnull=False).count() >= 3
    assert Delivery.objects.exclude(error="").count() >= 2
    assert len(life.canaries.words) >= 19


def test_no_secret_is_in_a_dump_of_the_database(life: Life, tmp_path: Path) -> None:
    postgres("pg_dump", f"--file={tmp_path / 'dump.sql'}")
    dump = (tmp_path / "dump.sql").read_text()
    assert "acme" in dump
    life.canaries.look("dump", dump)
    for session in Session.objects.all():
        life.canaries.look("dump", str(session.get_decoded()), at="session")
    assert found(life, "dump") == {}


def test_no_log_line_at_debug_shows_a_secret(life: Life) -> None:
    text = "".join(file.read_text() for file in life.logs.glob("*.log"))
    assert '"level": "DEBUG"' in text
    assert "Traceback" in text
    for line in text.splitlines():
        life.canaries.look("log", line, at=line[:300])
    assert found(life, "log", "terminal") == {}


def test_no_page_error_export_or_probe_shows_a_secret(life: Life) -> None:
    assert found(life, "pages", "errors", "probes") == {}


def test_no_mail_or_webhook_carries_a_secret(life: Life) -> None:
    links = {name: life.canaries.words.pop(name) for name in list(life.canaries.words) if "link" in name}
    for mail in life.mails:
        life.canaries.look("mail", mail)
    for request, _ in life.hooks.log:
        if request.path.startswith(("/hook/", "/slack/")):
            life.canaries.look("webhook", f"{request.headers} {request.get_data(as_text=True)}")
    life.canaries.words |= links
    assert found(life, "mail", "webhook") == {}


def test_nothing_on_its_way_or_in_a_list_of_processes_shows_a_secret(life: Life) -> None:
    life.look_around()
    assert found(life, "processes", "broker") == {}


def test_the_search_finds_a_secret_however_it_is_spelled() -> None:
    canaries = Canaries()
    word = canaries.new("a secret")
    leaks = [f"a {word} b", f"admin@example.com:{word}:x".encode().hex()]
    leaks += [b64encode(f"{'x' * n}{word}{'y' * n}".encode()).decode() for n in range(6)]
    leaks += ["".join(f"%{byte:02X}" for byte in word.encode()), f"\\x{word.encode().hex()}"]
    for number, leak in enumerate(leaks):
        canaries.look(str(number), leak)
    assert len(canaries.found) == len(leaks)
    canaries.look("clean", "".join(spellings(f"canary{'0' * 24}")))
    assert "clean" not in canaries.found


def test_a_leak_in_a_running_installation_is_found(life: Life) -> None:
    leaking = Canaries()
    name = leaking.new("a secret")
    Workspace.objects.filter(pk=life.workspace.pk).update(name=name)
    reader = Caller(life.site.url, leaking)
    reader.session.cookies.update(life.cookies)
    reader.get(f"/acme/overview?q={name}")

    def is_found() -> bool:  # a request is logged after its answer
        leaking.look("log", "".join(file.read_text() for file in life.logs.glob("*.log")))
        return leaking.found.keys() >= {"log", "pages"}

    eventually("the leak in pages and log", is_found, PATIENCE)
