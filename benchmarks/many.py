"""`python -m benchmarks.many [claims|shares|idle|freshness]`: many sources on one machine, in the launcher.

Who claims what is due, how fair workers are to small sources beside big ones, what an idle installation costs, and
how soon a change is in the warehouse, with real workers and a real beat. Every figure is a line of a Markdown table.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from multiprocessing import get_context
from statistics import median
from typing import Any

import django
import psycopg2

from benchmarks.players import Site, serving
from workspace.launcher.exported import warehouse_fields

SMALL, BIG = 300, 100_000
"""Cases of a small source and of a big one."""
SOURCES, BIGS = 50, 4
DUE, TICKS = 10_000, 3
IDLE_SOURCES, IDLE_SECONDS, SETTLED_SECONDS = 100, 120, 30
WORKER = ("worker", "-O", "fair", "--without-gossip", "--without-mingle")
"""As the Procfile starts one, but for the number of its processes."""
LIMIT = 600
"""Seconds after which a measurement is given up."""


def main() -> int:
    """Migrate the launcher's empty database and measure one thing after the other."""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument(
        "parts", nargs="*", choices=PARTS, help="what to measure; everything if none is named"
    )
    wanted = parser.parse_args().parts or PARTS
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workspace.settings")
    os.environ |= {"OUTBOUND_ALLOWED_HOSTS": "127.0.0.1", "MALLOC_ARENA_MAX": "1"}
    subprocess.run([sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"], check=True)
    django.setup()
    print("| what | figure |\n|---|---|")
    with serving(SMALL) as small, serving(BIG) as big:
        for name in wanted:
            PARTS[name](small, big)
    return 0


def claim_due(site: Site) -> None:
    """Ten thousand due sources, three ticks at once: each source gets one run."""
    from sources.models import SourceSync

    clear()
    add_sources([site] * DUE, due=True)
    with get_context("spawn").Pool(TICKS, _ready) as pool:
        pool.map(_ready_now, range(TICKS))
        started = time.monotonic()
        claimed = pool.map(_tick, range(TICKS), chunksize=1)
        seconds = time.monotonic() - started
    runs = SourceSync.objects.count()
    each = SourceSync.objects.values("source").distinct().count()
    if (sum(claimed), runs, each) != (DUE, DUE, DUE):
        raise SystemExit(f"{sum(claimed):,} claimed, {runs:,} runs of {each:,} sources instead of {DUE:,}.")
    report(f"{DUE:,} due sources claimed by {TICKS} ticks", f"{seconds:.1f} s, each once ({claimed})")


def share_out(small: Site, big: Site) -> None:
    """The same work with ever more worker processes."""
    for workers in (2, 4, 8):
        share_workers(small, big, workers)


def share_workers(small: Site, big: Site, workers: int) -> None:
    """Small sources and big ones due together: when each ends, and how long each waits."""
    from sources.models import SourceSync
    from sources.schedule import start_due
    from sources.tasks import enqueue

    clear()
    bigs = add_sources([big] * BIGS)
    smalls = add_sources([small] * (SOURCES - BIGS), due=True)
    for one in bigs:  # due a little earlier: the worst order for the small ones
        one.next_sync_at = smalls[0].next_sync_at - timedelta(minutes=1)
        one.save()
    with worker(workers):
        started = time.monotonic()
        start_due(enqueue)
        wait_until(lambda: SourceSync.objects.filter(status="success").count() == SOURCES)
        seconds = time.monotonic() - started
    waits, ends = _waits_and_ends([one.pk for one in smalls])
    objects = BIGS * BIG + (SOURCES - BIGS) * SMALL
    report(
        f"{SOURCES} sources ({BIGS} of {BIG:,} cases, the others {SMALL}) due at once, {workers} worker processes",
        f"{seconds:.0f} s, {objects / seconds:,.0f} objects/s; small ones waited {median(waits):.0f} s "
        f"(at most {max(waits):.0f}) and ended after {median(ends):.0f} s (at most {max(ends):.0f})",
    )


def idle(site: Site) -> None:
    """Nothing is due: how much a worker, a beat and the sources ask of PostgreSQL, with its own autovacuum."""
    clear()
    add_sources([site] * IDLE_SOURCES)
    _tidy()
    with worker(2), beat():
        time.sleep(SETTLED_SECONDS)
        asked = _rate()
    report(f"{IDLE_SOURCES} sources, none due, for {IDLE_SECONDS} s", f"{asked:.2f} transactions/s")


def freshen(site: Site) -> None:
    """A change at the vendor: seconds until the warehouse has it, after *Sync now* and by the schedule alone."""
    from django.utils import timezone

    from sources.schedule import request_sync
    from sources.tasks import enqueue
    from warehouses.setup import add_warehouse

    clear()
    url = os.environ["WAREHOUSE_URL"]
    warehouse = add_warehouse(_workspace(), "postgres", "Warehouse", warehouse_fields(url))
    warehouse.schedule = {"after_sync": True}
    warehouse.save()
    (source,) = add_sources([site], warehouses=[warehouse])
    with worker(2), beat():
        enqueue(request_sync(source).pk)
        wait_until(lambda: _loaded(url, source) == SMALL)
        since = site.ask("/change?every=10", "POST")
        started = time.monotonic()
        enqueue(request_sync(source).pk)
        wait_until(lambda: _loaded(url, source, since) == SMALL // 10, every=0.05)
        report("A change is in the warehouse after *Sync now*", f"{time.monotonic() - started:.1f} s")
        source.interval, source.next_sync_at = timedelta(minutes=1), timezone.now()
        source.save()
        runs = source.syncs.count()
        wait_until(lambda: source.syncs.filter(status="success").count() > runs)
        since = site.ask("/change?every=10", "POST")
        started = time.monotonic()
        wait_until(lambda: _loaded(url, source, since) == SMALL // 10, every=0.05)
        report("… by a schedule of one minute", f"{time.monotonic() - started:.0f} s")


PARTS: dict[str, Callable[[Site, Site], None]] = {
    "claims": lambda small, big: claim_due(small),
    "shares": share_out,
    "idle": lambda small, big: idle(small),
    "freshness": lambda small, big: freshen(small),
}
"""What can be measured, given a small site and a big one."""


def add_sources(sites: list[Site], *, due: bool = False, warehouses: Any = ()) -> list[Any]:
    """Enabled sources of one workspace, each reading only the cases of its site."""
    from django.utils import timezone

    from sources.connectors.desk import Desk
    from sources.models import Source
    from sources.setup import draft_source

    workspace, now, added = _workspace(), timezone.now(), []
    others = [stream.collection for stream in Desk.streams if stream.collection != "cases"]
    for site in sites:
        source = draft_source(workspace, "desk", f"Desk {Source.objects.count() + 1}", warehouses=warehouses)
        source.credentials = {"base_url": site.url, "email": "a@example.com", "password": "unused"}
        source.collections_off = others
        source.status = Source.Status.ENABLED
        source.next_sync_at = now - timedelta(minutes=1) if due else now + timedelta(hours=3)
        source.save()
        added.append(source)
    return added


def clear() -> None:
    """No workspace, and no message of one."""
    from workspace.celery import app
    from workspace.models import Workspace

    with psycopg2.connect(os.environ["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE workspace_workspace, hub_object CASCADE")
    Workspace.objects.create(name="Many", slug="many", plan="unlimited")
    app.control.purge()


def celery_command(*part: str) -> list[str]:
    """What starts a part of Celery with this Python."""
    return [sys.executable, "-m", "celery", "-A", "workspace", *part]


@contextmanager
def worker(processes: int) -> Iterator[None]:
    """A Celery worker as the Procfile starts it, with so many processes."""
    with _celery(*WORKER, "--concurrency", str(processes)):
        yield


@contextmanager
def beat() -> Iterator[None]:
    """A Celery beat as the Procfile starts it."""
    with _celery("beat", "--schedule", f"var/bench-beat-{os.getpid()}", "--pidfile="):
        yield


def wait_until(reached: Callable[[], bool], every: float = 0.2) -> None:
    """Look again and again; gives up after LIMIT seconds."""
    until = time.monotonic() + LIMIT
    while not reached():
        if time.monotonic() > until:
            raise SystemExit(f"Nothing came of it in {LIMIT} s.")
        time.sleep(every)


def report(what: str, figure: str) -> None:
    """A line of the table."""
    print(f"| {what} | {figure} |", flush=True)


@contextmanager
def _celery(*command: str) -> Iterator[None]:
    process = subprocess.Popen(
        celery_command(*command),
        env={**os.environ, "REMAP_SIGTERM": "SIGQUIT"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with ExitStack() as stack:
        stack.callback(process.wait)
        stack.callback(process.terminate)
        yield


def _workspace() -> Any:
    from workspace.models import Workspace

    return Workspace.objects.get()


def _waits_and_ends(sources: list[Any]) -> tuple[list[float], list[float]]:
    from sources.models import SourceSync

    runs = SourceSync.objects.filter(source__in=sources)
    waits = [(run.started_at - run.queued_at).total_seconds() for run in runs if run.started_at]
    ends = [(run.finished_at - run.queued_at).total_seconds() for run in runs if run.finished_at]
    return waits, ends


def _loaded(url: str, source: Any, since: str = "") -> int:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(
                f'SELECT count(*) FROM "{source.schema.name}".cases WHERE updated_at >= %s',
                [since or "2000-01-01"],
            )
        except psycopg2.errors.UndefinedTable:
            return 0
        return int(cursor.fetchone()[0])


def transactions(url: str) -> int:
    """How many a database has ended, of connections that are closed or have been idle for ten seconds.

    Others tell theirs later: what prepares a measurement has to be over before it, or it is counted in.
    """
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def _tidy() -> None:
    """Leave autovacuum nothing to do, and no connection of our own that could tell late what it has done."""
    from django.db import connections

    connections.close_all()
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as connection:
        connection.autocommit = True
        connection.cursor().execute("VACUUM (ANALYZE)")


def _rate() -> float:
    """Transactions a second, over IDLE_SECONDS."""
    before = transactions(os.environ["DATABASE_URL"])
    time.sleep(IDLE_SECONDS)
    return (transactions(os.environ["DATABASE_URL"]) - before) / IDLE_SECONDS


def _ready() -> None:
    django.setup()


def _ready_now(number: int) -> None:
    """Connect once, so that the claim alone is timed."""
    from sources.models import Source

    Source.objects.exists()


def _tick(number: int) -> int:
    from sources.schedule import start_due
    from sources.tasks import enqueue

    return start_due(enqueue)


if __name__ == "__main__":
    raise SystemExit(main())
