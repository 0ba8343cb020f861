"""Erase an object of a source for good, and with a person all that refers to it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from sources.erasing import ask, erase_now
from sources.find import find_source
from workspace import audit
from workspace.errors import PublicError
from workspace.prompts import as_command_error


class Command(BaseCommand):
    help = "Erase an object from the Hub and every warehouse, and refuse it when the vendor sends it again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="WORKSPACE/SOURCE")
        parser.add_argument("collection")
        parser.add_argument("id")

    def handle(self, *args: Any, **options: Any) -> None:
        source = find_source(options["source"])
        try:
            erasure = ask(source, options["collection"], options["id"], audit.COMMAND_LINE)
        except PublicError as error:
            raise as_command_error(error) from None
        erase_now(erasure)
        for collection, count in sorted(erasure.counts.items()):
            self.stdout.write(f"{collection}: {count:,} removed from the Hub")
        names = [str(connection.warehouse) for connection in erasure.waiting()]
        waiting = (
            f"Rows go with the next sync of {', '.join(names)}." if names else "No warehouse has rows of it."
        )
        self.stdout.write(f"Refused from now on. {waiting}")
