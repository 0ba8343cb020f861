"""Redis or Valkey on the loopback interface with an append-only file: a queue that survives a restart."""

import secrets
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from workspace.launcher.accounts import Account
from workspace.launcher.installs import Install
from workspace.launcher.ports import LOOPBACK
from workspace.launcher.server import PROBE_SECONDS, Server, spawn, start_on_free_port
from workspace.launcher.signals import Signals


@dataclass(frozen=True)
class Keeper:
    """One program with its directory and the password of this start."""

    install: Install
    home: Path
    durable: bool
    password: str

    def url(self, port: int) -> str:
        """The address of database 0, password included."""
        return f"redis://:{self.password}@{LOOPBACK}:{port}/0"


def keeper(install: Install, root: Path, durable: bool) -> Keeper:
    """`valkey/redis-7`, `valkey/valkey-9` …: neither program reads the other's newer file format."""
    home = root / "valkey" / f"{product(install).lower()}-{install.major}"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Keeper(install, home, durable, secrets.token_hex(24))


def product(install: Install) -> str:
    """Redis or Valkey."""
    return install.program.name.removesuffix("-server").capitalize()


def start(keeper: Keeper, servers_lock: int, signals: Signals) -> Server:
    """Start and wait for PONG: while the file is loaded, connections are accepted but not served."""
    return start_on_free_port(partial(_begin, keeper, servers_lock), partial(_answers, keeper), signals)


def _begin(keeper: Keeper, servers_lock: int, port: int) -> Server:
    """Settings go through the standard input, where the password shows neither in `ps` nor on the disk."""
    log = keeper.home / "server.log"
    argv = [str(keeper.install.program), "-"]
    process = spawn(argv, Account("as you"), log, cwd=keeper.home, stdin=subprocess.PIPE, keep=[servers_lock])
    if process.stdin is not None:
        # A server that ends at once is noticed by whoever waits for it.
        with suppress(BrokenPipeError), process.stdin as settings:
            settings.write(_settings(keeper, port).encode())
    return Server(f"{product(keeper.install)} {keeper.install.dotted}", process, port, log, signal.SIGTERM)


def _settings(keeper: Keeper, port: int) -> str:
    lines = (
        f"bind {LOOPBACK}",
        f"port {port}",
        f"requirepass {keeper.password}",
        'save ""',
        "appendonly yes",
        f"appendfsync {'everysec' if keeper.durable else 'no'}",
        "maxmemory-policy noeviction",
    )
    return "\n".join(lines) + "\n"


def _answers(keeper: Keeper, port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), PROBE_SECONDS) as connection:
            connection.sendall(f"AUTH {keeper.password}\r\nPING\r\n".encode())
            answer = connection.makefile("rb")
            return [answer.readline(), answer.readline()] == [b"+OK\r\n", b"+PONG\r\n"]
    except OSError:
        return False
