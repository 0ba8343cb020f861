"""Death at the n-th step: every statement, commit, request and message of a process counts as one.

A random kill hits long steps often and short ones never. This walks them: the process ends by SIGKILL right before its
n-th step, for n = 1, 2, 3 …, until it comes to its end unharmed. Between two steps nothing outside it changes.
"""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable
from typing import Any

import psycopg2
import psycopg2.extensions
from django.db import connections
from urllib3.connectionpool import HTTPConnectionPool

from workspace.celery import app

STATEMENT, COMMIT, REQUEST, MESSAGE = "statement", "commit", "request", "message"
EVERY = frozenset({STATEMENT, COMMIT, REQUEST, MESSAGE})


class Steps:
    """Counts the steps of this process, of all its threads, of these kinds; the fatal one is never taken."""

    def __init__(self, fatal: int, counted: frozenset[str]) -> None:
        self._fatal = fatal
        self._counted = counted
        self._taken = 0
        self._lock = threading.Lock()

    def step(self, kind: str) -> None:
        """Called before something of this kind is done."""
        if kind not in self._counted:
            return
        with self._lock:
            self._taken += 1
            if self._taken == self._fatal:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Count from now on what this process says to databases, Desk and broker. It is not to be undone."""
        _databases(self.step)
        send = HTTPConnectionPool.urlopen

        def counted_send(*arguments: Any, **options: Any) -> Any:
            self.step(REQUEST)
            return send(*arguments, **options)

        HTTPConnectionPool.urlopen = counted_send  # type: ignore[method-assign]
        app.send_task = lambda *a, **more: self.step(MESSAGE)  # type: ignore[method-assign,assignment]


def dies_at(fatal: int, work: Callable[[], object], counted: frozenset[str] = EVERY) -> bool:
    """Do the work in a process of its own, killed before its step number `fatal`; False when it came to its end."""
    connections.close_all()  # a connection must not be shared by two processes
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return True
        assert status == 0, f"The work ended with {status} instead of dying at step {fatal}."
        return False
    try:
        Steps(fatal, counted).watch()
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _databases(step: Callable[[str], None]) -> None:
    """Whatever goes to a database goes through these two classes from now on."""

    class CountedCursor(psycopg2.extensions.cursor):  # type: ignore[misc]
        def execute(self, *arguments: Any, **options: Any) -> Any:
            step(STATEMENT)
            return super().execute(*arguments, **options)

        def copy_expert(self, *arguments: Any, **options: Any) -> Any:
            step(STATEMENT)
            return super().copy_expert(*arguments, **options)

    class CountedConnection(psycopg2.extensions.connection):  # type: ignore[misc]
        def cursor(self, *arguments: Any, **options: Any) -> Any:
            return super().cursor(*arguments, **{"cursor_factory": CountedCursor, **options})

        def commit(self) -> None:
            step(COMMIT)
            super().commit()
            step(COMMIT)

    connect = psycopg2.connect
    psycopg2.connect = lambda *arguments, **options: connect(
        *arguments, **{"connection_factory": CountedConnection, **options}
    )
