"""Proof that nobody touched the audit trail."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workspace.audit import broken_entries
from workspace.models import Workspace


class Command(BaseCommand):
    help = (
        "Check the seals of the audit trail; names each entry that was edited, removed or moved, and exits 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("workspace", nargs="*", help="slugs; by default all workspaces")

    def handle(self, *args: Any, **options: Any) -> None:
        workspaces = Workspace.objects.order_by("slug")
        if options["workspace"]:
            workspaces = workspaces.filter(slug__in=options["workspace"])
        broken = 0
        for workspace in workspaces:
            for problem in broken_entries(workspace):
                broken += 1
                self.stdout.write(f"{workspace.slug}: {problem}")
            self.stdout.write(f"{workspace.slug}: {workspace.audit_events.count():,} entries read")
        if broken:
            raise CommandError(f"{broken} entries are not as they were written.")
