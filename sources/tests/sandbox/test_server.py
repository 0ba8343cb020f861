"""The server around the site."""

import os
import socket
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sources.sandbox.generator import generate
from sources.sandbox.server import Sandbox
from sources.tests.sandbox.conftest import asker, items


def test_a_sandbox_takes_a_free_port_and_gives_it_back() -> None:
    with Sandbox(items()) as site:
        host, port = site.url.removeprefix("http://").split(":")
        assert asker(site)("/cases").status == 200
    with socket.create_server((host, int(port))):
        pass


def test_a_port_that_is_taken_is_refused_before_anything_is_loaded() -> None:
    def loaded() -> Iterator[tuple[str, dict[str, Any]]]:
        pytest.fail("It was loaded.")
        yield "cases", {}

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Sandbox(loaded(), port=taken.getsockname()[1])


def test_stopping_leaves_no_thread_and_no_open_file() -> None:
    def open_files() -> int:
        return len(list(Path("/proc/self/fd").iterdir())) if os.path.exists("/proc/self/fd") else 0

    threads, files = threading.active_count(), open_files()
    for _ in range(3):
        with Sandbox(items()) as site:
            site.life.start()
            asker(site)("/cases")
    assert (threading.active_count(), open_files()) == (threads, files)


def test_memory_holds_no_objects() -> None:
    """What stays in Python's memory of a case is its row in the arrays, not its two kilobytes."""
    tracemalloc.start()
    site = Sandbox(generate(1_500, seed=1))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    site.stop()
    assert kept < 1_500 * 1_000


def test_a_failure_of_the_sandbox_itself_is_a_500_and_logged(
    site: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(site.api, "answer", lambda request: 1 / 0)
    assert asker(site)("/cases").status == 500
    assert "failed on GET /api/v2/cases" in caplog.text
