"""One source sync in the foreground, with a progress bar."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from sources.find import find_source
from sources.models import Source, SourceSync
from sources.schedule import request_sync
from sources.sync import run_slice
from sources.traffic import SharedTraffic
from workspace.errors import PublicError
from workspace.foreground import exit_status, printer, run_to_end
from workspace.prompts import as_command_error

COUNTS = ("read", "new", "changed", "unchanged", "deleted", "stale", "quarantined", "requests")


class Command(BaseCommand):
    help = "Run one sync of a source. Exit status: 0 success, 3 partial, 1 failed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="WORKSPACE/SOURCE")
        parser.add_argument("--full", action="store_true", help="read every collection whole")
        parser.add_argument(
            "--only", action="append", default=[], metavar="COLLECTION", help="may be repeated"
        )
        parser.add_argument("--json", action="store_true", help="print the run as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        source = find_source(options["source"])
        _refuse_unknown(source, options["only"])
        try:
            run = request_sync(source, full=options["full"], only=options["only"])
        except PublicError as error:
            raise as_command_error(error) from None
        with _Progress(quiet=options["json"]) as progress:
            run = run_to_end(run, lambda: run_slice(run.pk, watch=progress.watch), progress.follow)
        self._report(run, as_json=options["json"])
        if status := exit_status(run):
            raise SystemExit(status)

    def _report(self, run: SourceSync, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(run.as_dict(), indent=2))
            return
        console = printer()
        console.print(_table(run))
        for notice in run.notices:
            where = f"{notice['collection']}: " if notice["collection"] else ""
            console.print(
                f"{notice['level']:>8}  {where}{notice['message']} {notice['action']}", markup=False
            )


class _Progress:
    """A bar per collection: objects, rate, requests left in the vendor's window, waits."""

    def __init__(self, *, quiet: bool) -> None:
        self._progress = Progress(
            TextColumn("{task.description:>10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[state]}"),
            console=Console(stderr=True),
            disable=quiet,
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> _Progress:
        self._progress.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._progress.stop()

    def watch(self, run: SourceSync, collection: str, traffic: SharedTraffic) -> None:
        """After each commit."""
        count = run.counts[collection]
        bar = self._bar(collection)
        total = max(count.get("total") or 0, count["read"])
        self._progress.update(bar, completed=count["read"], total=total, state=traffic.state())
        speed = self._progress.tasks[bar].speed
        self._progress.update(bar, rate=f"{speed:,.0f}/s" if speed else "")

    def follow(self, run: SourceSync) -> None:
        """While another worker has the run."""
        for collection, count in run.counts.items():
            self._progress.update(self._bar(collection), completed=count["read"], total=count.get("total"))

    def _bar(self, collection: str) -> TaskID:
        if collection not in self._bars:
            self._bars[collection] = self._progress.add_task(collection, total=None, rate="", state="")
        return self._bars[collection]


def _refuse_unknown(source: Source, names: list[str]) -> None:
    known = [stream.collection for stream in source.streams()]
    if unknown := sorted(set(names) - set(known)):
        raise CommandError(f"{source} does not read {unknown[0]}; it reads {', '.join(known)}.")


def _table(run: SourceSync) -> Table:
    table = Table(title=f"{run.source}: {run.status}, {run.requests} requests, {run.waited:.0f} s waited")
    table.add_column("collection")
    for name in COUNTS:
        table.add_column(name, justify="right")
    for collection, count in run.in_order():
        table.add_row(collection, *(f"{count[name]:,}" for name in COUNTS))
    return table
