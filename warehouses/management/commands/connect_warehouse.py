"""New settings for a warehouse."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from warehouses.engines import ENGINES
from warehouses.find import find_warehouse
from warehouses.pages.telling import difference, settings_told, shown_settings
from warehouses.setup import connect_warehouse
from workspace import audit
from workspace.errors import PublicError
from workspace.prompts import add_form_arguments, as_command_error, read_form


class Command(BaseCommand):
    help = "Test new settings of a warehouse and keep them; what is not given stays, and all of it when the test fails."
    stealth_options = ("fields",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("warehouse", metavar="WORKSPACE/WAREHOUSE")
        add_form_arguments(parser, [engine.SettingsForm for engine in ENGINES.values()])

    def handle(self, *args: Any, **options: Any) -> None:
        warehouse = find_warehouse(options["warehouse"])
        form = ENGINES[warehouse.kind].SettingsForm
        fields = options.get("fields") or read_form(form, options, shown_settings(warehouse))
        try:
            before = settings_told(warehouse)
            with transaction.atomic():
                connect_warehouse(warehouse, fields)
                told = difference(before, settings_told(warehouse))
                owner, action = warehouse.workspace, "warehouse.connection_changed"
                audit.record(owner, audit.COMMAND_LINE, action, warehouse.slug, **told)
        except PublicError as error:
            raise as_command_error(error) from error
        self.stdout.write(f"{warehouse} is connected.")
