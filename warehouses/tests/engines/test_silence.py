"""Servers that take a connection and then say nothing, and sessions that somebody else has left behind."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from warehouses.engines import deadline, postgres, postgres_link
from warehouses.engines.base import Session
from warehouses.engines.deadline import Deadline
from warehouses.engines.postgres import Postgres
from warehouses.engines.postgres_session import PostgresSession
from warehouses.tests.engines.conftest import Bed, a_row, postgres_bed, with_system
from workspace.errors import TransientError
from workspace.hub.columns import Column, Type
from workspace.tests.holes import MEASURED, Hole, hidden, mute, seconds_of
from workspace.within import done_within

ANYWHERE = {"host": "127.0.0.1", "database": "d", "user": "u", "password": "p", "tls": "require"}


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


@contextmanager
def silent_server(date_style: bytes = b"ISO, MDY") -> Iterator[Postgres]:
    """A server that lets anybody in and answers no question."""
    hello = message(b"R", struct.pack("!I", 0))
    for name, value in (
        (b"client_encoding", b"UTF8"),
        (b"server_version", b"15.0"),
        (b"DateStyle", date_style),
    ):
        hello += message(b"S", name + b"\0" + value + b"\0")
    taken: list[socket.socket] = []

    def serve() -> None:
        line, _ = listener.accept()
        taken.append(line)
        line.recv(struct.unpack("!I", line.recv(4))[0])
        line.sendall(hello + message(b"Z", b"I"))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        place = {"host": "127.0.0.1", "port": listener.getsockname()[1], "database": "d", "user": "u"}
        yield Postgres({**place, "password": "p", "tls": "disable"}, frozenset({"127.0.0.1"}))
        for line in taken:
            line.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits of a moment for what comes after the connection is made."""
    monkeypatch.setattr(postgres, "CHECK", 3)
    monkeypatch.setattr(postgres_link, "STATEMENT", 0.1)
    monkeypatch.setattr(postgres_link, "GRACE", 0.1)


def test_the_connection_test_of_a_silent_server_ends(impatient: None) -> None:
    with silent_server() as engine:
        last = engine.check()[-1]
    assert (last.name, last.ok) == ("rights", False)
    assert last.message.endswith("took a connection and then said nothing for too long.")


def test_a_connection_test_takes_no_longer_than_ten_seconds() -> None:
    assert postgres.CHECK + deadline.LOOK <= 10


@pytest.mark.parametrize("hole", [mute, hidden])
def test_the_connection_test_of_a_host_that_says_nothing_ends(
    hole: Hole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "CHECK", postgres.CHECK if MEASURED else 3)
    with hole() as port:
        began = time.monotonic()
        last = Postgres({**ANYWHERE, "port": port}, frozenset({"127.0.0.1"})).check()[-1]
    assert (last.name, last.ok) == ("connect", False)
    assert not MEASURED or time.monotonic() - began <= 10


@pytest.mark.skipif(not MEASURED, reason="MEASURED=1 measures")
def test_of_connection_tests_ninety_five_in_a_hundred_take_less_than_three_seconds() -> None:
    with postgres_bed() as bed:
        assert sorted(seconds_of(bed.engine.check) for _ in range(100))[94] < 3


def test_a_server_that_is_silent_before_we_ask_ends_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "CHECK", 1)
    monkeypatch.setattr(postgres, "GRACE", 0.1)
    with silent_server(b"German") as engine:  # psycopg2 asks for another style before we see the connection
        last = engine.check()[-1]
    assert last.message.endswith("took a connection and then said nothing for too long.")


def test_a_sync_with_a_silent_server_fails_as_what_may_pass(impatient: None) -> None:
    with silent_server() as engine, engine.open() as session:
        with pytest.raises(TransientError) as caught:
            session.describe("desk_com")
        assert (caught.value.code, session.lost) == ("silent", True)


def test_what_ends_in_time_is_not_cut() -> None:
    cut: list[bool] = []
    ending = Deadline(lambda: cut.append(True))
    with ending.within(60):
        pass
    ending.close()
    assert (cut, ending.passed) == ([], False)


def test_what_comes_too_late_is_discarded() -> None:
    late, discarded = threading.Event(), threading.Event()
    work = lambda: late.wait(30)  # noqa: E731
    assert done_within(0.01, work, lambda result: discarded.set()) is None
    late.set()
    assert discarded.wait(30)


def test_settings_another_client_of_a_pooler_left_in_the_session_do_not_count(
    bed: Bed, session: Session
) -> None:
    due = Column("due", Type.TIMESTAMP)
    session.create_table(bed.schema, "cases", [due])
    session.merge(bed.schema, "cases", with_system(due), [a_row("1", 1, "2013-05-09T17:02:16Z")])
    session.commit()
    session._run("SET TIME ZONE 'America/New_York'; SET datestyle = 'German'")  # type: ignore[attr-defined]
    session.commit()
    session.widen(bed.schema, "cases", Column("due", Type.TEXT))
    session.commit()
    assert bed.read(f"SELECT due FROM {bed.table('cases')}") == [("2013-05-09T17:02:16Z",)]


def test_the_server_is_told_to_notice_soon_that_a_workers_host_is_gone() -> None:
    with postgres_bed() as bed, bed.engine.open() as session:
        assert isinstance(session, PostgresSession)
        kept = [
            session._link.all(f"SHOW tcp_keepalives_{name}")[0][0] for name in ("idle", "interval", "count")
        ]
    assert kept == ["30", "10", "3"]


@pytest.mark.django_db
def test_so_is_our_own_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting FROM pg_settings WHERE name LIKE 'tcp_keepalives_%' ORDER BY name")
        assert [setting for (setting,) in cursor] == ["4", "20", "5"]
