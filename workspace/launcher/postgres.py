"""A PostgreSQL cluster on the loopback interface, with the two databases `tributary` and `warehouse`."""

import os
import secrets
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workspace.launcher import reach, wire
from workspace.launcher.accounts import Account
from workspace.launcher.errors import LaunchError
from workspace.launcher.installs import Install
from workspace.launcher.ports import LOOPBACK
from workspace.launcher.server import PROBE_SECONDS, Server, run_to_end, spawn, start_on_free_port, tail
from workspace.launcher.signals import Signals

SUPERUSER = "app"
APP, WAREHOUSE = "tributary", "warehouse"

# For a small machine. No Unix socket: its directory may be missing, or too long a path.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "synchronous_commit": "on",
    "jit": "off",
}
# Only where the data are thrown away at the end.
UNSAFE_AND_FAST = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Cluster:
    """`home` holds `data`, `password` and the logs; its name carries the major version, as in `pg15`."""

    install: Install
    home: Path
    account: Account
    durable: bool

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    @property
    def setup_log(self) -> Path:
        return self.home / "setup.log"

    @property
    def password(self) -> str:
        """Made with the cluster and kept beside it. Raises LaunchError when somebody took it away."""
        try:
            return (self.home / "password").read_text().strip()
        except OSError as error:
            raise LaunchError(
                f"{error.filename} cannot be read: restore it, or move {self.home} away."
            ) from error

    def url(self, port: int, database: str) -> str:
        """The address of a database, password included."""
        return f"postgres://{SUPERUSER}:{self.password}@{LOOPBACK}:{port}/{database}"


def home_name(install: Install) -> str:
    """A data directory of one major version does not start under another."""
    return f"pg{install.major}"


def start(cluster: Cluster, servers_lock: int, signals: Signals) -> Server:
    """Make the cluster the first time, start it, wait for an answer to a query, make missing databases.

    Raises LaunchError with the end of the server's log, and SignalError.
    """
    reach.adopt(cluster.home, cluster.account)
    if not cluster.data.exists():
        _initialise(cluster, signals)
    _drop_stale_pid_file(cluster.data)
    begin = partial(_begin, cluster, _settings(cluster), servers_lock)
    server = start_on_free_port(begin, partial(_answers, cluster), signals)
    try:
        _make_databases(cluster, server.port)
    except BaseException:
        server.stop()
        raise
    return server


def _initialise(cluster: Cluster, signals: Signals) -> None:
    """initdb beside the final place: one killed half-way leaves nothing that looks like a cluster."""
    partial_data = cluster.home / "data.partial"
    password = cluster.home / "password"
    cluster.home.mkdir(mode=0o700, exist_ok=True)
    shutil.rmtree(partial_data, ignore_errors=True)
    password.touch(mode=0o600)
    password.write_text(secrets.token_hex(24) + "\n")
    reach.give_away(cluster.home, cluster.account.owner)
    # Not trust: every local user can connect to the port, and a superuser may run programs.
    access = (f"--username={SUPERUSER}", f"--pwfile={password}", "--auth=password")
    text = ("--encoding=UTF8", "--locale=C.UTF-8")
    initdb = cluster.install.program.with_name("initdb")
    argv = [str(initdb), *access, *text, "--no-sync", f"--pgdata={partial_data}"]
    if run_to_end(spawn(argv, cluster.account, cluster.setup_log), signals) != 0:
        raise LaunchError(f"initdb of PostgreSQL {cluster.install.dotted} failed:\n{tail(cluster.setup_log)}")
    partial_data.rename(cluster.data)


def _drop_stale_pid_file(data: Path) -> None:
    """After a crash the number in the file may belong to any other process, and PostgreSQL would not start.

    The servers' lock already says that no server of ours runs; one started by hand works in its data directory.
    """
    pid_file = data / "postmaster.pid"
    if pid_file.exists():
        pid = pid_file.read_text().partition("\n")[0]
        try:
            stale = os.readlink(f"/proc/{pid}/cwd") != str(data.resolve())
        except FileNotFoundError:  # gone, or a zombie
            stale = True
        if stale:
            pid_file.unlink()


def _settings(cluster: Cluster) -> list[str]:
    settings = SETTINGS if cluster.durable else SETTINGS | UNSAFE_AND_FAST
    words = [f"--{name}={value}" for name, value in settings.items()]
    lz4 = "--default_toast_compression=lz4"
    return [*words, lz4] if _accepts(cluster, lz4) else words


def _accepts(cluster: Cluster, word: str) -> bool:
    """Whether this build knows the setting: `postgres -C` checks it and prints it without starting."""
    name = word.removeprefix("--").partition("=")[0]
    argv = [str(cluster.install.program), "-D", str(cluster.data), word, "-C", name]
    return spawn(argv, cluster.account, cluster.setup_log).wait() == 0


def _begin(cluster: Cluster, settings: Sequence[str], servers_lock: int, port: int) -> Server:
    argv = [str(cluster.install.program), "-D", str(cluster.data), f"--port={port}", *settings]
    process = spawn(argv, cluster.account, cluster.log, death_signal=signal.SIGINT, keep=[servers_lock])
    return Server(f"PostgreSQL {cluster.install.dotted}", process, port, cluster.log, signal.SIGINT)


def _answers(cluster: Cluster, port: int) -> bool:
    """A real query: an open port says less, and a stranger's server does not know our password."""
    try:
        return wire.query(_door(cluster, port, "postgres"), "SELECT 1", PROBE_SECONDS) == [("1",)]
    except (OSError, wire.RefusedError):
        return False


def _make_databases(cluster: Cluster, port: int) -> None:
    door = _door(cluster, port, "postgres")
    there = {row[0] for row in wire.query(door, "SELECT datname FROM pg_database")}
    for database in (APP, WAREHOUSE):
        if database not in there:
            wire.query(door, f"CREATE DATABASE {database}")


def _door(cluster: Cluster, port: int, database: str) -> wire.Door:
    return wire.Door(port, SUPERUSER, cluster.password, database)
