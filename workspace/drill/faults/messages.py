"""Messages that come twice, beats that are two, a broker that forgets, restarts or is away."""

from __future__ import annotations

import json
import time

from celery import Celery

from workspace.drill.faults.fault import Fault, Injection
from workspace.drill.faults.workers import fetching
from workspace.drill.servers import LONG, eventually
from workspace.drill.stand import SIDES, Stand

DOUBLES = 10
NAMES = {SIDES[0]: "sources.sync", SIDES[1]: "warehouses.sync"}


def double(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    other = stand.worker
    stand.start_worker()
    try:
        stand.change()
        stand.begin()
        eventually("A run begins", lambda: not stand.idle())
        broker = Celery(broker=stand.servers.broker.url)
        for table, task in NAMES.items():
            for run in stand.runs(table)[:1]:
                for _ in range(DOUBLES):
                    broker.send_task(task, [str(run["id"])], queue="celery")
        broker.close()
        eventually("The runs end", stand.idle, LONG)
        injection.expect(_one_at_a_time(stand), "two runs of one source overlapped")
    finally:
        other.kill()


def two_beats(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    other = stand.start_beat()
    try:
        for _ in range(3):
            before = len(stand.runs())
            stand.change()
            stand.begin()
            eventually("A run begins", lambda before=before: len(stand.runs()) > before)
            eventually("It ends", stand.idle, LONG)
            injection.expect(len(stand.runs()) == before + 1, "one slot started two runs")
    finally:
        other.kill()


def flush_all(injection: Injection) -> None:
    """See FAULTS."""
    _in_the_middle(injection)
    injection.stand.broker.client.flushall()


def restart(injection: Injection) -> None:
    """See FAULTS."""
    _in_the_middle(injection)
    injection.stand.broker.restart()


def away(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    _in_the_middle(injection)
    stand.broker.proxy.go_away()
    time.sleep(60)
    stand.broker.proxy.come_back()
    started = time.monotonic()
    before = len(stand.runs())
    stand.begin_sync()
    eventually("The schedule goes on by itself", lambda: len(stand.runs()) > before, LONG)
    injection.limit("next run began after", time.monotonic() - started, 60)


def only_ids(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    stand.worker.kill()
    stand.change()
    stand.begin()
    eventually("Messages wait", lambda: stand.broker.client.llen("celery"))
    for text in stand.broker.client.lrange("celery", 0, -1):
        shown = json.dumps(json.loads(text))
        injection.expect(
            "desk-sandbox" not in shown and "only for the drill" not in shown, "a secret is in a message"
        )
    stand.start_worker()


def _in_the_middle(injection: Injection) -> None:
    stand = injection.stand
    stand.change()
    stand.begin()
    eventually("Somebody works", lambda: fetching(stand))
    time.sleep(injection.chance.uniform(0, 0.5))


def _one_at_a_time(stand: Stand) -> bool:
    """Whether no two source runs were at work at once."""
    overlap = """SELECT 1 FROM sources_sourcesync a JOIN sources_sourcesync b ON a.source_id = b.source_id
                 AND a.id < b.id AND a.started_at < b.finished_at AND b.started_at < a.finished_at"""
    return not stand.app.ask(overlap)


FAULTS = [
    Fault(
        "messages doubled",
        "Each message comes ten times more, to two workers: one works on a run.",
        double,
        3,
    ),
    Fault("two beats", "Two schedulers at once: a slot starts one run.", two_beats),
    Fault("broker flushed", "FLUSHALL in the middle of both runs.", flush_all, 5),
    Fault("broker restarted", "kill -9 of Redis and a new start.", restart, 5),
    Fault("broker away for 60 s", "No connection to Redis for a minute.", away),
    Fault("messages looked at", "Messages that wait hold ids and no secret.", only_ids),
]
