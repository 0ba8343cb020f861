"""A worker stays below 300 MB whatever a page of a site is; `MEASURED=1` has a real one read large pages."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from sources.models import SourceSync
from sources.schedule import request_sync
from sources.tasks import enqueue
from workspace.runs import Run
from workspace.tests.holes import MEASURED
from workspace.tests.path.servers import celery_processes, eventually
from workspace.tests.path.stretch import Stretch

pytestmark = pytest.mark.django_db(transaction=True)
MB = 1 << 20
ROBIN = b'{"name": "Robin", "level": "siteadmin_billing", "_links": {"self": {"href": "/api/v2/users/1"}}}'


def page(entries: bytes, total: int) -> bytes:
    """A last page of a list."""
    links = b'{"self": {"href": "/api/v2/cases", "class": "page"}, "next": null}'
    return b'{"total_entries": %d, "_links": %b, "_embedded": {"entries": [%b]}}' % (total, links, entries)


def cases(total: int, value: bytes) -> bytes:
    """So many cases with one value each."""
    case = b'{"id": %d, "updated_at": "2016-01-01T00:00:00Z", "_links": {}, "p": %b}'
    return page(b",".join(case % (number, value) for number in range(1, total + 1)), total)


class Stub:
    """A site whose list of cases is this answer."""

    def __init__(self, cases: bytes) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                empty = page(b"", 0)
                body = ROBIN if "users/current" in self.path else cases if "/cases" in self.path else empty
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


ANSWERS: dict[str, Callable[[], bytes]] = {
    "15 MB of text": lambda: cases(100, b'"%b"' % (b"text, " * 25_000)),
    "15 MB in one record": lambda: cases(1, b'"%b"' % (b"x" * 15 * MB)),
    "5 MB of numbers": lambda: cases(100, b"[%b0]" % (b"1.5," * 12_000)),
    "15 MB of empty lists": lambda: cases(100, b"[%b[]]" % (b"[]," * 50_000)),
    "100 MB": lambda: cases(100, b'"%b"' % (b"x" * MB)),
    "10,000 levels": lambda: cases(100, b"[" * 10_000 + b"]" * 10_000),
    "10,000 levels of objects": lambda: cases(100, b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
}


def most_memory(pid: int) -> int:
    """The most memory in MB that any process of the group has had at once."""
    peaks = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) == pid:
                found = re.search(r"VmHWM:\s+(\d+) kB", (folder / "status").read_text())
                peaks.append(int(found[1]) // 1024 if found else 0)
        except (OSError, ProcessLookupError):
            continue
    return max(peaks)


@pytest.mark.skipif(not MEASURED, reason="MEASURED=1 measures")
@pytest.mark.parametrize("answer", ANSWERS)
def test_a_worker_stays_below_300_mb(answer: str, make_path: Callable[..., Stretch], tmp_path: Path) -> None:
    path = make_path(desk=Stub(ANSWERS[answer]()))
    with celery_processes(connection.settings_dict, tmp_path) as start_worker:
        worker = start_worker()
        sync = request_sync(path.source, full=True)
        enqueue(sync.pk)
        eventually(
            "The sync ends", lambda: not SourceSync.objects.filter(status__in=Run.ACTIVE).exists(), 200
        )
        peak = most_memory(worker.pid)
    print(f"{answer}: {peak} MB")
    assert peak < 300
