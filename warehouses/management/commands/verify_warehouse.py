"""Prove that a warehouse is what the Hub says, or make it so."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from rich.table import Table

from warehouses.compare import compare
from warehouses.find import find_connections
from warehouses.models import Comparison
from workspace.foreground import exit_status, printer


class Command(BaseCommand):
    help = "Compare every row with the Hub. Exit status: 0 all equal (or repaired), 1 not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("warehouse", metavar="WORKSPACE/WAREHOUSE")
        parser.add_argument(
            "--source", default="", help="slug of one source; by default all that are connected"
        )
        parser.add_argument("--repair", action="store_true", help="write differing rows again from the Hub")

    def handle(self, *args: Any, **options: Any) -> None:
        console, sound = printer(), True
        for connection in find_connections(options["warehouse"], options["source"]):
            run = compare(connection, repair=options["repair"])
            console.print(_table(run))
            for notice in run.notices:
                where = f"{notice['collection']}: " if notice["collection"] else ""
                sentence = f"{notice['level']:>8}  {where}{notice['message']} {notice['action']}"
                console.print(sentence.rstrip(), markup=False)
            sound = sound and exit_status(run) == 0
        if not sound:
            raise SystemExit(1)


def _table(run: Comparison) -> Table:
    table = Table(title=f"{run.connection}: {run.status}")
    for name in ("collection", "rows compared", "differing", "surplus", "repaired", "for example"):
        table.add_column(name, justify="left" if name in ("collection", "for example") else "right")
    for finding in run.findings:
        numbers = [f"{finding[name]:,}" for name in ("rows", "differing", "surplus", "repaired")]
        examples = ", ".join([*finding["differing_ids"], *finding["surplus_ids"]][:3])
        table.add_row(finding["collection"], *numbers, examples)
    return table
