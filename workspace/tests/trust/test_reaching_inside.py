"""Nothing that people type leads into our own network: a listener there is never called."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from pytest_httpserver import HTTPServer
from requests.exceptions import InvalidURL

from sources.connectors.desk import Desk, transport
from sources.connectors.desk.client import Query
from sources.connectors.desk.form import DeskForm
from sources.tests.connectors.made import WatchedTraffic, answer, case, listing
from warehouses.engines import engine_for
from workspace import outbound
from workspace.errors import PublicError

PUBLIC = "192.0.9.9"
"""Anybody's, where nobody answers."""

HOSTS = (
    "127.0.0.1", "127.1", "127.0.1.1", "0", "0.0.0.0", "2130706433", "0x7f000001", "0x7f.1", "017700000001",  # noqa: S104
    "0177.0.0.1", "localhost", "localhost.", "LOCALHOST", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::1]", "[2002:7f00:1::]", "[fe80::1]", "[fec0::1]",
    "[fd00::1]", "[ff02::1]", "10.1.2.3", "172.16.0.1", "172.31.255.254", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.0.1", "192.88.99.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "127。0。0。1", "①27.0.0.1",
)  # fmt: skip


class Listener:
    """A port of this machine that notes who connects."""

    def __init__(self, door: socket.socket) -> None:
        self._door = door
        self.port = door.getsockname()[1]

    @property
    def calls(self) -> int:
        """How many connections came; the kernel has taken them before whoever connects goes on."""
        count = 0
        try:
            while True:
                self._door.accept()[0].close()
                count += 1
        except BlockingIOError:
            return count


@pytest.fixture
def listener() -> Iterator[Listener]:
    """On every address of this machine."""
    family, host = (socket.AF_INET6, "::") if socket.has_dualstack_ipv6() else (socket.AF_INET, "0.0.0.0")  # noqa: S104
    dual = family is socket.AF_INET6
    with socket.create_server((host, 0), family=family, dualstack_ipv6=dual) as door:
        door.setblocking(False)
        yield Listener(door)


@pytest.fixture
def nobody_allowed(settings: Settings) -> None:
    """As in production, and without patience for addresses where nobody answers."""
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset()


def refused(call: Any, *arguments: Any) -> PublicError:
    """The error in words for the customer with which the call ends."""
    with pytest.raises(PublicError) as caught:
        call(*arguments)
    return caught.value


def read_desk(base_url: str) -> None:
    """What a sync asks first, from a site whose address got past the form."""
    settings = {"base_url": base_url, "email": "a@example.com", "password": "secret"}
    Desk().check(settings, WatchedTraffic("elsewhere"))


def open_warehouse(host: str, port: int) -> None:
    """A connection as a sync makes it."""
    login = {"host": host, "port": port, "database": "d", "user": "u", "password": "p", "tls": "disable"}
    with engine_for("postgres")(login, frozenset()).open():
        raise AssertionError("connected")


def test_a_listener_would_notice(listener: Listener) -> None:
    socket.create_connection(("127.0.0.1", listener.port)).close()
    assert listener.calls == 1


@pytest.mark.parametrize("host", HOSTS)
def test_no_webhook_goes_inside(host: str, listener: Listener, nobody_allowed: None) -> None:
    error = refused(outbound.post, f"https://{host}:{listener.port}/hook", b"{}", {})
    assert error.code in ("webhook_refused", "webhook_unreachable")
    assert listener.calls == 0


@pytest.mark.parametrize("host", HOSTS)
def test_no_desk_site_is_inside(host: str, listener: Listener, nobody_allowed: None) -> None:
    for scheme in ("https", "http"):
        typed = f"{scheme}://{host}:{listener.port}"
        form = DeskForm({"subdomain": typed, "email": "a@example.com", "password": "secret"})
        assert form.errors["subdomain"]
        with pytest.raises((PublicError, InvalidURL)):
            read_desk(typed)
    assert listener.calls == 0


