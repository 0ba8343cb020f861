"""A warehouse that is away, locked, read-only or full, loses rights and columns, or commits and does not say so."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2
from psycopg2.sql import SQL, Identifier

from workspace.drill.faults.fault import Fault, Injection, Skip
from workspace.drill.faults.workers import flushing
from workspace.drill.servers import LONG, eventually
from workspace.drill.stand import LOADER, SCHEMA, SIDES, Stand

FLUSHES = SIDES[1]
FULL_BYTES = 12_000_000


def away(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    stand.warehouse.proxy.go_away()
    try:
        stand.change()
        injection.expect(
            _ends(stand, "sources_sourcesync", stand.begin_sync) == "success", "the source waited"
        )
        injection.expect(_ends(stand, FLUSHES, stand.begin_flush) == "failed", "the flush did not say so")
    finally:
        stand.warehouse.proxy.come_back()


def cut(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    stand.change(120)
    stand.begin()
    eventually("A flush is at work or over", lambda: flushing(stand) or stand.idle(), LONG)
    stand.warehouse.proxy.cut()
    eventually("The runs end", stand.idle, LONG)


def restart(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    stand.change(120)
    stand.begin()
    eventually("A flush is at work or over", lambda: flushing(stand) or stand.idle(), LONG)
    stand.warehouse.restart_immediately()
    eventually("The runs end", stand.idle, LONG)


def answer_lost(*, before: bool) -> Callable[[Injection], None]:
    """The connection ends after COMMIT was sent: before the server hears of it, or before we hear of its answer."""

    def inject(injection: Injection) -> None:
        stand = injection.stand
        known = stand.warehouse.proxy.lost_answers
        stand.warehouse.proxy.lose_commits(1, before=before)
        try:
            stand.change()
            _ends(stand, "sources_sourcesync", stand.begin_sync)
            _ends(stand, FLUSHES, stand.begin_flush)
        finally:
            stand.warehouse.proxy.lose_commits(0)
        injection.expect(stand.warehouse.proxy.lost_answers > known, "no COMMIT came by")

    return inject


def locked(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    stand.change()
    with psycopg2.connect(stand.warehouse.own_url) as user, user.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {SCHEMA}.cases IN ACCESS EXCLUSIVE MODE")
        # Only now: the flush that follows a source sync by itself must find the lock as well.
        _ends(stand, "sources_sourcesync", stand.begin_sync)
        started = time.monotonic()
        status = _ends(stand, FLUSHES, stand.begin_flush)
    user.close()
    injection.expect(status in ("partial", "failed"), f"the flush was {status} while a table was locked")
    injection.limit("gave the locked table up after", time.monotonic() - started, 150)


@contextmanager
def _told(stand: Stand, damage: str, repair: str) -> Iterator[None]:
    stand.warehouse.ask(damage)
    try:
        yield
    finally:
        stand.warehouse.ask(repair)


def refused(
    damage: str, repair: str, statuses: tuple[str, ...] = ("failed", "partial")
) -> Callable[[Injection], None]:
    """A flush against a warehouse that was changed like this ends with one of these."""

    def inject(injection: Injection) -> None:
        stand = injection.stand
        with _told(stand, damage, repair):
            stand.change()
            _ends(stand, "sources_sourcesync", stand.begin_sync)
            status = _ends(stand, FLUSHES, stand.begin_flush)
            injection.expect(status in statuses, f"the flush was {status}")

    return inject


def drop(what: str) -> Callable[[Injection], None]:
    """A user drops something of ours; the next flush brings it back."""

    def inject(injection: Injection) -> None:
        stand = injection.stand
        stand.warehouse.ask(what)
        stand.watch.forget()
        stand.change()
        stand.begin()
        eventually("The runs end", stand.idle, LONG)

    return inject


def full(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    with _small_disk(stand) as place:
        stand.warehouse.ask(SQL("CREATE TABLESPACE small LOCATION {}").format(_text(place)))
        # Room that earlier updates have left in the table would do for the flush.
        stand.warehouse.ask(f"VACUUM FULL {SCHEMA}.cases")
        stand.warehouse.ask(f"ALTER TABLE {SCHEMA}.cases SET TABLESPACE small")
        stuffing = place / "stuffing"
        try:
            _stuff(stuffing)
            stand.change(200)
            _ends(stand, "sources_sourcesync", stand.begin_sync)
            status = _ends(stand, FLUSHES, stand.begin_flush)
            injection.expect(status in ("failed", "partial"), f"the flush was {status} on a full disk")
        finally:
            stuffing.unlink(missing_ok=True)
            stand.warehouse.ask(f"ALTER TABLE {SCHEMA}.cases SET TABLESPACE pg_default")
            stand.warehouse.ask("DROP TABLESPACE small")


@contextmanager
def _small_disk(stand: Stand) -> Iterator[Path]:
    """A tmpfs of a few megabytes that PostgreSQL may write. Skip where nobody lets us mount one."""
    mount, place = shutil.which("mount"), stand.servers.root / "small"
    if os.geteuid() != 0 or mount is None:
        raise Skip("only root may mount a small disk")
    place.mkdir(exist_ok=True)
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={FULL_BYTES}", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise Skip("this machine lets nobody mount a small disk")
    try:
        os.chown(place, stand.servers.account.owner, stand.servers.account.owner)
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)


def _stuff(path: Path) -> None:
    with suppress(OSError), path.open("wb") as file:
        while True:
            file.write(b"\0" * 4096)
            file.flush()


def _text(path: Path) -> Identifier:
    return SQL("{}").format(SQL("'" + str(path).replace("'", "''") + "'"))


def _ends(stand: Stand, table: str, begin: Callable[[], None]) -> str:
    """The status of the next run of this side."""
    before = {row["id"] for row in stand.runs(table)}
    eventually("Nothing else is at work", stand.idle, LONG)
    begin()
    eventually("A run begins", lambda: any(row["id"] not in before for row in stand.runs(table)), LONG)
    eventually("It ends", stand.idle, LONG)
    return str(stand.runs(table)[0]["status"])


READ_ONLY = f"ALTER ROLE {LOADER} SET default_transaction_read_only = "
RIGHTS = f"INSERT, UPDATE ON {SCHEMA}.cases"

FAULTS = [
    Fault("warehouse away", "No connection: the Hub goes on, one flush catches up.", away, 2),
    Fault("warehouse connections cut", "Every connection is cut in the middle of a flush.", cut, 5),
    Fault("warehouse restarted", "pg_ctl restart -m immediate in the middle of a flush.", restart, 3),
    Fault(
        "answer to COMMIT lost",
        "The warehouse commits, and the connection ends before it says so.",
        answer_lost(before=False),
        3,
        short=True,
    ),
    Fault(
        "COMMIT lost",
        "The connection ends before the warehouse hears of COMMIT.",
        answer_lost(before=True),
        3,
    ),
    Fault(
        "table locked", "A user holds ACCESS EXCLUSIVE: the flush gives that table up and goes on.", locked
    ),
    Fault(
        "warehouse read-only", "Every transaction is read-only.", refused(READ_ONLY + "on", READ_ONLY + "off")
    ),
    Fault(
        "rights revoked",
        "INSERT and UPDATE on a table are taken away.",
        refused(
            f"SET ROLE {LOADER}; REVOKE {RIGHTS} FROM {LOADER}; RESET ROLE",
            f"SET ROLE {LOADER}; GRANT {RIGHTS} TO {LOADER}; RESET ROLE",
        ),
    ),
    Fault(
        "column dropped",
        "A user drops a column: it comes back, filled.",
        drop(f"ALTER TABLE {SCHEMA}.cases DROP COLUMN subject"),
    ),
    Fault(
        "table dropped",
        "A user drops a table: it comes back, filled.",
        drop(f"DROP TABLE {SCHEMA}.customers"),
    ),
    Fault("disk full", "The table's tablespace has no byte left.", full),
]
