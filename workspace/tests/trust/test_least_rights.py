"""Our own database needs no superuser: one role migrates, another one reads and writes rows, as the guide says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from workspace.checks import database_role_is_humble

pytestmark = pytest.mark.xdist_group("least rights")  # one database for all
GUIDE = Path(settings.BASE_DIR) / "docs" / "operations.md"


class Split:
    """A database as the guide makes it, its two roles under names that nobody else uses."""

    def __init__(self) -> None:
        mark = uuid.uuid4().hex[:12]
        self.owner, self.app = f"owner_{mark}", f"app_{mark}"
        text = GUIDE.read_text().partition("## Rights in our own database")[2].partition("\n## ")[0]
        self.by_superuser, self.by_owner = (
            self._renamed(sql) for sql in re.findall(r"```sql\n(.*?)```", text, re.S)
        )

    def _renamed(self, sql: str) -> list[str]:
        names = {"tributary_owner": self.owner, "tributary": self.app, "…": "secret"}
        renamed = re.sub(r"tributary_owner|tributary|…", lambda found: names[found[0]], sql)
        return renamed.strip().splitlines()

    def url(self, role: str) -> str:
        """The database, as this role."""
        url = urlsplit(os.environ["DATABASE_URL"])
        return urlunsplit(
            url._replace(netloc=f"{role}:secret@{url.hostname}:{url.port}", path=f"/{self.app}")
        )

    def environ(self, role: str) -> dict[str, str]:
        """For a process of an installation that has this role; nobody takes its messages."""
        redis = urlunsplit(urlsplit(os.environ["REDIS_URL"])._replace(path="/7"))
        return {
            **os.environ,
            "DATABASE_URL": self.url(role),
            "REDIS_URL": redis,
            "OUTBOUND_ALLOWED_HOSTS": "127.0.0.1",
        }

    def run(self, role: str, *command: str) -> str:
        """A Python program of such an installation to its end; what it said."""
        done = subprocess.run(
            [sys.executable, *command], env=self.environ(role), cwd=settings.BASE_DIR, capture_output=True, text=True,
            timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout + done.stderr


def execute(url: str, *statements: str) -> None:
    with closing(psycopg2.connect(url)) as line, line.cursor() as cursor:
        line.autocommit = True
        for statement in statements:
            cursor.execute(statement)


@pytest.fixture(scope="module")
def split() -> Iterator[Split]:
    """The guide's statements, and the migrations of the owner."""
    split, server = Split(), urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres"))
    try:
        execute(server, *split.by_superuser)
        execute(split.url(split.owner), *split.by_owner)
        split.run(split.owner, "manage.py", "migrate", "--verbosity", "0")
        yield split
    finally:
        drop = f'DROP DATABASE IF EXISTS "{split.app}" WITH (FORCE)'
        execute(server, drop, *(f'DROP ROLE IF EXISTS "{role}"' for role in (split.app, split.owner)))


def test_a_days_work_takes_no_right_but_to_read_and_write_rows(split: Split) -> None:
    split.run(split.app, "-m", "workspace.tests.trust.days_work")


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE mine (a int)", "DROP TABLE hub_object", "TRUNCATE hub_object", "ALTER TABLE hub_object ADD a int",
     "CREATE SCHEMA mine", "CREATE ROLE mine", "CREATE DATABASE mine", "COPY hub_object TO PROGRAM 'true'"],
)  # fmt: skip
def test_whoever_has_the_applications_password_changes_no_table(split: Split, statement: str) -> None:
    with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.InvalidSchemaName)):
        execute(split.url(split.app), statement)


@pytest.mark.django_db
@pytest.mark.parametrize("right", ["SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS"])
def test_a_role_that_may_more_than_it_needs_is_warned_of(right: str) -> None:
    role = f"role_{uuid.uuid4().hex[:12]}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {role} {right}; SET LOCAL ROLE {role}")
        (warning,) = database_role_is_humble(None, databases=["default"])
        assert (warning.id, right in warning.msg, f"NO{right}" in str(warning.hint)) == (
            "workspace.W001",
            True,
            True,
        )


def test_without_a_database_nothing_is_asked() -> None:
    assert database_role_is_humble(None) == []
