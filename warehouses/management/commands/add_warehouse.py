"""Adding a warehouse, headless."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from warehouses.engines import ENGINES
from warehouses.models import Warehouse
from warehouses.pages.telling import warehouse_told
from warehouses.setup import add_warehouse
from workspace import audit
from workspace.errors import PublicError
from workspace.prompts import add_form_arguments, as_command_error, find_workspace, read_form


class Command(BaseCommand):
    help = "Add a warehouse after testing the connection; prints its slug."
    stealth_options = ("fields",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(ENGINES))
        parser.add_argument("--workspace", required=True)
        parser.add_argument("--name", required=True)
        add_form_arguments(parser, [engine.SettingsForm for engine in ENGINES.values()])

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        fields = options.get("fields") or read_form(ENGINES[options["kind"]].SettingsForm, options)
        try:
            warehouse = add_warehouse(workspace, options["kind"], options["name"], fields, then=_record)
        except PublicError as error:
            raise as_command_error(error) from error
        self.stdout.write(warehouse.slug)


def _record(warehouse: Warehouse) -> None:
    told = warehouse_told(warehouse)
    audit.record(warehouse.workspace, audit.COMMAND_LINE, "warehouse.created", warehouse.slug, **told)
