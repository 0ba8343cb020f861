"""Messages that come twice, beats that are two, a broker that forgets, restarts or is away."""

from __future__ import annotations

import json
import time
import uuid
from base64 import b64decode
from itertools import takewhile
from typing import Any

from celery import Celery

from workspace.drill.faults.desk import sync
from workspace.drill.faults.fault import Fault, Injection
from workspace.drill.faults.workers import fetching
from workspace.drill.processes import PASSWORD
from workspace.drill.servers import LONG, eventually
from workspace.drill.stand import LOADER_PASSWORD, SIDES, Stand

DOUBLES = 10
SENDING = "LPUSH celery "
SECRETS = (PASSWORD, LOADER_PASSWORD)
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
    stand, end = injection.stand, "the drill has heard enough"
    client: Any = stand.broker.client
    with client.monitor() as heard:  # Redis keeps for it what it has not read yet
        stand.change()
        sync(stand)
        client.echo(end)
        said = list(takewhile(lambda text: end not in text, (line["command"] for line in heard.listen())))
    sent = [text.removeprefix(SENDING) for text in said if text.startswith(SENDING)]
    bodies = [b64decode(json.loads(text)["body"]).decode() for text in sent]
    injection.expect(bool(bodies), "no message was sent")
    injection.expect(all(_is_one_id(body) for body in bodies), "a message holds more than an id")
    shown = " ".join([*said, *bodies])
    injection.expect(
        not any(secret in shown for secret in SECRETS), "a secret is in what the broker was told"
    )


def _is_one_id(body: str) -> bool:
    """Whether these are the arguments of a task that is given the id of a run and nothing else."""
    positional, named, _ = json.loads(body)
    return not named and [str(uuid.UUID(one)) for one in positional] == positional and len(positional) == 1


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
    Fault("messages looked at", "Messages hold ids and no secret.", only_ids),
]