@pytest.mark.parametrize("host", HOSTS)
def test_no_warehouse_is_inside(host: str, listener: Listener, nobody_allowed: None) -> None:
    error = refused(open_warehouse, host.strip("[]"), listener.port)
    assert error.code in ("address_internal", "host_unknown")
    assert listener.calls == 0


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://127.0.0.1:{port}/", "gopher://127.0.0.1:{port}/_x", "dict://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/", "https:///hook", "https://", "127.0.0.1:{port}", "http://127.0.0.1:{port}/",
        "https://example.com@127.0.0.1:{port}/",
        "https://example.com:443@127.0.0.1:{port}/",
        "https://127.0.0.1:{port}\\@example.com/",
        "https://127.0.0.1:{port}#@example.com/",
        "https://127.0.0.1:{port}?@x/",
        "https://127.0.0.1:{port}\\.example.com/", " https://127.0.0.1:{port}/", "https://127.0.0.1\t:{port}/",
        "HTTPS://127.0.0.1:{port}/", "https://127.0.0.1:99999/", "https://[127.0.0.1]:{port}/",
        "https://127.0.0.1%00:{port}/",
    ],
)  # fmt: skip
def test_no_spelling_of_an_address_goes_past(url: str, listener: Listener, nobody_allowed: None) -> None:
    refused(outbound.post, url.format(port=listener.port), b"{}", {})
    assert listener.calls == 0


@pytest.mark.parametrize(
    "spelled", ["http://127.0.0.1:{port}\\@localhost/", "http://127.0.0.1:{port}/\\@localhost"]
)
def test_a_host_that_is_allowed_opens_no_other(spelled: str, listener: Listener, settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({"localhost"})
    refused(outbound.post, spelled.format(port=listener.port), b"{}", {})
    assert listener.calls == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_webhook_follows_a_redirect(
    status: int, listener: Listener, httpserver: HTTPServer, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({f"127.0.0.1:{httpserver.port}"})
    there = {"Location": f"http://127.0.0.1:{listener.port}/"}
    httpserver.expect_request("/hook").respond_with_data("", status, there)
    assert refused(outbound.post, httpserver.url_for("/hook"), b"{}", {}).code == "webhook_failed"
    assert listener.calls == 0


def test_no_sync_follows_a_redirect_or_a_link(listener: Listener, httpserver: HTTPServer) -> None:
    inside = f"http://127.0.0.1:{listener.port}/api/v2/cases?page=2"
    linked = listing([case(1)], total=2, following=inside, here="/api/v2/cases?page=1")
    httpserver.expect_request("/api/v2/users").respond_with_data("", 302, {"Location": inside})
    httpserver.expect_request("/api/v2/cases").respond_with_response(answer(linked))
    login = {"base_url": httpserver.url_for("").rstrip("/"), "email": "a@example.com", "password": "secret"}
    with Desk().open(login, WatchedTraffic(f"127.0.0.1:{httpserver.port}")) as client:
        assert refused(client.listing, Query("users", {})).code == "not_desk"
        assert refused(client.listing, Query("cases", {})).code == "bad_next_link"
    assert listener.calls == 0


def test_a_name_that_leads_inside_at_the_second_look_does_not_get_there(
    listener: Listener, nobody_allowed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "SECONDS", (0.05, 0.05))
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.05)
    for reach in (
        lambda: outbound.post(f"https://rebound.example:{listener.port}/", b"{}", {}),
        lambda: read_desk(f"https://rebound.example:{listener.port}"),
    ):
        looked = _resolve_differently(monkeypatch)
        refused(reach)
        assert looked[0] == PUBLIC
    assert listener.calls == 0


def test_a_warehouse_whose_name_leads_inside_meanwhile_is_not_reached(
    listener: Listener, nobody_allowed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libpq looks names up by itself: this one leads to the listener, but for the one look that is ours."""
    monkeypatch.setattr("warehouses.engines.postgres.CONNECT", 2)
    looked = _resolve_differently(monkeypatch)
    refused(open_warehouse, "localhost", listener.port)
    assert looked == [PUBLIC]
    assert listener.calls == 0


def _resolve_differently(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Name servers that say a public address at the first look and this machine at all others; what they said."""
    said: list[str] = []

    def resolve(host: str, port: int, *args: Any, **options: Any) -> list[Any]:
        if host[0].isdigit():
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        said.append("127.0.0.1" if said else PUBLIC)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (said[-1], port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return said
