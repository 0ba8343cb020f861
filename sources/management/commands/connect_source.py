"""New credentials for a source."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from sources.connectors import CONNECTORS
from sources.find import find_source
from sources.setup import connect_source
from workspace import audit
from workspace.errors import PublicError
from workspace.prompts import add_form_arguments, as_command_error, read_form


class Command(BaseCommand):
    help = "Check new credentials of a source and keep them; the old ones stay when the check fails."
    stealth_options = ("fields",)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", metavar="WORKSPACE/SOURCE")
        add_form_arguments(parser, [connector.SettingsForm for connector in CONNECTORS.values()])

    def handle(self, *args: Any, **options: Any) -> None:
        source = find_source(options["source"])
        try:
            fields = options.get("fields") or read_form(source.connector.SettingsForm, options)
            with transaction.atomic():
                connect_source(source, fields)
                told = {"account": source.account}
                audit.record(source.workspace, audit.COMMAND_LINE, "source.connected", source, **told)
        except PublicError as error:
            raise as_command_error(error) from error
        self.stdout.write(f"{source} is connected to {source.account}.")
