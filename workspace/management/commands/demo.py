"""The whole product on one machine: Desk sandbox → source sync → Hub → warehouse sync → PostgreSQL, then the app.

Run by `make demo` inside the launcher. It goes the way a customer goes, through the same commands; the two sides are
named, never imported.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.table import Table

from workspace.foreground import printer
from workspace.hub.models import Collection
from workspace.launcher.exported import warehouse_fields
from workspace.models import Workspace

SLUG, OWNER, SCHEMA = "demo", "owner@example.com", "desk_com"
DESK_LOGIN, DESK_PASSWORD = "admin@example.com", "desk-sandbox"
ROUNDS = 5
SAMPLE = """SELECT c.subject, c.priority, c.status, concat_ws(' ', u.first_name, u.last_name) AS customer
FROM desk_com.cases c JOIN desk_com.customers u ON u.id = c.customer_id
ORDER BY c.priority DESC, c.created_at DESC LIMIT 5"""


class Command(BaseCommand):
    help = "Set up the demo workspace, run both syncs, show the counts, then serve until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="exit after the table; 0 only if all counts are equal"
        )
        parser.add_argument("--cases", type=int, default=5000)
        parser.add_argument("--port", type=int, default=8000, help="of the app")
        parser.add_argument("--sandbox-port", type=int, default=8100)

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        os.environ["OUTBOUND_ALLOWED_HOSTS"] = "127.0.0.1"
        os.environ.setdefault("LOG_FORMAT", "line")
        os.environ.setdefault("ADMIN_NEEDS_MFA", "false")  # its password is new at every start
        settings.OUTBOUND_ALLOWED_HOSTS = frozenset({"127.0.0.1"})
        if "WAREHOUSE_URL" not in os.environ:
            raise CommandError("WAREHOUSE_URL is not set: run the demo with `make demo`.")
        with _sandbox(_free(options["sandbox_port"]), options["cases"]) as desk:
            password = _set_up(desk)
            call_command("sync_source", f"{SLUG}/desk-com")
            call_command("sync_warehouse", f"{SLUG}/warehouse")
            equal = _show(desk)
            sys.stdout.flush()
            if options["once"]:
                raise SystemExit(0 if equal else 1)
            _live_a_little(desk)
            _serve(_free(options["port"]), desk, password)


def _set_up(desk: str) -> str:
    """A new workspace with warehouse and source: its Desk starts anew, so does the demo. Returns the password."""
    password = secrets.token_urlsafe(9)
    _forget()
    _quietly("bootstrap", workspace=SLUG, name="Demo", owner=OWNER, password=password)
    _quietly(
        "add_warehouse",
        "postgres",
        workspace=SLUG,
        name="Warehouse",
        fields=warehouse_fields(os.environ["WAREHOUSE_URL"]),
    )
    credentials = {"subdomain": desk, "email": DESK_LOGIN, "password": DESK_PASSWORD}
    _quietly(
        "add_source", "desk", workspace=SLUG, name="Desk.com", warehouse=["warehouse"], fields=credentials
    )
    return password


def _forget() -> None:
    """The demo of an earlier start and what it loaded."""
    Workspace.objects.filter(slug=SLUG).delete()
    with closing(psycopg2.connect(os.environ["WAREHOUSE_URL"])) as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.commit()


def _quietly(command: str, *args: str, **options: Any) -> None:
    call_command(command, *args, stdout=StringIO(), **options)


@contextmanager
def _sandbox(port: int, cases: int) -> Iterator[str]:
    """A Desk site of its own on this machine; yields its address."""
    command = [sys.executable, "manage.py", "desk_sandbox", "--port", str(port), "--cases", str(cases)]
    log = Path("var") / "desk_sandbox.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w") as out, subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT) as process:
        try:
            yield _wait_for(f"http://127.0.0.1:{port}", process, log)
        finally:
            process.terminate()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CommandError(f"The Desk sandbox stopped: {log.read_text()[-500:]}")
        try:
            _ask(f"{url}/_sandbox/")
        except OSError:
            time.sleep(0.1)
        else:
            return url
    raise CommandError("The Desk sandbox does not answer.")


def _ask(url: str, body: Any = None, method: str = "PUT") -> Any:
    data, method = (json.dumps(body).encode(), method) if body is not None else (None, "GET")
    request = urllib.request.Request(url, data, method=method)  # noqa: S310  our own sandbox
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def _show(desk: str) -> bool:
    """The table of counts and a sample query; whether every count is equal."""
    truth = _ask(f"{desk}/_sandbox/truth")
    table = Table(title="Desk.com → Hub → warehouse")
    for name in ("collection", "in Desk", "in Hub", "in warehouse", "equal?"):
        table.add_column(name, justify="left" if name == "collection" else "right")
    equal = True
    with closing(psycopg2.connect(os.environ["WAREHOUSE_URL"])) as connection, connection.cursor() as cursor:
        for collection in Collection.objects.filter(schema__workspace__slug=SLUG):
            counts = [
                truth[collection.name]["count"],
                collection.objects_live,
                _rows(cursor, collection.name),
            ]
            same = len(set(counts)) == 1
            equal = equal and same
            table.add_row(collection.name, *(f"{count:,}" for count in counts), "yes" if same else "NO")
        console = printer()
        console.print(table)
        cursor.execute(SAMPLE)
        console.print(_answer(cursor))
    return equal


def _rows(cursor: Any, collection: str) -> int:
    cursor.execute(f'SELECT count(*) FROM desk_com."{collection}" WHERE _deleted_at IS NULL')
    return int(cursor.fetchone()[0])


def _answer(cursor: Any) -> Table:
    answer = Table(title=SAMPLE, title_justify="left", title_style="")
    for column in cursor.description:
        answer.add_column(column.name)
    for row in cursor:
        answer.add_row(*map(str, row))
    return answer


def _free(port: int) -> int:
    """This port, or any free one when it is taken."""
    for candidate in (port, 0):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise CommandError("No free port on 127.0.0.1.")


def _live_a_little(desk: str) -> None:
    """A few rounds in which Desk changes and both syncs follow, so that there is a history to look at."""
    for seed in range(ROUNDS):
        for action, collection, count in (
            ("update", "cases", 40),
            ("create", "cases", 12),
            ("update", "customers", 9),
        ):
            change = {"action": action, "collection": collection, "count": count * (seed + 1), "seed": seed}
            _ask(f"{desk}/_sandbox/mutate", change, method="POST")
        call_command("sync_source", f"{SLUG}/desk-com", json=True, stdout=StringIO())
        call_command("sync_warehouse", f"{SLUG}/warehouse", json=True, stdout=StringIO())


def _let_time_pass(desk: str) -> None:
    """Desk moves, and the schedulers are quick enough to watch: a source sync every minute, a flush after each."""
    _ask(f"{desk}/_sandbox/live", {"on": True, "every": 2.0})
    workspace = Workspace.objects.get(slug=SLUG)
    soon = timezone.now() + timedelta(minutes=1)
    workspace.sources.update(interval=timedelta(minutes=1), next_sync_at=soon)
    workspace.warehouses.update(schedule={"after_sync": True}, next_sync_at=None)


def _serve(port: int, desk: str, password: str) -> None:
    """Web, worker and beat as in the Procfile, until Ctrl-C."""
    call_command("collectstatic", verbosity=0, interactive=False)
    _let_time_pass(desk)
    console = printer()
    console.print(f"\n  Tributary     http://127.0.0.1:{port}/", markup=False)
    console.print(f"  sign in as    {OWNER}  {password}", markup=False)
    console.print(f"  Desk sandbox  {desk}  {DESK_LOGIN}  {DESK_PASSWORD}", markup=False)
    console.print(
        "                Its cases change by themselves; they are synced every minute.", markup=False
    )
    console.print(
        f"  warehouse     psql {os.environ['WAREHOUSE_URL']}\n  Ctrl-C stops everything.", markup=False
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "honcho", "-e", "/dev/null", "start", "web", "worker", "beat"]
    subprocess.run(command, env={**os.environ, "PORT": str(port), "PATH": path}, check=False)
