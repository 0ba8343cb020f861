"""The data directory: one launcher at a time, nobody else's files, temporary ones cleared away.

Two locks, both the kernel's, so that `kill -9` releases them. `launcher.lock` is held by the launcher alone.
`servers.lock` is inherited by the servers: while it is held, a server of a killed launcher is still stopping.
"""

import fcntl
import os
import pwd
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from workspace.launcher.errors import LaunchError
from workspace.launcher.signals import Signals

LAUNCHER_LOCK = "launcher.lock"
SERVERS_LOCK = "servers.lock"
TEMPORARY_PREFIX = "tributary-launcher-"
STOPPING_SECONDS = 60.0
CHOOSE_ANOTHER = "choose another directory with --data DIR"


@dataclass(frozen=True)
class DataDirectory:
    """`servers_lock` is the descriptor each server inherits; `durable` is false for temporary data."""

    root: Path
    servers_lock: int
    durable: bool


@contextmanager
def kept(root: Path, signals: Signals) -> Iterator[DataDirectory]:
    """The directory that stays. Raises LaunchError when another launcher or another user has it."""
    create(root)
    with _launcher_lock(root), _servers_lock(root, signals) as servers_lock:
        yield DataDirectory(root, servers_lock, durable=True)


@contextmanager
def temporary(parent: Path, signals: Signals) -> Iterator[DataDirectory]:
    """A fresh directory below `parent`, removed at the end; those that killed launchers left go first."""
    for left in parent.glob(f"{TEMPORARY_PREFIX}*"):
        _remove_unless_locked(left)
    # Locked before it gets the name that the line above looks for.
    hidden = Path(tempfile.mkdtemp(prefix=f".{TEMPORARY_PREFIX}", dir=parent))
    with _launcher_lock(hidden), _servers_lock(hidden, signals) as servers_lock:
        root = hidden.rename(parent / hidden.name.removeprefix("."))
        root.chmod(0o711)  # a server that runs as nobody passes through to its own
        try:
            yield DataDirectory(root, servers_lock, durable=False)
        finally:
            shutil.rmtree(root, ignore_errors=True)


def create(root: Path) -> None:
    """Make the directory. Raises LaunchError when it cannot be written or holds another user's files."""
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LaunchError(f"{root} cannot be made ({error.strerror}): {CHOOSE_ANOTHER}.") from error
    if not os.access(root, os.W_OK | os.X_OK):
        raise LaunchError(f"{root} is not yours to write: {CHOOSE_ANOTHER}.")
    for name in (LAUNCHER_LOCK, SERVERS_LOCK, "secrets.env", "valkey"):
        refuse_foreign(root / name, os.geteuid())


def refuse_foreign(path: Path, owner: int) -> None:
    """Raise LaunchError when `path` exists and belongs to anybody but `owner`."""
    if path.exists() and path.lstat().st_uid != owner:
        theirs, ours = _name(path.lstat().st_uid), _name(owner)
        raise LaunchError(
            f"{path} belongs to {theirs}, not to {ours}: start as {theirs}, or {CHOOSE_ANOTHER}."
        )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"


@contextmanager
def _launcher_lock(root: Path) -> Iterator[None]:
    lock = _try_lock(root / LAUNCHER_LOCK)
    if lock is None:
        pid = (root / LAUNCHER_LOCK).read_text().strip() or "unknown"
        raise LaunchError(f"Another launcher (process {pid}) runs on {root}: stop it, or {CHOOSE_ANOTHER}.")
    try:
        os.truncate(lock, 0)
        os.write(lock, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(lock)


@contextmanager
def _servers_lock(root: Path, signals: Signals) -> Iterator[int]:
    """Wait for what a killed launcher left to stop; its servers were told so by the kernel."""
    deadline = time.monotonic() + STOPPING_SECONDS
    while (lock := _try_lock(root / SERVERS_LOCK)) is None:
        if time.monotonic() > deadline:
            raise LaunchError(f"A server of an earlier launcher still runs on {root}: stop it first.")
        signals.pause()
    try:
        yield lock
    finally:
        os.close(lock)


def _try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock, or None while somebody else does."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_unless_locked(left: Path) -> None:
    if left.is_symlink() or left.stat().st_uid != os.geteuid():
        return
    with suppress(LaunchError, OSError), _launcher_lock(left):
        servers_lock = _try_lock(left / SERVERS_LOCK)
        if servers_lock is not None:
            shutil.rmtree(left, ignore_errors=True)
            os.close(servers_lock)
