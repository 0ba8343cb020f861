"""Move everything sealed to the first key, while the installation works."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from workspace.keyring import Column, Tally, rotate, sealed_columns

EVERY = 5.0
"""Seconds between two lines of progress."""


class Command(BaseCommand):
    help = (
        "Seal all credentials with the first of CREDENTIAL_KEYS. Can be stopped and started again at any time. "
        "Afterwards verify_secrets proves that the other keys can be removed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Sealing with the first of {len(settings.CREDENTIAL_KEYS)} keys.")
        unreadable: list[str] = []
        for column in sealed_columns():
            unreadable += self._rotate(column).unreadable
        for row in unreadable:
            self.stderr.write(f"{row} cannot be read with any key; it was left as it is.")
        if unreadable:
            raise CommandError(f"{len(unreadable)} values could not be moved: keep the old keys.")

    def _rotate(self, column: Column) -> Tally:
        total, tally, told = column.count(), Tally(), time.monotonic()
        for tally in rotate(column):
            if time.monotonic() - told > EVERY:
                self.stdout.write(f"{column.label}: {tally.seen:,} of {total:,} …")
                told = time.monotonic()
        self.stdout.write(
            f"{column.label}: {tally.moved:,} moved, {tally.current:,} under the first key already"
        )
        return tally
