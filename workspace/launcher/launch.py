"""Puts the parts together: the environment, the servers that are missing in it, the command."""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from workspace.launcher import command, data, keys, postgres, reach, valkey
from workspace.launcher.accounts import Account, choose_account
from workspace.launcher.data import DataDirectory
from workspace.launcher.errors import SignalError
from workspace.launcher.installs import Install, postgres_installs, valkey_installs
from workspace.launcher.server import Server, tail
from workspace.launcher.signals import Signals

CHECKOUT = Path(__file__).parents[2]
DEFAULT_DATA = CHECKOUT / "var"
SECRETS = "secrets.env"
EXPORTED = ("DATABASE_URL", "REDIS_URL", "WAREHOUSE_URL", "SECRET_KEY", "CREDENTIAL_KEYS")


@dataclass(frozen=True)
class Options:
    """`data` None means a temporary directory."""

    command: Sequence[str]
    data: Path | None
    env_file: Path | None = None


def launch(options: Options, environ: Mapping[str, str]) -> int:
    """The exit status of the command, or 128 + n when signal n arrived before it ran. Raises LaunchError."""
    signals = Signals()
    with signals.installed():
        try:
            with servers(options.data, settings(options, environ), signals) as exported:
                return command.run(options.command, exported, signals)
        except SignalError as interrupted:
            return 128 + interrupted.signum


def settings(options: Options, environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment over the file's. One of ours that is set to nothing counts as not set."""
    given = {name: value for name, value in environ.items() if value or name not in EXPORTED}
    return (keys.read_env_file(options.env_file) if options.env_file else {}) | given


@contextmanager
def servers(root: Path | None, environ: Mapping[str, str], signals: Signals) -> Iterator[dict[str, str]]:
    """Start what `environ` does not name; yield the command's environment; stop everything in reverse order.

    A DATABASE_URL from outside comes with its own WAREHOUSE_URL or with none: no database is made on somebody
    else's server. Raises LaunchError and SignalError.
    """
    started = time.monotonic()
    with ExitStack() as stack:
        if root is not None and "DATABASE_URL" in environ and "REDIS_URL" in environ:
            data.create(root)  # for the secrets alone; nothing to lock
            yield {**keys.stable_secrets(root / SECRETS), **environ}
            return
        account = choose_account(environ) if "DATABASE_URL" not in environ else Account("as you")
        directory = stack.enter_context(_directory(root, account, signals))
        exported = keys.stable_secrets(directory.root / SECRETS)
        if "DATABASE_URL" not in environ:
            exported |= stack.enter_context(_postgres(directory, account, environ, signals))
        if "REDIS_URL" not in environ:
            exported |= stack.enter_context(_valkey(directory, environ, signals))
        say(f"ready in {time.monotonic() - started:.2f} s")
        yield {**exported, **environ}


def _directory(
    root: Path | None, account: Account, signals: Signals
) -> AbstractContextManager[DataDirectory]:
    if root is not None:
        return data.kept(root.absolute(), signals)
    parent = Path(tempfile.gettempdir())
    return data.temporary(reach.ELSEWHERE if account.uid and not reach.is_open(parent) else parent, signals)


@contextmanager
def _postgres(
    directory: DataDirectory, account: Account, environ: Mapping[str, str], signals: Signals
) -> Iterator[dict[str, str]]:
    home = reach.home_for(directory.root, account)
    install = _install_for(home, postgres_installs(environ))
    with reach.within_reach(install, account, home) as reachable:
        cluster = postgres.Cluster(reachable, home / postgres.home_name(install), account, directory.durable)
        server = postgres.start(cluster, directory.servers_lock, signals)
        with _running(server, install, account.mode) as port:
            yield {
                "DATABASE_URL": cluster.url(port, postgres.APP),
                "WAREHOUSE_URL": cluster.url(port, postgres.WAREHOUSE),
            }


@contextmanager
def _valkey(
    directory: DataDirectory, environ: Mapping[str, str], signals: Signals
) -> Iterator[dict[str, str]]:
    install = valkey_installs(environ)[0]
    keeper = valkey.keeper(install, directory.root, directory.durable)
    server = valkey.start(keeper, directory.servers_lock, signals)
    with _running(server, install, "as you") as port:
        yield {"REDIS_URL": keeper.url(port)}


def _install_for(home: Path, installs: Sequence[Install]) -> Install:
    """The first whose data are there: PostgreSQL installed later does not hide them. Else the first."""
    with_data = (install for install in installs if (home / postgres.home_name(install) / "data").exists())
    return next(with_data, installs[0])


@contextmanager
def _running(server: Server, install: Install, mode: str) -> Iterator[int]:
    """The server's port; it is stopped at the end, and one that did not live that long is reported."""
    say(f"{server.name} {mode} on 127.0.0.1:{server.port} ({install.program})")
    try:
        yield server.port
    finally:
        if not server.stop():
            say(f"{server.name} ended before it was told to. The end of {server.log}:\n{tail(server.log)}")


def say(sentence: str) -> None:
    """To standard error: standard output belongs to the command."""
    print(f"launcher: {sentence}", file=sys.stderr, flush=True)
