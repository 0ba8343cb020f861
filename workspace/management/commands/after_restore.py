"""Say that our database came back from a backup, where that cannot be seen."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from workspace import restored


class Command(BaseCommand):
    help = "After a restore of our database from copied files: read all sources whole, then repair all warehouses."

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            restored.tell()
        self.stdout.write(
            "All sources are read whole with their next sync; then every warehouse is repaired."
        )
