"""An admin agrees to deletions that the guard has held."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from sources.find import find_source
from workspace import audit
from workspace.hub.deletions import approve_deletions
from workspace.hub.models import Collection


class Command(BaseCommand):
    help = "Mark objects as deleted that were found missing in suspicious numbers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="WORKSPACE/SOURCE")
        parser.add_argument("--collection", default="", help="by default all of the source")

    def handle(self, *args: Any, **options: Any) -> None:
        source = find_source(options["source"])
        collections = Collection.objects.filter(schema=source.schema)
        if options["collection"]:
            collections = collections.filter(name=options["collection"])
        for collection in collections:
            with transaction.atomic():
                approved = approve_deletions(collection)
                if approved:
                    told = {"collection": collection.name, "count": approved}
                    audit.record(source.workspace, audit.COMMAND_LINE, "deletions.approved", source, **told)
            self.stdout.write(f"{collection.name}: {approved} objects marked as deleted")
