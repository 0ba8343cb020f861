"""One request to a Desk site: what is believed, what is asked again, what is given up."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from sources.connectors.desk import Desk, transport
from sources.connectors.desk.answers import parse_listing
from sources.connectors.desk.client import DeskClient, Query
from sources.connectors.desk.failures import RESET_SECONDS
from sources.tests.connectors.made import WatchedTraffic, answer, case, listing
from workspace.errors import ConfigError, TransientError

CASES = Query("cases", {})
PATH = "/api/v2/cases"
SIGNED = b64encode(b"a@example.com:secret").decode()
GOOD = listing([case(1)], here=f"{PATH}?page=1&per_page=50")


def serve_in_turn(httpserver: HTTPServer, *answers: Response) -> None:
    """Give these answers one after the other, the last one for ever."""
    waiting = list(answers)

    def handler(_: Request) -> Response:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    httpserver.expect_request(PATH).respond_with_handler(handler)


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does with each connection what `talk` does; its address."""

    def run() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                talk(connection)

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        threading.Thread(target=run, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def client_of(base_url: str, traffic: WatchedTraffic) -> closing[DeskClient]:
    settings = {"base_url": base_url, "email": "a@example.com", "password": "secret"}
    return Desk().open(settings, traffic)  # type: ignore[return-value]


def test_the_clock_of_a_listing_is_the_servers() -> None:
    reply = transport.Reply(200, {"Date": "Tue, 22 Nov 2016 10:00:00 GMT"}, json.dumps(GOOD).encode())
    assert parse_listing(reply, "https://wxyz.desk.com", PATH).clock == datetime(2016, 11, 22, 10, tzinfo=UTC)


def test_requests_carry_credentials_and_say_who_asks(httpserver: HTTPServer, client: DeskClient) -> None:
    serve_in_turn(httpserver, answer(GOOD))
    client.listing(CASES.having(q="(updated_at:[1 TO 2])", page=1))
    request, _ = httpserver.log[0]
    assert b64decode(request.headers["Authorization"].removeprefix("Basic ")) == b"a@example.com:secret"
    assert request.headers["User-Agent"].startswith("Tributary/")
    assert request.args["q"] == "(updated_at:[1 TO 2])"


def test_rate_limit_headers_are_passed_on(
    httpserver: HTTPServer, client: DeskClient, traffic: WatchedTraffic
) -> None:
    serve_in_turn(httpserver, answer(GOOD))
    client.listing(CASES)
    assert traffic.limits == [(300, 299, 30)]


def test_a_packed_answer_is_unpacked(httpserver: HTTPServer, client: DeskClient) -> None:
    packed = answer(gzip.compress(json.dumps(GOOD).encode()), headers={"Content-Encoding": "gzip"})
    serve_in_turn(httpserver, packed)
    assert client.listing(CASES).total == 1


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Sorry</html>",
        json.dumps(GOOD).encode()[:-40],
        b"[]",
        b"",
        b"\xff\xfe",
        b'{"message": "ok"}',
        json.dumps({**GOOD, "total_entries": "1"}).encode(),
        json.dumps({**GOOD, "_embedded": {}}).encode(),
        json.dumps({**GOOD, "_links": {"self": None}}).encode(),
    ],
)
def test_an_answer_that_is_no_listing_is_asked_for_again(
    body: bytes, httpserver: HTTPServer, client: DeskClient, traffic: WatchedTraffic
) -> None:
    serve_in_turn(httpserver, answer(body), answer(GOOD))
    assert client.listing(CASES).total == 1
    assert [reason for _, reason in traffic.pauses] == ["retry"]


def test_an_answer_that_stays_malformed_is_given_up_after_five_attempts(
    httpserver: HTTPServer, client: DeskClient, traffic: WatchedTraffic
) -> None:
    serve_in_turn(httpserver, answer(b"<html>"))
    with pytest.raises(TransientError) as caught:
        client.listing(CASES)
    assert (caught.value.code, traffic.requests, len(traffic.pauses)) == ("malformed_answer", 5, 4)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 400, 408])
