"""What a phase cost: wall and CPU seconds, memory of a tree of processes, what PostgreSQL did meanwhile."""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass
class Cost:
    """Of one phase of one contestant."""

    wall: float = 0.0
    cpu: float = 0.0
    """Of the contestant's processes."""
    postgres: float = 0.0
    """CPU seconds of all of PostgreSQL, its background processes included."""
    memory: float = 0.0
    """The most megabytes the contestant's processes had resident together."""
    wal: float = 0.0
    """Megabytes of write-ahead log."""
    requests: int = 0


@contextmanager
def measured(pid: int, url: str) -> Iterator[Cost]:
    """Measure what a process, all below it and the PostgreSQL server at `url` do in the block."""
    before = cpu_of(pid)
    with _watched(url, lambda: tree(pid)) as cost:
        yield cost
    cost.cpu = cpu_of(pid) - before


@contextmanager
def measured_children(url: str) -> Iterator[Cost]:
    """Measure the processes that are started in the block, and waited for, and the PostgreSQL server at `url`."""
    others, before = set(tree(os.getpid())), _cpu_of_ended()
    with _watched(url, lambda: [pid for pid in tree(os.getpid()) if pid not in others]) as cost:
        yield cost
    cost.cpu = _cpu_of_ended() - before


@contextmanager
def _watched(url: str, processes: Callable[[], list[int]]) -> Iterator[Cost]:
    cost = Cost()
    server, log = _postmaster(url), _log_position(url)
    before, started = cpu_of(server), time.monotonic()
    with _watched_memory(processes, cost):
        yield cost
        cost.wall = time.monotonic() - started
    cost.postgres = cpu_of(server) - before
    cost.wal = (_log_position(url) - log) / 2**20


def _cpu_of_ended() -> float:
    """CPU seconds of this process's children that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def cpu_of(pid: int) -> float:
    """CPU seconds of a process and all below it, those that have ended and were waited for included."""
    return sum(_seconds(one) for one in tree(pid))


def _seconds(pid: int) -> float:
    fields = _stat(pid)
    return sum(map(int, fields[11:15])) / TICKS if fields else 0.0


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := _stat(int(name))):
            children.setdefault(int(fields[1]), []).append(int(name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_MB
    except OSError:
        return 0.0


@contextmanager
def _watched_memory(processes: Callable[[], list[int]], cost: Cost) -> Iterator[None]:
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            cost.memory = max(cost.memory, sum(map(_resident, processes())))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        cost.memory = max(cost.memory, sum(map(_resident, processes())))


def _postmaster(url: str) -> int:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(_stat(cursor.fetchone()[0])[1])


def _log_position(url: str) -> int:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
        return int(cursor.fetchone()[0])
