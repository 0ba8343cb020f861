"""Servers of the drill's own, started as the launcher starts them: they can be killed without hurting anybody."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import psycopg2.extras
import redis

from workspace.drill.proxy import Proxy
from workspace.launcher import data, postgres, reach, valkey
from workspace.launcher.accounts import Account, choose_account
from workspace.launcher.installs import postgres_installs, valkey_installs
from workspace.launcher.signals import Signals

Rows = list[dict[str, Any]]
PATIENCE = 240
LONG = 900
GLANCE = 0.03


class Database:
    """A PostgreSQL cluster behind a proxy."""

    def __init__(self, cluster: postgres.Cluster, lock: int, database: str) -> None:
        self.cluster, self.database = cluster, database
        self._lock, self._signals = lock, Signals()
        self._server = postgres.start(cluster, lock, self._signals)
        self.proxy = Proxy(self._server.port)
        self._connection: Any = None

    @property
    def url(self) -> str:
        """The address through the proxy, which the product uses."""
        return self.cluster.url(self.proxy.port, self.database)

    @property
    def own_url(self) -> str:
        """The address past the proxy, which the drill uses."""
        return self.cluster.url(self._server.port, self.database)

    def ask(self, statement: Any, *values: Any) -> Rows:
        """One statement past the proxy, in a connection that is made anew when it is lost. Main thread only."""
        if self._connection is None:
            self._connection = psycopg2.connect(self.own_url)
            self._connection.autocommit = True
        try:
            with self._connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor) as cursor:
                cursor.execute(statement, values or None)
                return [dict(row) for row in cursor] if cursor.description else []
        except (psycopg2.OperationalError, psycopg2.InterfaceError):
            self._forget_connection()
            raise

    def _forget_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def restart_immediately(self) -> None:
        """What `pg_ctl restart -m immediate` does: SIGQUIT, no checkpoint, recovery at the start."""
        self._forget_connection()
        self._server.process.send_signal(signal.SIGQUIT)
        self._server.process.wait(PATIENCE)
        self._server = postgres.start(self.cluster, self._lock, self._signals)
        self.proxy.target = self._server.port
        self.proxy.cut()

    def backends(self) -> list[int]:
        """Process ids of the product's sessions."""
        sql = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [row["pid"] for row in self.ask(f"{sql} AND backend_type = 'client backend' ORDER BY pid")]

    def stop(self) -> None:
        """Shut down, however it was treated."""
        self._forget_connection()
        self.proxy.close()
        self._server.stop()


class Broker:
    """Redis or Valkey behind a proxy."""

    def __init__(self, root: Path, lock: int, environ: dict[str, str]) -> None:
        self._keeper = valkey.keeper(valkey_installs(environ)[0], root, False)
        self._lock, self._signals = lock, Signals()
        self._server = valkey.start(self._keeper, lock, self._signals)
        self.proxy = Proxy(self._server.port)

    @property
    def url(self) -> str:
        """The address through the proxy."""
        return self._keeper.url(self.proxy.port)

    @property
    def client(self) -> redis.Redis:
        """A client past the proxy."""
        return redis.Redis.from_url(self._keeper.url(self._server.port))

    def restart(self) -> None:
        """kill -9, and a new start from what it has written down."""
        self._server.process.kill()
        self._server.process.wait(PATIENCE)
        self._server = valkey.start(self._keeper, self._lock, self._signals)
        self.proxy.target = self._server.port
        self.proxy.cut()

    def stop(self) -> None:
        """Shut down."""
        self.proxy.close()
        self._server.stop()


@dataclass(frozen=True)
class Servers:
    """The product's database and broker, and the customer's warehouse."""

    app: Database
    broker: Broker
    warehouse: Database
    account: Account
    root: Path


@contextmanager
def servers() -> Iterator[Servers]:
    """Fresh ones in a temporary directory; gone at the end."""
    environ, signals = dict(os.environ), Signals()
    account = choose_account(environ)
    parent = Path(tempfile.gettempdir())
    parent = reach.ELSEWHERE if account.uid and not reach.is_open(parent) else parent
    with ExitStack() as stack:
        directory = stack.enter_context(data.temporary(parent, signals))
        install = postgres_installs(environ)[0]
        install = stack.enter_context(reach.within_reach(install, account, directory.root))
        made = []
        for name in (postgres.APP, postgres.WAREHOUSE):
            home = directory.root / f"{name}-{postgres.home_name(install)}"
            database = Database(postgres.Cluster(install, home, account, False), directory.servers_lock, name)
            stack.callback(database.stop)
            made.append(database)
        broker = Broker(directory.root, directory.servers_lock, environ)
        stack.callback(broker.stop)
        yield Servers(made[0], broker, made[1], account, directory.root)


def eventually(what: str, look: Any, seconds: float = PATIENCE) -> Any:
    """What `look` finds as soon as it finds something; DrillError with `what` after so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(psycopg2.OperationalError, psycopg2.InterfaceError, redis.RedisError):
            if found := look():
                return found
        time.sleep(GLANCE)
    raise DrillError(f"{what}: not within {seconds:.0f} s.")


class DrillError(Exception):
    """Something that should have happened did not: the drill's own finding."""
