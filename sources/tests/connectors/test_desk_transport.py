"""A guarded line: one look-up, the address it gave, and still the name in the request and on the certificate."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from requests import adapters
from requests.auth import HTTPBasicAuth
from requests_hardened import ip_filter_adapter
from urllib3.exceptions import HTTPError

from sources.connectors.desk.transport import Line
from sources.tests.connectors.certificates import self_signed
from workspace import outbound

NAME = "help.example"


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[HTTPServer]:
    """A server of this machine with a certificate for NAME, and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path / "site.pem", NAME))
    with HTTPServer("127.0.0.1", ssl_context=context) as server:
        server.expect_request("/api").respond_with_data("{}")
        yield server


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The names that were asked for; each leads to this machine, which passes for a public one here."""
    names: list[str] = []

    def look_up(name: str, *_: object, **__: object) -> str:
        names.append(name)
        return "127.0.0.1"

    monkeypatch.setattr(ip_filter_adapter, "filter_host", look_up)
    monkeypatch.setattr(outbound, "is_public", lambda address: True)
    monkeypatch.setattr(adapters, "DEFAULT_CA_BUNDLE_PATH", str(tmp_path / "site.pem"))
    return names


def line_to(server: HTTPServer) -> Line:
    return Line(f"https://{NAME}:{server.port}", HTTPBasicAuth("a", "b"), "Tests", ())


def test_a_name_is_looked_up_once_for_all_requests(secured: HTTPServer, looked_up: list[str]) -> None:
    line = line_to(secured)
    assert [line.get("/api").status for _ in range(3)] == [200] * 3
    assert looked_up == [NAME]
    assert {request.headers["Host"] for request, _ in secured.log} == {f"{NAME}:{secured.port}"}


def test_a_name_is_looked_up_again_after_a_failure(secured: HTTPServer, looked_up: list[str]) -> None:
    line = line_to(secured)
    line.get("/api")
    secured.stop()
    with pytest.raises((HTTPError, OSError)):
        line.get("/api")
    secured.start()
    assert line.get("/api").status == 200
    assert looked_up == [NAME] * 2
