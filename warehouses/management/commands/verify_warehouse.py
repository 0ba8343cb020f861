"""Prove that a warehouse is what the Hub says, or make it so."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from rich.table import Table

from warehouses.find import find_connections
from warehouses.models import Connection
from warehouses.verify import Finding, verify
from workspace.errors import PublicError
from workspace.foreground import printer
from workspace.prompts import as_command_error


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
            try:
                findings = verify(connection, repair=options["repair"])
            except PublicError as error:
                raise as_command_error(error) from error
            console.print(_table(connection, findings))
            sound = sound and all(
                f.sound or (f.repaired == len(f.differing) and not f.surplus) for f in findings
            )
        if not sound:
            raise SystemExit(1)


def _table(connection: Connection, findings: list[Finding]) -> Table:
    table = Table(title=str(connection))
    for name in ("collection", "rows compared", "differing", "surplus", "repaired", "for example"):
        table.add_column(name, justify="right" if name != "collection" else "left")
    for finding in findings:
        numbers = (finding.rows, len(finding.differing), len(finding.surplus), finding.repaired)
        examples = ", ".join([*finding.differing, *finding.surplus][:3])
        table.add_row(finding.collection, *(f"{number:,}" for number in numbers), examples)
    return table
