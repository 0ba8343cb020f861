"""An installation of its own for the browser: database, static files, web, worker and beat as in the Procfile."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import psycopg2.extras
from django.conf import settings
from django.db import connections
from psycopg2.sql import SQL, Identifier

from workspace.launcher.exported import warehouse_fields
from workspace.tests.path.servers import eventually

QUICK = {"LEASE_SECONDS": "6", "TICK_SECONDS": "1", "OUTBOUND_ALLOWED_HOSTS": "127.0.0.1", "DEBUG": "false"}
"""The schedulers look every second, and the sandbox may be reached."""
PATIENCE = 120
"""Seconds within which everything happens, however busy the machine is."""


@dataclass
class Ground:
    """What installations of one test session share: a migrated database to copy, and the static files."""

    folder: Path
    template: str
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(8, 16)))


@dataclass
class Installation:
    """Where it answers, and doors past its pages for a test to prepare and to look behind them."""

    url: str
    environ: dict[str, str] = field(repr=False)
    database: str
    warehouse: str = field(repr=False)

    def manage(self, *arguments: str, stdin: str = "") -> str:
        """Run a management command in this installation; what it printed."""
        return run_command(self.environ, *arguments, stdin=stdin)

    @contextmanager
    def as_default_database(self) -> Iterator[None]:
        """Models of this process read and write this installation."""
        usual = connections["default"]
        mine = usual.copy()
        mine.settings_dict = {**usual.settings_dict, "NAME": self.database}
        connections["default"] = mine
        try:
            yield
        finally:
            mine.close()
            connections["default"] = usual

    def warehouse_fields(self) -> dict[str, str]:
        """What a person types to add this installation's warehouse, by the names of the labels."""
        fields = warehouse_fields(self.warehouse)
        return {name.capitalize(): str(value) for name, value in fields.items() if name != "tls"}

    def ask(self, statement: Any, *values: Any) -> list[dict[str, Any]]:
        """Ask the warehouse as a customer would, past the product's code."""
        with closing(psycopg2.connect(self.warehouse)) as connection:
            connection.autocommit = True
            with connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(statement, values)
                return [dict(row) for row in cursor] if cursor.description else []


def lay_ground(folder: Path) -> Ground:
    """Migrate a database once and collect the static files once."""
    ground = Ground(folder, f"browser_{uuid.uuid4().hex[:8]}")
    on_server(SQL("CREATE DATABASE {}").format(Identifier(ground.template)))
    environ = _environ(ground, ground.template, 15)
    run_command(environ, "migrate", "--verbosity", "0")
    run_command(environ, "collectstatic", "--no-input", "--verbosity", "0")
    return ground


@contextmanager
def installation(ground: Ground, **settings: str) -> Iterator[Installation]:
    """A new one without any account, with `settings` in its environment; its processes and databases go at the end."""
    name = f"{ground.template}_{uuid.uuid4().hex[:6]}"
    database, warehouse = f"{name}_app", f"{name}_wh"
    environ = _environ(ground, database, next(ground.numbers)) | settings
    with ExitStack() as stack:
        for new, template in ((database, ground.template), (warehouse, "template0")):
            create = SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(new), Identifier(template))
            on_server(create)
            stack.callback(drop_database, new)
        logs = ground.folder / name
        logs.mkdir()
        url = stack.enter_context(_web(environ, logs))
        stack.enter_context(_celery(environ, logs, "worker", "--concurrency", "2", "-O", "fair", *_ALONE))
        stack.enter_context(_celery(environ, logs, "beat", "--schedule", str(logs / "beat"), "--pidfile="))
        eventually("the pages answer", lambda: _answers(url, logs / "web.log"), PATIENCE)
        yield Installation(url, environ, database, _beside(environ["DATABASE_URL"], warehouse))


_ALONE = ("--without-gossip", "--without-mingle")


def run_command(environ: dict[str, str], *arguments: str, stdin: str = "") -> str:
    """A management command to its end; what it printed. Fails with its complaint."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, env=environ, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stderr[-2000:]}"
    return done.stdout


def on_server(statement: Any) -> None:
    """Run a statement beside all databases of a test."""
    url = _beside(_default_url(), "postgres")
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(statement)


def drop_database(name: str) -> None:
    """Whoever still uses it is thrown out."""
    on_server(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


@contextmanager
def _web(environ: dict[str, str], logs: Path) -> Iterator[str]:
    """gunicorn on a port that is taken before it starts, so that nobody else takes it."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        command = [sys.executable, "-m", "gunicorn", "workspace.wsgi", "--bind", f"fd://{door.fileno()}"]
        command += ["--threads", "4", "--no-control-socket"]
        with _process(command, environ, logs / "web.log", door.fileno()):
            yield f"http://127.0.0.1:{door.getsockname()[1]}"


@contextmanager
def _celery(environ: dict[str, str], logs: Path, part: str, *flags: str) -> Iterator[None]:
    command = [sys.executable, "-m", "celery", "-A", "workspace", part, *flags]
    with _process(command, environ, logs / f"{part}.log"):
        yield


@contextmanager
def _process(command: list[str], environ: dict[str, str], log: Path, *doors: int) -> Iterator[None]:
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, env=environ, stdout=out, stderr=subprocess.STDOUT, start_new_session=True, pass_fds=doors
        )
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _answers(url: str, log: Path) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{url}/accounts/login/", timeout=30) as answer:
        return bool(answer.status == 200)
    said = log.read_text()
    assert "Traceback" not in said, said[-2000:]
    return False


def _environ(ground: Ground, database: str, number: int) -> dict[str, str]:
    """Redis keeps installations apart by the number of a database: a worker takes no other's messages."""
    own = {
        "DATABASE_URL": _beside(_default_url(), database),
        "REDIS_URL": urlunsplit(urlsplit(settings.REDIS_URL)._replace(path=f"/{number}")),
        "STATIC_ROOT": str(ground.folder / "static"),
    }
    return {**os.environ, **QUICK, **own}


def _default_url() -> str:
    return os.environ["DATABASE_URL"]


def _beside(url: str, database: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
