"""Proof that nothing is stored in plain, and that keys but the first can be removed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workspace.keyring import problems_of, sealed_columns


class Command(BaseCommand):
    help = (
        "Open every credential; names each row that holds something plain, sealed with an old key or for another "
        "row, or that no key opens, and exits 1. Values are never shown."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for column in sealed_columns():
            for problem in problems_of(column):
                wrong += 1
                self.stdout.write(problem)
            self.stdout.write(f"{column.label}: {column.count():,} read")
        if wrong:
            raise CommandError(f"{wrong} values are not sealed as they should be.")
        self.stdout.write("All sealed with the first key, each for its own row.")