def test_a_failing_server_is_asked_again_with_growing_waits(
    status: int, httpserver: HTTPServer, client: DeskClient, traffic: WatchedTraffic
) -> None:
    serve_in_turn(httpserver, *[answer({"message": "Oops"}, status)] * 4, answer(GOOD))
    assert client.listing(CASES).total == 1
    assert [reason for _, reason in traffic.pauses] == ["retry"] * 4
    assert all(seconds <= 2.0**attempt for attempt, (seconds, _) in enumerate(traffic.pauses, start=1))


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (301, ConfigError, "not_desk"),
        (302, ConfigError, "not_desk"),
        (401, ConfigError, "credentials_rejected"),
        (403, ConfigError, "forbidden"),
        (404, ConfigError, "not_found"),
        (405, ConfigError, "request_refused"),
        (422, ConfigError, "request_refused"),
        (500, TransientError, "server_error"),
        (204, TransientError, "malformed_answer"),
    ],
)
def test_each_status_becomes_one_error(
    status: int, error: type[Exception], code: str, httpserver: HTTPServer, client: DeskClient
) -> None:
    serve_in_turn(httpserver, answer(b"", status))
    with pytest.raises(error) as caught:
        client.listing(CASES)
    assert caught.value.code == code  # type: ignore[attr-defined]


def test_a_refusal_is_not_repeated_and_says_what_desk_said(
    httpserver: HTTPServer, client: DeskClient, traffic: WatchedTraffic
) -> None:
    serve_in_turn(httpserver, answer({"message": "Validation Failed"}, 422))
    with pytest.raises(ConfigError, match="Validation Failed"):
        client.listing(CASES)
    assert traffic.requests == 1


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [("17", 17), ("0", 1), ("-3", 1), ("86400", 61), ("soon", RESET_SECONDS), ("nan", RESET_SECONDS)],
)
def test_a_429_is_waited_out_as_the_header_says(
    reset: str, seconds: int, httpserver: HTTPServer, client: DeskClient, traffic: WatchedTraffic
) -> None:
    refusal = answer({"message": "Too Many Requests"}, 429, headers={"X-Rate-Limit-Reset": reset})
    serve_in_turn(httpserver, refusal, answer(GOOD))
    assert client.listing(CASES).total == 1
    assert traffic.pauses == [(seconds, "rate_limited")]


def test_a_429_without_end_is_given_up(
    httpserver: HTTPServer, client: DeskClient, traffic: WatchedTraffic
) -> None:
    serve_in_turn(httpserver, answer({"message": "Too Many Requests"}, 429))
    with pytest.raises(TransientError) as caught:
        client.listing(CASES)
    assert (caught.value.code, traffic.requests) == ("rate_limited", 15)


@pytest.mark.parametrize(
    "href",
    ["http://evil.example/api/v2/cases?page=2", "//evil.example/x", "https://[", "http://127.0.0.1:1/x"],
)
def test_a_next_link_to_another_host_is_never_followed(
    href: str, httpserver: HTTPServer, client: DeskClient
) -> None:
    serve_in_turn(httpserver, answer(listing([case(1)], total=2, following=href)))
    with pytest.raises(TransientError) as caught:
        client.listing(CASES)
    assert caught.value.code == "bad_next_link"


def test_a_next_link_with_the_whole_address_of_the_site_is_fine(
    httpserver: HTTPServer, client: DeskClient
) -> None:
    href = httpserver.url_for("/api/v2/cases?page=2&per_page=50")
    serve_in_turn(httpserver, answer(listing([case(1)], total=2, following=href)))
    assert client.listing(CASES).more


def test_a_cut_body_is_asked_for_again(traffic: WatchedTraffic) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"total_entries": 1')

    with raw_server(talk) as url, client_of(url, traffic) as client, pytest.raises(TransientError) as caught:
        client.listing(CASES)
    assert (caught.value.code, traffic.requests) == ("unreachable", 5)


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"]
)
def test_an_answer_that_drips_is_cut_off(
    start: bytes, traffic: WatchedTraffic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.2)
    hung_up = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.sendall(start)
        try:
            while not hung_up.wait(0.01):
                connection.sendall(b" ")
        except OSError:
            return

    with raw_server(talk) as url, client_of(url, traffic) as client, pytest.raises(TransientError) as caught:
        client.listing(CASES)
    hung_up.set()
    assert caught.value.code == "timed_out"


