"""One warehouse sync in the foreground, for one source or all that are connected, with a progress bar."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from warehouses.find import find_connections
from warehouses.flush import run_slice
from warehouses.models import Connection, WarehouseSync
from warehouses.schedule import request_sync
from workspace.foreground import exit_status, printer, run_to_end


class Command(BaseCommand):
    help = "Run one sync of a warehouse. Exit status: 0 success, 3 partial, 1 failed; the worst of its connections."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("warehouse", metavar="WORKSPACE/WAREHOUSE")
        parser.add_argument(
            "--source", default="", help="slug of one source; by default all that are connected"
        )
        parser.add_argument("--json", action="store_true", help="print the runs as JSON, one a line")

    def handle(self, *args: Any, **options: Any) -> None:
        connections = find_connections(options["warehouse"], options["source"])
        ends = [self._sync(connection, options["json"]) for connection in connections]
        if worst := max(ends, key=lambda status: (status == 1, status)):
            raise SystemExit(worst)

    def _sync(self, connection: Connection, as_json: bool) -> int:
        run = request_sync(connection)
        with _bars(quiet=as_json) as progress:
            tasks: dict[str, Any] = {}

            def watch(run: WarehouseSync, collection: str, done: int, expected: int) -> None:
                if collection not in tasks:
                    tasks[collection] = progress.add_task(collection)
                progress.update(tasks[collection], completed=done, total=max(done, expected))

            run = run_to_end(run, lambda: run_slice(run.pk, watch=watch), lambda run: None)
        self._report(run, as_json)
        return exit_status(run)

    def _report(self, run: WarehouseSync, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(run.as_dict()))
            return
        console = printer()
        empty = f"{run.connection}: {run.status}, nothing had changed"
        console.print(_table(run) if run.results.exists() else empty)
        for notice in run.notices:
            where = f"{notice['collection']}: " if notice["collection"] else ""
            console.print(
                f"{notice['level']:>8}  {where}{notice['message']} {notice['action']}", markup=False
            )


def _bars(*, quiet: bool) -> Progress:
    return Progress(
        TextColumn("{task.description:>10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=quiet,
    )


def _table(run: WarehouseSync) -> Table:
    table = Table(title=f"{run.connection}: {run.status}")
    for name in ("collection", "rows", "in Hub", "in warehouse", "preparation s", "loading s"):
        table.add_column(name, justify="left" if name == "collection" else "right")
    for result in run.results.select_related("collection").order_by("collection__position"):
        back = [f"{n:,}" if n is not None else "" for n in (result.rows_hub, result.rows_warehouse)]
        seconds = [f"{result.preparation:.2f}", f"{result.loading:.2f}"]
        table.add_row(result.collection.name, f"{result.rows:,}", *back, *seconds)
    return table
