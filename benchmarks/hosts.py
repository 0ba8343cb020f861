"""`python -m benchmarks.hosts`, as root in the launcher: workers on three hosts, of which one drops off the network.

The hosts are network namespaces on one bridge. What they reach of each other is PostgreSQL, Redis and the vendor at
the bridge's address. Afterwards every source has to be whole in the Hub, without anybody's help.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import django

from benchmarks.many import WORKER, add_sources, beat, celery_command, clear, report, wait_until
from benchmarks.players import Site, serving

HOSTS, PROCESSES = 3, 2
BRIDGE, NETWORK = "tributary0", "10.203.0"
GATE = f"{NETWORK}.1"
SOURCES, CASES = 30, 10_000


def main() -> int:
    """Measure three hosts, then three of which one is lost in the middle."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workspace.settings")
    os.environ |= {"OUTBOUND_ALLOWED_HOSTS": GATE, "MALLOC_ARENA_MAX": "1", "TICK_SECONDS": "10"}
    subprocess.run([sys.executable, "manage.py", "migrate", "--no-input", "--verbosity", "0"], check=True)
    django.setup()
    print("| what | figure |\n|---|---|")
    with serving(CASES) as site, network(), gates(_ports(site)):
        away = Site(site.url.replace("127.0.0.1", GATE), CASES)
        for lost in (False, True):
            sync_all(away, lose_one=lost)
    return 0


def sync_all(site: Site, *, lose_one: bool) -> None:
    """All sources, due at once, by the workers of three hosts."""
    from sources.models import SourceSync
    from sources.schedule import start_due
    from sources.tasks import enqueue

    clear()
    sources = add_sources([site] * SOURCES, due=True)
    with ExitStack() as stack, beat():
        workers = [stack.enter_context(_worker(number)) for number in range(HOSTS)]
        started = time.monotonic()
        start_due(enqueue)
        if lose_one:
            wait_until(lambda: SourceSync.objects.filter(status="success").count() >= SOURCES // 3)
            _run(f"ip link set {_outer(0)} down")
            os.killpg(workers[0].pid, signal.SIGKILL)
        wait_until(lambda: SourceSync.objects.filter(status="success").count() == SOURCES)
        seconds = time.monotonic() - started
        taken = sum(SourceSync.objects.values_list("takeovers", flat=True))
        wrong = [source for source in sources if source.collection("cases").stored.count() != CASES]
        if lose_one:
            _run(f"ip link set {_outer(0)} up")
    if wrong:
        raise SystemExit(f"Not whole: {', '.join(map(str, wrong))}")
    hosts = f"{HOSTS} hosts of {PROCESSES} processes" + (", one lost in the middle" if lose_one else "")
    report(
        f"{SOURCES} sources of {CASES:,} cases, {hosts}",
        f"{seconds:.0f} s, {SOURCES * CASES / seconds:,.0f} objects/s, {taken} runs taken over, all whole",
    )


@contextmanager
def network() -> Iterator[None]:
    """The bridge and the namespaces on it."""
    with ExitStack() as stack:
        _run(f"ip link add {BRIDGE} type bridge")
        stack.callback(_run, f"ip link delete {BRIDGE}")
        _run(f"ip address add {GATE}/24 dev {BRIDGE}", f"ip link set {BRIDGE} up")
        for number in range(HOSTS):
            host, inner = _host(number), f"in{number}"
            _run(f"ip netns add {host}")
            stack.callback(_run, f"ip netns delete {host}")
            _run(
                f"ip link add {_outer(number)} type veth peer name {inner} netns {host}",
                f"ip link set {_outer(number)} master {BRIDGE} up",
                f"ip -n {host} address add {NETWORK}.{10 + number}/24 dev {inner}",
                f"ip -n {host} link set {inner} up",
                f"ip -n {host} link set lo up",
            )
        yield


@contextmanager
def gates(ports: Iterable[int]) -> Iterator[None]:
    """Let the hosts reach these ports of this machine's loopback address at the bridge's."""
    loop = asyncio.new_event_loop()

    async def listen(port: int) -> None:
        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            _keep_alive(writer.get_extra_info("socket"))
            there = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_copy(reader, there[1]), _copy(there[0], writer))

        await asyncio.start_server(pass_on, GATE, port, limit=1 << 20)

    for port in ports:
        loop.run_until_complete(listen(port))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for task in (tasks := asyncio.all_tasks(loop)):
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        loop.close()


def _keep_alive(line: socket.socket) -> None:
    """Notice a vanished host as PostgreSQL does by the product's own settings, were there no gate between."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in ((socket.TCP_KEEPIDLE, 20), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 4)):
        line.setsockopt(socket.IPPROTO_TCP, option, value)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 18):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@contextmanager
def _worker(number: int) -> Iterator[Any]:
    """A worker on a host; as the Procfile starts it."""
    environ = {name: value.replace("127.0.0.1", GATE) for name, value in os.environ.items()}
    command = celery_command(*WORKER, "--concurrency", str(PROCESSES), "--hostname", f"host{number}@%h")
    process = subprocess.Popen(
        ["ip", "netns", "exec", _host(number), *command],
        env={**environ, "REMAP_SIGTERM": "SIGQUIT"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _ports(site: Site) -> list[int]:
    urls = (site.url, os.environ["DATABASE_URL"], os.environ["REDIS_URL"])
    return [port for url in urls if (port := urlsplit(url).port)]


def _host(number: int) -> str:
    return f"tributary-{number}"


def _outer(number: int) -> str:
    return f"tributary{number + 1}"


def _run(*commands: str) -> None:
    for command in commands:
        subprocess.run(command.split(), check=True)


if __name__ == "__main__":
    raise SystemExit(main())
