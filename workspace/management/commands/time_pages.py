"""How long the server takes for every page of a workspace, and how often it asks the database."""

from __future__ import annotations

import math
import time
from argparse import ArgumentParser
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from rich.table import Table

from workspace.access import owners_of
from workspace.confirming import signed_in_now
from workspace.foreground import printer
from workspace.prompts import find_workspace
from workspace.walk import Page, walk


@dataclass(frozen=True)
class Timing:
    """Milliseconds of the middle and of the slowest but five in a hundred answers, and queries for one."""

    page: Page
    p50: float
    p95: float
    queries: int
    kilobytes: float


class Command(BaseCommand):
    help = (
        "Ask for every page of a workspace as its owner, in this process. Exits with 1 when a page is slower or asks "
        "the database more often than allowed, or a link is dead."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", default="history")
        parser.add_argument("-n", "--times", type=int, default=20, help="requests of each page")
        parser.add_argument("--milliseconds", type=float, default=200, help="allowed at the 95th percentile")
        parser.add_argument("--queries", type=int, default=15, help="allowed for one page")
        parser.add_argument("--markdown", action="store_true", help="print the table for docs/performance.md")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        owner = next(iter(owners_of(workspace)), None)
        if owner is None:
            raise CommandError(f"The workspace {workspace.slug} has no owner to look with.")
        call_command("collectstatic", verbosity=0, interactive=False)  # pages name files by their hashes
        client = _client()
        client.force_login(owner)
        session = client.session
        session.update(signed_in_now(owner, ahead=86_400))
        session.save()
        found = walk(client, reverse("workspace:overview", args=[workspace.slug]))
        timings = sorted(
            (time_page(client, page, options["times"]) for page in found.pages), key=lambda t: -t.p95
        )
        _show(timings, markdown=options["markdown"])
        slow = [t for t in timings if t.p95 > options["milliseconds"] or t.queries > options["queries"]]
        for path, why in found.dead.items():
            self.stderr.write(f"dead link: {path} ({why})")
        for name, why in found.unwalked.items():
            self.stderr.write(f"not reached: {name} ({why})")
        for timing in slow:
            self.stderr.write(f"too much: {timing.page.path} ({timing.p95:.0f} ms, {timing.queries} queries)")
        if slow or found.dead:
            raise SystemExit(1)


def time_page(client: Client, page: Page, times: int) -> Timing:
    """Ask for the page once to count its queries, then so many `times` to time it."""
    with CaptureQueriesContext(connection) as queries:
        size = _ask(client, page.path)
    asked = len(queries)  # the next request forgets them
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        _ask(client, page.path)
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    p95 = taken[math.ceil(len(taken) * 0.95) - 1]
    return Timing(page, taken[len(taken) // 2], p95, asked, size / 1000)


def _ask(client: Client, path: str) -> int:
    """Bytes of the answer. A file that is streamed has answered with its first part."""
    response = client.get(path)
    if not response.streaming:
        return len(response.content)
    first = next(iter(response), b"")
    response.close()
    return len(first)


def _client() -> Client:
    """A browser at an address that the installation answers to."""
    host = next(
        (host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*", "["))), "localhost"
    )
    scheme = "https" if settings.HTTPS_ONLY else "http"
    return Client(raise_request_exception=False, headers={"host": host, "x-forwarded-proto": scheme})


def _show(timings: list[Timing], *, markdown: bool) -> None:
    rows = [
        (t.page.name, f"{t.p50:.0f}", f"{t.p95:.0f}", str(t.queries), f"{t.kilobytes:.0f}") for t in timings
    ]
    heads = ("page", "p50 ms", "p95 ms", "queries", "kB")
    if markdown:
        lines = [heads, ("---", "--:", "--:", "--:", "--:"), *rows]
        print("\n".join(f"| {' | '.join(line)} |" for line in lines))
        return
    table = Table(title=f"{len(rows)} pages")
    for head in heads:
        table.add_column(head, justify="left" if head == "page" else "right")
    for row in rows:
        table.add_row(*row)
    printer().print(table)
