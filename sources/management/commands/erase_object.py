"""Erase an object of a source for good, and with a person all that refers to it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from sources.erasing import ask, count_referring, erase_now, require_erasable
from sources.find import find_source
from sources.models import Source
from workspace import audit
from workspace.errors import PublicError
from workspace.hub.models import Erasure, Object
from workspace.prompts import as_command_error, require_terminal, require_typed

COUNTING = 10.0
"""Seconds that counting what refers to it may take before the question; the erasure looks at everything."""


class Command(BaseCommand):
    help = "Erase an object from the Hub and every warehouse, and refuse it when the vendor sends it again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="WORKSPACE/SOURCE")
        parser.add_argument("collection")
        parser.add_argument("id")
        parser.add_argument(
            "--no-input",
            "--noinput",
            action="store_false",
            dest="interactive",
            help="erase without asking for the id again",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        source, collection, object_id = find_source(options["source"]), options["collection"], options["id"]
        try:
            require_erasable(source, collection, object_id)
            if options["interactive"]:
                require_terminal("--no-input")
            self._announce(source, collection, object_id)
            if options["interactive"]:
                require_typed(object_id, "It cannot be undone. Type the id again: ")
            erasure = ask(source, collection, object_id, audit.COMMAND_LINE)
        except PublicError as error:
            raise as_command_error(error) from None
        erase_now(erasure)
        self._report(erasure)

    def _announce(self, source: Source, collection: str, object_id: str) -> None:
        """What will be gone, as the page says it."""
        counts, complete = count_referring(source, collection, object_id, COUNTING)
        stored = Object.objects.filter(collection__schema=source.schema_id, collection__name=collection)
        self.stdout.write(f"This erases for good {collection} {object_id} of {source}")
        self.stdout.write(
            f"  {collection}: {'1' if stored.filter(object_id=object_id).exists() else 'none in the Hub'}"
        )
        for name, count in sorted(counts.items()):
            self.stdout.write(f"  {name}: {'' if complete else 'at least '}{count:,} that refer to it")
        if not complete:
            self.stdout.write("  whatever else refers to it: there are too many objects to count them here")

    def _report(self, erasure: Erasure) -> None:
        """What is gone, and what is waited for."""
        for collection, count in sorted(erasure.counts.items()):
            self.stdout.write(f"{collection}: {count:,} removed from the Hub")
        names = [str(connection.warehouse) for connection in erasure.waiting()]
        waiting = (
            f"Rows go with the next sync of {', '.join(names)}." if names else "No warehouse has rows of it."
        )
        self.stdout.write(f"Refused from now on. {waiting}")