def test_an_answer_without_end_is_cut_off(
    httpserver: HTTPServer, client: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER_BYTES", 1000)
    bomb = gzip.compress(b" " * 10_000_000)
    serve_in_turn(httpserver, answer(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(TransientError, match="cut off"):
        client.listing(CASES)


@pytest.mark.parametrize("value", [b"[]", b"{}", b"1.5"])
def test_an_answer_that_would_unfold_to_hundreds_of_megabytes_is_not_read(
    value: bytes, httpserver: HTTPServer, client: DeskClient
) -> None:
    serve_in_turn(httpserver, answer(b"[" + (value + b",") * 2_000_000 + value + b"]"))
    with pytest.raises(TransientError, match="more values than a hundred records"):
        client.listing(CASES)


@pytest.mark.parametrize(
    "echo",
    [
        "secret",
        "a%40example.com:secret",
        "Basic YUBleGFtcGxlLmNvbTpzZWNyZXQ=",
        "c2VjcmV0",
        f"{'x' * 196}secret",
    ],
    ids=["plain", "quoted", "the header", "base64", "at the cut"],
)
def test_a_site_that_repeats_our_credentials_is_not_quoted(
    echo: str, httpserver: HTTPServer, client: DeskClient
) -> None:
    serve_in_turn(httpserver, answer({"message": f"Not with {echo}"}, 422))
    with pytest.raises(ConfigError) as caught:
        client.listing(CASES)
    assert "Not with" in caught.value.message
    assert not any(word in str(caught.value) for word in ("secr", SIGNED, b64encode(b"secret").decode()))


def test_a_link_that_repeats_our_credentials_is_not_quoted(
    httpserver: HTTPServer, client: DeskClient
) -> None:
    page = listing([case(1)], here=f"{PATH}?page=1", following="http://a:secret@elsewhere.invalid/")
    serve_in_turn(httpserver, answer(page))
    with pytest.raises(TransientError, match="another host, 'http://a:…@") as caught:
        client.listing(CASES)
    assert "secret" not in str(caught.value)


def test_a_refusal_without_a_bottom_is_a_refusal(httpserver: HTTPServer, client: DeskClient) -> None:
    serve_in_turn(httpserver, answer(b"[" * 100_000, 422))
    with pytest.raises(ConfigError, match="HTTP 422"):
        client.listing(CASES)


def test_one_connection_serves_many_requests(httpserver: HTTPServer, traffic: WatchedTraffic) -> None:
    connections = []
    body = json.dumps(GOOD).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()

    def talk(connection: socket.socket) -> None:
        connections.append(connection)
        connection.sendall(head + body)
        while connection.recv(65536):
            connection.sendall(head + body)

    with raw_server(talk) as url, client_of(url, traffic) as client:
        assert [client.listing(CASES).total for _ in range(5)] == [1] * 5
    assert len(connections) == 1


def test_a_private_address_is_refused_unless_it_is_allowed() -> None:
    with client_of("https://127.0.0.1:9", WatchedTraffic("elsewhere")) as client:
        with pytest.raises(ConfigError) as caught:
            client.listing(CASES)
    assert caught.value.code == "address_refused"


def test_credentials_are_not_sent_without_tls_to_a_host_that_is_not_allowed() -> None:
    with pytest.raises(ConfigError, match="https"):
        client_of("http://desk.example", WatchedTraffic())


def test_no_error_holds_the_password(httpserver: HTTPServer, client: DeskClient) -> None:
    serve_in_turn(httpserver, answer({"message": "no"}, 401))
    with pytest.raises(ConfigError) as caught:
        client.listing(CASES)
    assert "secret" not in f"{caught.value!r} {caught.value.action}"
