"""Are these credentials good? Every way to be wrong is named, at the field where it can be put right."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from sources.connectors import desk
from sources.connectors.base import Account, SettingsError
from sources.connectors.desk import Desk
from sources.connectors.desk import check as checking
from sources.tests.connectors.certificates import self_signed
from sources.tests.connectors.made import WatchedTraffic, answer
from workspace.errors import TransientError
from workspace.tests.holes import MEASURED, Hole, hidden, mute, seconds_of

CURRENT = "/api/v2/users/current"
ROBIN = {
    "name": "Robin Example",
    "level": "siteadmin_billing",
    "_links": {"self": {"href": "/api/v2/users/1"}},
}
BASIC = {"email": "a@example.com", "password": "secret"}
OAUTH = {"consumer_key": "k", "consumer_secret": "ks", "token": "t", "token_secret": "ts"}


def check(base_url: str, traffic: WatchedTraffic | None = None, **settings: str) -> Account:
    return Desk().check({"base_url": base_url, **(settings or BASIC)}, traffic or WatchedTraffic())


def refusal(base_url: str, **settings: str) -> tuple[str, str]:
    """The code and the field of the error a check ends with."""
    traffic = WatchedTraffic()
    with pytest.raises(SettingsError) as caught:
        check(base_url, traffic, **settings)
    assert traffic.requests <= 2
    assert caught.value.message.endswith(".")
    return caught.value.code, caught.value.field


@pytest.fixture
def site(httpserver: HTTPServer) -> str:
    return httpserver.url_for("").rstrip("/")


def respond(httpserver: HTTPServer, response: Response) -> None:
    httpserver.expect_request(CURRENT).respond_with_response(response)


def test_an_administrator_is_welcome_after_one_request(httpserver: HTTPServer, site: str) -> None:
    respond(httpserver, answer(ROBIN))
    traffic = WatchedTraffic()
    account = check(site, traffic)
    assert (account.name, dict(account.details)) == (
        site.removeprefix("http://"),
        {"User": "Robin Example", "Level": "siteadmin_billing"},
    )
    assert traffic.requests == 1


@pytest.mark.parametrize(("settings", "field"), [(BASIC, "email"), (OAUTH, "token")])
@pytest.mark.parametrize("level", ["agent", "flexagent", None])
def test_an_agent_is_not_enough(
    level: str | None, settings: dict[str, str], field: str, httpserver: HTTPServer, site: str
) -> None:
    respond(httpserver, answer({**ROBIN, "level": level}))
    assert refusal(site, **settings) == ("not_administrator", field)


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"message": "Unauthorized"}, 401, "credentials_rejected", "password"),
        ({"message": "Forbidden"}, 403, "forbidden", "password"),
        ({"message": "Resource Not Found"}, 404, "site_not_found", "subdomain"),
        (b"", 301, "site_not_found", "subdomain"),
        (b"<html>Welcome</html>", 200, "not_desk", "subdomain"),
        ({"name": "Robin", "level": "siteadmin"}, 200, "not_desk", "subdomain"),
        ([], 200, "not_desk", "subdomain"),
    ],
)
def test_each_answer_that_is_no_welcome_has_its_sentence(
    body: Any, status: int, code: str, field: str, httpserver: HTTPServer, site: str
) -> None:
    respond(httpserver, answer(body, status))
    assert refusal(site) == (code, field)


def test_rejected_oauth_values_are_said_at_the_token_secret(httpserver: HTTPServer, site: str) -> None:
    respond(httpserver, answer({"message": "Unauthorized"}, 401))
    assert refusal(site, **OAUTH) == ("credentials_rejected", "token_secret")


@pytest.mark.parametrize(("status", "code"), [(429, "rate_limited"), (503, "server_error")])
def test_a_site_that_is_only_busy_is_no_mistake_of_the_customer(
    status: int, code: str, httpserver: HTTPServer, site: str
) -> None:
    respond(httpserver, answer({"message": "later"}, status))
    with pytest.raises(TransientError) as caught:
        check(site)
    assert caught.value.code == code


def test_a_name_that_does_not_exist_is_said_at_the_subdomain() -> None:
    assert refusal("https://no-such-site.invalid") == ("site_not_found", "subdomain")


def test_a_port_nobody_listens_at_is_said_at_the_subdomain() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert refusal(f"http://127.0.0.1:{port}") == ("unreachable", "subdomain")


def test_a_certificate_of_somebody_else_is_said_at_the_subdomain(strangers_port: int) -> None:
    assert refusal(f"https://127.0.0.1:{strangers_port}") == ("tls_failed", "subdomain")


def test_a_server_without_tls_is_said_at_the_subdomain(site: str) -> None:
    assert refusal(site.replace("http:", "https:")) == ("tls_failed", "subdomain")


def test_a_private_address_is_said_at_the_subdomain() -> None:
    with pytest.raises(SettingsError) as caught:
        check("https://127.0.0.1", WatchedTraffic("elsewhere"))
    assert (caught.value.code, caught.value.field) == ("address_refused", "subdomain")


@pytest.fixture
def strangers_port(tmp_path: Path) -> Iterator[int]:
    """The port of a TLS server whose certificate nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "stranger.pem"))

    def run() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            try:
                with connection, context.wrap_socket(connection, server_side=True) as secured:
                    secured.sendall(json.dumps(ROBIN).encode())
            except OSError:
                continue

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=run, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def test_a_test_of_an_account_takes_no_longer_than_ten_seconds() -> None:
    assert checking.CHECK_SECONDS <= 10


@pytest.mark.parametrize("hole", [mute, hidden])
def test_the_test_of_a_site_that_says_nothing_ends(hole: Hole, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 9 if MEASURED else 1
    for module in (checking, desk):
        monkeypatch.setattr(module, "CHECK_SECONDS", seconds)
    began = time.monotonic()
    with hole() as port:
        assert refusal(f"http://127.0.0.1:{port}") == ("timed_out", "subdomain")
    assert not MEASURED or time.monotonic() - began <= 10


@pytest.mark.skipif(not MEASURED, reason="MEASURED=1 measures")
def test_of_tests_of_accounts_ninety_five_in_a_hundred_take_less_than_three_seconds(
    httpserver: HTTPServer, site: str
) -> None:
    respond(httpserver, answer(ROBIN))
    assert sorted(seconds_of(lambda: check(site)) for _ in range(100))[94] < 3
