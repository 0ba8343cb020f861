"""How the transactions of an idle installation are counted."""

from __future__ import annotations

import os
from contextlib import closing

import psycopg2

from benchmarks.many import transactions
from workspace.tests.path.servers import eventually


def test_what_a_connection_asked_is_counted_once_it_is_closed() -> None:
    url = os.environ["DATABASE_URL"]
    before = transactions(url)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        for _ in range(5_000):
            cursor.execute("SELECT 1")
    # Looking counts too, but in ten seconds far less.
    eventually("all are counted", lambda: transactions(url) >= before + 5_000, seconds=10)
