"""Django's `migrate`, which never makes others wait for long."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.commands import migrate
from django.db import OperationalError, connections
from psycopg2.errors import LockNotAvailable

LOCK_TIMEOUT = 2.0
"""Seconds: whoever asks for a table while a migration waits for it waits as well, so it waits no longer than this."""
ATTEMPTS, PAUSE = 60, 1.0
ONE_AT_A_TIME = 7_217_321_046_228_511_213


class Command(migrate.Command):
    help = (
        f"{migrate.Command.help} A migration that gets no lock within two seconds lets others pass and is "
        "tried again; two that start at once go one after the other."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with connections[options["database"]].cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
            cursor.execute("SET lock_timeout = %s", [f"{LOCK_TIMEOUT * 1000:.0f}ms"])
            try:
                self._patiently(*args, **options)
            finally:
                cursor.execute("RESET lock_timeout")
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])

    def _patiently(self, *args: Any, **options: Any) -> None:
        """What was applied before a lock could not be had stays so: each attempt goes on from there."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                super().handle(*args, **options)
                return
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable) or attempt == ATTEMPTS:
                    raise
            self.stdout.write(f"A table is in use; trying again ({attempt}).")
            time.sleep(PAUSE)
