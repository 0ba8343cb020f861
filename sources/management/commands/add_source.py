"""The wizard, headless."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from sources.connectors import CONNECTORS
from sources.models import Source
from sources.pages.telling import source_told
from sources.setup import connect_source, draft_source
from workspace import audit
from workspace.errors import PublicError
from workspace.models import Workspace
from workspace.prompts import add_form_arguments, as_command_error, find_workspace, read_form


class Command(BaseCommand):
    help = "Add a source: check its credentials, start its first sync, print its slug."
    stealth_options = ("fields",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(CONNECTORS))
        parser.add_argument("--workspace", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--schema", default="", help="by default derived from the name")
        parser.add_argument(
            "--warehouse", action="append", default=[], metavar="SLUG", help="may be repeated"
        )
        add_form_arguments(parser, [connector.SettingsForm for connector in CONNECTORS.values()])

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = find_workspace(options["workspace"])
        warehouses = [_warehouse(workspace, slug) for slug in options["warehouse"]]
        fields = options.get("fields") or read_form(CONNECTORS[options["kind"]].SettingsForm, options)
        try:
            with transaction.atomic():
                source = draft_source(
                    workspace,
                    options["kind"],
                    options["name"],
                    schema_name=options["schema"],
                    warehouses=warehouses,
                )
                _record(source, "source.created", **source_told(source))
                connect_source(source, fields)
                _record(source, "source.connected", account=source.account)
        except PublicError as error:
            raise as_command_error(error) from error
        self.stdout.write(source.slug)


def _record(source: Source, action: str, **told: Any) -> None:
    audit.record(source.workspace, audit.COMMAND_LINE, action, source, **told)


def _warehouse(workspace: Workspace, slug: str) -> Any:
    """Reached from the workspace: the two sides do not know each other."""
    warehouse = workspace.warehouses.filter(slug=slug).first()
    if warehouse is None:
        raise CommandError(f"The workspace {workspace.slug} has no warehouse {slug}.")
    return warehouse
