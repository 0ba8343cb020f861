"""Upgrades: every migration goes forward and back, and none makes others wait for a table."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AddIndex

from workspace.management.commands import migrate

OURS = ("workspace", "hub", "alerts", "sources", "warehouses")
LARGE = {("hub", "object")}


def all_of_ours() -> list[Migration]:
    disk = MigrationLoader(None).disk_migrations
    return [migration for (app, _), migration in disk.items() if app in OURS]


@pytest.fixture
def scratch(db: None) -> Iterator[dict[str, str]]:
    """The environment for commands on an empty database, which is gone afterwards."""
    known = connection.settings_dict
    login = known["USER"] + (f":{known['PASSWORD']}" if known["PASSWORD"] else "")
    name, server = f"scratch_{uuid.uuid4().hex[:12]}", f"postgres://{login}@{known['HOST']}:{known['PORT']}"
    with closing(psycopg2.connect(f"{server}/postgres")) as line:
        line.autocommit = True
        line.cursor().execute(f'CREATE DATABASE "{name}"')
        yield {**os.environ, "DATABASE_URL": f"{server}/{name}"}
        line.cursor().execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def ends_at_the_newest(transactional_db: None) -> Iterator[None]:
    """Whatever becomes of a test, the others find every table as it should be."""
    yield
    call_command("migrate", "alerts", verbosity=0)


FORTH_AND_BACK = """
from django.core.management import call_command
from django.db import connection
for target in ([], ["workspace", "zero"], []):
    call_command("migrate", *target, verbosity=0)
    print(sorted(name for name in connection.introspection.table_names() if name.startswith(%r)))
"""


def test_all_migrations_go_forward_back_and_forward_again(scratch: dict[str, str]) -> None:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "shell", "-c", FORTH_AND_BACK % (OURS,)]
    done = subprocess.run(command, env=scratch, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    first, back, again = [line for line in done.stdout.splitlines() if line.startswith("[")]
    assert (back, again) == ("[]", first)
    assert "hub_object" in first


def test_every_step_can_be_taken_back() -> None:
    stuck = [str(one) for one in all_of_ours() if not all(step.reversible for step in one.operations)]
    assert stuck == []


def test_indexes_of_large_tables_are_made_while_they_are_used() -> None:
    """With `AddIndexConcurrently`; a plain one keeps every sync from writing for as long as it takes."""
    plain = [(m.app_label, step) for m in all_of_ours() for step in m.operations if type(step) is AddIndex]
    assert [step for app, step in plain if (app, step.model_name_lower) in LARGE] == []


@pytest.mark.usefixtures("ends_at_the_newest")
def test_a_migration_lets_others_pass_while_a_table_is_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", 0.2)
    monkeypatch.setattr(migrate, "PAUSE", 0.05)
    reader = psycopg2.connect(**connection.get_connection_params())
    reader.cursor().execute("SELECT FROM alerts_alertrules")  # and its transaction stays open
    tries: list[str] = []
    output = _Output(tries, after=2, then=reader.rollback)
    try:
        call_command("migrate", "alerts", "0002", stdout=output)
        call_command("migrate", "alerts", stdout=output)
    finally:
        reader.close()
    assert len(tries) >= 2


class _Output:
    """Listens to the command; after so many tries the reader goes."""

    def __init__(self, tries: list[str], after: int, then: Any) -> None:
        self.tries, self.after, self.then = tries, after, then

    def write(self, text: str) -> None:
        if "trying again" in text:
            self.tries.append(text)
            if len(self.tries) == self.after:
                self.then()

    def flush(self) -> None:
        """Nothing is kept back."""


@pytest.mark.usefixtures("ends_at_the_newest")
def test_two_migrations_at_once_go_one_after_the_other() -> None:
    failures: list[BaseException] = []

    def forward() -> None:
        try:
            call_command("migrate", "alerts", verbosity=0)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    call_command("migrate", "alerts", "0002", verbosity=0)
    both = [threading.Thread(target=forward) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert failures == []
