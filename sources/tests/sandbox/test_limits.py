"""The rate limit of a minute of the clock."""

from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from sources.sandbox.limits import UNLIMITED, MinuteLimit
from sources.sandbox.server import Sandbox
from sources.tests.sandbox.conftest import asker, items

NOON = 1_479_816_000


def told(limit: MinuteLimit) -> tuple[bool, dict[str, Any]]:
    within, headers = limit.take()
    return within, {name.decode(): value.decode() for name, value in headers}


@pytest.mark.parametrize(("second", "reset"), [(0, 60), (0.9, 60), (1, 59), (59.99, 1), (60, 60)])
def test_reset_runs_from_60_to_1_and_is_never_rounded_down(second: float, reset: int) -> None:
    _, headers = told(MinuteLimit(10, clock=lambda: NOON + second))
    assert int(headers["x-rate-limit-reset"]) == reset
    assert (parsedate_to_datetime(headers["date"]).second + reset) % 60 == 0


def test_requests_are_counted_down_and_then_refused_until_the_minute_is_over() -> None:
    now = NOON + 58.0
    limit = MinuteLimit(2, clock=lambda: now)
    seen = [
        (within, headers["x-rate-limit-remaining"]) for within, headers in (told(limit) for _ in range(4))
    ]
    assert seen == [(True, "1"), (True, "0"), (False, "0"), (False, "0")]
    now = NOON + 60.0
    assert told(limit)[0]


def test_without_a_limit_the_headers_are_sent_all_the_same() -> None:
    limit = MinuteLimit(0)
    assert {told(limit)[1]["x-rate-limit-remaining"] for _ in range(3)} == {str(UNLIMITED - 1)}


def test_every_kind_of_answer_tells_the_rate_limit() -> None:
    asked = [
        ("/cases", "GET"),
        ("/none", "GET"),
        ("/users", "POST"),
        ("/topics", "POST"),
        ("/customers/1", "DELETE"),
        ("/cases", "HEAD"),
        ("/cases?page=501", "GET"),
        ("/cases", "GET"),
    ]
    with Sandbox(items(), rate_limit=7, clock=lambda: NOON + 20) as site:
        ask = asker(site)
        replies = [ask(path, method, {} if method == "POST" else None) for path, method in asked]
    assert [reply.status for reply in replies] == [200, 404, 405, 422, 204, 200, 422, 429]
    assert [int(reply.headers["x-rate-limit-remaining"]) for reply in replies] == [6, 5, 4, 3, 2, 1, 0, 0]
    assert {reply.headers["x-rate-limit-limit"] for reply in replies} == {"7"}
    assert {reply.headers["x-rate-limit-reset"] for reply in replies} == {"40"}


def test_a_request_without_credentials_counts_too() -> None:
    with Sandbox(items(), rate_limit=5, clock=lambda: NOON) as site:
        reply = asker(site)("/cases", Authorization="Basic nobody")
    assert (reply.status, reply.headers["x-rate-limit-remaining"]) == (401, "4")
