"""The wizard, headless."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from sources.connectors import CONNECTORS
from sources.setup import connect_source, draft_source
from workspace.errors import PublicError
from workspace.models import Workspace
from workspace.prompts import as_command_error, find_workspace, read_password


class Command(BaseCommand):
    help = "Add a source: check its credentials, start its first sync, print its slug."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(CONNECTORS))
        parser.add_argument("--workspace", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--schema", default="", help="by default derived from the name")
        parser.add_argument("--warehouse", action="append", default=[], metavar="SLUG", help="may be repeated")
        parser.add_argument("--password-stdin", action="store_true", help="read the secret from standard input")
        fields = {name for connector in CONNECTORS.values() for name in connector.SettingsForm.base_fields}
        for name in sorted(fields - {"password"}):
            parser.add_argument(f"--{name.replace('_', '-')}", default="", dest=f"field_{name}")

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        warehouses = [_warehouse(workspace, slug) for slug in options["warehouse"]]
        fields = {name[6:]: value for name, value in options.items() if name.startswith("field_") and value}
        form = CONNECTORS[options["kind"]].SettingsForm
        if "password" in form.base_fields and "consumer_key" not in fields:
            fields["password"] = read_password(options["password_stdin"])
        try:
            with transaction.atomic():
                source = draft_source(
                    workspace, options["kind"], options["name"], schema_name=options["schema"], warehouses=warehouses
                )
                connect_source(source, fields)
        except PublicError as error:
            raise as_command_error(error) from error
        self.stdout.write(source.slug)


def _warehouse(workspace: Workspace, slug: str) -> Any:
    """Reached from the workspace: the two sides do not know each other."""
    warehouse = workspace.warehouses.filter(slug=slug).first()  # type: ignore[attr-defined]
    if warehouse is None:
        raise CommandError(f"The workspace {workspace.slug} has no warehouse {slug}.")
    return warehouse
