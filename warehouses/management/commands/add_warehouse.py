"""Adding a warehouse, headless."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from warehouses.engines import ENGINES
from warehouses.setup import add_warehouse
from workspace.errors import PublicError
from workspace.prompts import as_command_error, find_workspace, read_password


class Command(BaseCommand):
    help = "Add a warehouse after testing the connection; prints its slug."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(ENGINES))
        parser.add_argument("--workspace", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
        fields = {name for engine in ENGINES.values() for name in engine.SettingsForm.base_fields}
        for name in sorted(fields - {"password", "name"}):
            parser.add_argument(f"--{name.replace('_', '-')}", default=None, dest=f"field_{name}")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        form = ENGINES[options["kind"]].SettingsForm
        fields = {name: field.initial for name, field in form.base_fields.items() if field.initial is not None}
        fields |= {name[6:]: value for name, value in options.items() if name.startswith("field_") and value is not None}
        if "password" in form.base_fields:
            fields["password"] = read_password(options["password_stdin"])
        try:
            warehouse = add_warehouse(workspace, options["kind"], options["name"], fields)
        except PublicError as error:
            raise as_command_error(error) from error
        self.stdout.write(warehouse.slug)
