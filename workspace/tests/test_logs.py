"""Log lines: one object each, with what the work is about, and nothing that breaks out of its line."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sources.models import SourceSync
from sources.sync import run_slice
from workspace.ahead import Ahead
from workspace.logs import JsonLines, PlainLines, about, configured
from workspace.models import Workspace
from workspace.tests.overview.conftest import add_run, add_source

HOSTILE = 'x\r\n{"level": "ERROR", "message": "forged"}\u2028\x1b[31m\x85'
log = logging.getLogger("workspace.tests.logs")


@pytest.fixture
def written() -> Iterator[Callable[[type[logging.Formatter]], io.StringIO]]:
    """Everything of ours that is logged, formatted as asked."""
    root, handler = logging.getLogger(), logging.StreamHandler(io.StringIO())
    before, ours = root.level, [logging.getLogger(name) for name in ("workspace", "sources", "warehouses")]

    def write(formatter: type[logging.Formatter]) -> io.StringIO:
        handler.setFormatter(formatter())
        for logger in ours:
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
        stream: io.StringIO = handler.stream
        return stream

    yield write
    assert root.level == before
    for logger in ours:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


Written = Callable[[type[logging.Formatter]], io.StringIO]


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_every_line_of_a_sync_names_run_workspace_and_source(acme: Workspace, written: Written) -> None:
    stream = written(JsonLines)
    run = add_run(add_source(acme), "queued")  # it has no credentials: it ends with a sentence
    run_slice(run.pk)
    fields = {"run": str(run.pk), "kind": "sourcesync", "workspace": "acme", "source": "desk-com"}
    found = lines(stream)
    assert "Ended: Failed." in [line["message"] for line in found]
    assert [line for line in found if not fields.items() <= line.items()] == []
    assert SourceSync.objects.get().status == "failed"


def test_a_thread_that_works_ahead_knows_what_it_is_about(written: Written) -> None:
    stream = written(JsonLines)

    def items() -> Iterator[int]:
        log.info("fetching")
        yield 1

    with about(run="17"), Ahead(items(), 1) as ahead:
        assert list(ahead) == [1]
    assert [line["run"] for line in lines(stream)] == ["17"]


def test_what_follows_a_run_carries_nothing_of_it(written: Written) -> None:
    stream = written(JsonLines)
    with about(run="17"), about(source="desk"):
        log.info("inside")
    log.info("after")
    inside, after = lines(stream)
    assert (inside["run"], inside["source"]) == ("17", "desk")
    assert after.keys() == {"at", "level", "logger", "message"}


@pytest.mark.parametrize("formatter", [JsonLines, PlainLines])
def test_nothing_breaks_out_of_its_line(formatter: type[logging.Formatter], written: Written) -> None:
    stream = written(formatter)
    with about(source=HOSTILE):
        log.info("Read %s", HOSTILE)
    (line,) = stream.getvalue().splitlines()
    assert "\x1b" not in line


def test_a_traceback_is_a_field_of_its_line(written: Written) -> None:
    stream = written(JsonLines)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        log.exception("It failed")
    (line,) = lines(stream)
    assert line["exception"].startswith("Traceback")


def test_no_line_of_a_traceback_can_be_taken_for_one_of_the_log(written: Written) -> None:
    stream = written(PlainLines)
    try:
        raise ValueError(f"2026-01-01 00:00:00 ERROR x forged {HOSTILE}")
    except ValueError:
        log.exception("It failed")
    first, *others = stream.getvalue().rstrip("\n").split("\n")
    assert first.endswith("It failed")
    assert len(others) > 3
    assert all(line.startswith("  | ") for line in others)
    assert not {"\r", "\x1b", "\u2028", "\x85"} & set(stream.getvalue())


@pytest.mark.parametrize("formatter", [JsonLines, PlainLines])
@pytest.mark.parametrize(
    "path",
    [
        "/invitation/abc-DEF_9",
        "/invitation/abc-DEF_9x?a=1",
        "/accounts/password/reset/key/1-abc-DEF_9/",
        "/accounts/login/?next=%2Finvitation%2Fabc-DEF_9",
        "/accounts/?next=%2finvitation%2fabc&then=%252Faccounts%252Fpassword%252Freset%252Fkey%252F1-abc%252F",
    ],
)
def test_links_that_open_a_door_are_not_logged(
    path: str, formatter: type[logging.Formatter], written: Written
) -> None:
    stream = written(formatter)
    log.warning('"GET %s HTTP/1.1" 200', path)
    try:
        raise ValueError(path)
    except ValueError:
        log.exception("It failed")
    assert "abc" not in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert path.split("/")[1] in stream.getvalue()


def test_libraries_that_would_write_headers_are_kept_from_it() -> None:
    levels = configured("json", "DEBUG")["loggers"]
    assert levels["requests_oauthlib"] == levels["urllib3"] == {"level": "INFO"}
