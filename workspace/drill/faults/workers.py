"""Workers that die, freeze, are told to go, or come too late."""

from __future__ import annotations

import time
from collections.abc import Callable

from workspace.drill.faults.fault import Fault, Injection
from workspace.drill.servers import LONG, eventually
from workspace.drill.stand import SIDES, Stand

Phase = Callable[[Stand], bool]
KILLS_A_RUN = 5
IN_TRANSACTION = """SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL
                    AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND """


def fetching(stand: Stand) -> bool:
    """Whether a worker holds a source run."""
    return stand.at_work()


def committing(stand: Stand) -> bool:
    """Whether a transaction that writes to the Hub is open at this moment."""
    return bool(stand.app.ask(IN_TRANSACTION + "query ~* '(insert|update|copy|delete|create temp).*hub_'"))


def flushing(stand: Stand) -> bool:
    """Whether a transaction of the flush is open in the warehouse at this moment."""
    return bool(stand.warehouse.ask(IN_TRANSACTION + "usename = 'loader'"))


def kill_while(injection: Injection, phase: Phase, delay: float) -> None:
    """kill -9 as often as wanted, a few times in each run, each a random moment after the phase was seen."""
    stand, kills, of_this_run = injection.stand, 0, KILLS_A_RUN
    while kills < injection.times:
        if of_this_run >= KILLS_A_RUN or stand.idle():
            eventually("The run ends however often its workers die", stand.idle, LONG)
            stand.change()
            _begin_both(stand)
            of_this_run = 0
        # A run that ends before the phase was seen is followed by another.
        seen = eventually("The phase begins", lambda: _seen(stand, phase), LONG)
        if seen == "the phase":
            time.sleep(injection.chance.uniform(0, delay))
            stand.worker.kill()
            stand.start_worker()
            kills, of_this_run = kills + 1, of_this_run + 1


def _begin_both(stand: Stand) -> None:
    """Begin a run of each side; until they are there an idle stand does not mean that they have ended."""
    before = {table: len(stand.runs(table)) for table in SIDES}
    stand.begin()
    eventually(
        "Both runs begin", lambda: all(len(stand.runs(table)) > before[table] for table in SIDES), LONG
    )


def _seen(stand: Stand, phase: Phase) -> str:
    return "the phase" if phase(stand) else "the end" if stand.idle() else ""


def kill_in_fetch(injection: Injection) -> None:
    """See FAULTS."""
    kill_while(injection, fetching, 0.8)


def kill_in_commit(injection: Injection) -> None:
    """See FAULTS."""
    kill_while(injection, committing, 0.02)


def kill_in_flush(injection: Injection) -> None:
    """See FAULTS."""
    kill_while(injection, flushing, 0.03)


def zombie(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    stand.change()
    stand.begin()
    eventually("Somebody works", lambda: fetching(stand))
    time.sleep(injection.chance.uniform(0, 0.5))
    frozen = stand.worker
    frozen.freeze()
    try:
        stand.start_worker()
        eventually("The other worker has taken over and ended the run", stand.idle, LONG)
    finally:
        frozen.thaw()
    time.sleep(1)  # time for the zombie to write, if it could
    frozen.kill()


def take_over(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    with stand.usual_pace():
        hold_up(stand)
        stand.begin_sync()
        eventually("Somebody works", lambda: fetching(stand), LONG)
        fence = stand.runs()[0]["fence"]
        time.sleep(injection.chance.uniform(0, 1))
        stand.worker.kill()
        started = time.monotonic()
        stand.start_worker(LEASE_SECONDS="", TICK_SECONDS="", SLICE_SECONDS="")
        eventually("The run is taken over", lambda: stand.runs()[0]["fence"] > fence, LONG)
        injection.limit("taken over in", time.monotonic() - started, 120)
        stand.desk.clear()


def cancel(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    with stand.usual_pace():
        hold_up(stand)
        stand.begin_sync()
        eventually("Somebody works", lambda: fetching(stand), LONG)
        started = time.monotonic()
        stand.app.ask(f"UPDATE {SIDES[0]} SET cancel_requested = true WHERE status = 'running'")
        eventually("It is cancelled", lambda: stand.runs()[0]["status"] == "cancelled", 60)
        injection.limit("cancelled in", time.monotonic() - started, 10)
        stand.desk.clear()


def deploy(injection: Injection) -> None:
    """See FAULTS."""
    stand, slowest = injection.stand, 0.0
    for _ in range(injection.times):
        stand.change()
        stand.begin()
        eventually("Somebody works", lambda: fetching(stand))
        time.sleep(injection.chance.uniform(0, 0.8))
        leaving = stand.worker
        before = _read(stand)
        slowest = max(slowest, leaving.terminate())
        injection.expect(_read(stand) >= before, "what was read before the deploy was thrown away")
        stand.start_worker()
        eventually("The run ends", stand.idle, LONG)
    injection.limit("ended in", slowest, 10)


def hold_up(stand: Stand) -> None:
    """Desk answers slowly, so that a run stays under way."""
    stand.change()
    stand.desk.fault("slow:path=/cases,seconds=30,after=1")


def _read(stand: Stand) -> int:
    return sum(count.get("read", 0) for count in stand.runs()[0]["counts"].values())


FAULTS = [
    Fault(
        "worker killed while it fetches",
        "kill -9 of the worker and its children at a random moment of a source sync.",
        kill_in_fetch,
        share=0.4,
        short=True,
    ),
    Fault(
        "worker killed while the Hub commits",
        "kill -9 while a transaction that writes objects and cursor is open.",
        kill_in_commit,
        share=0.3,
    ),
    Fault(
        "worker killed while it flushes",
        "kill -9 while the transaction in the warehouse is open.",
        kill_in_flush,
        share=0.3,
        short=True,
    ),
    Fault(
        "zombie worker",
        "SIGSTOP past the lease; another worker takes over; SIGCONT: the zombie may write nothing.",
        zombie,
        times=3,
    ),
    Fault(
        "worker deployed in the middle",
        "SIGTERM to the worker: it ends within 10 s, and what it had committed stays.",
        deploy,
        times=5,
    ),
    Fault(
        "dead worker, usual pace",
        "kill -9 with the product's own lease and tick: another worker goes on within 2 minutes, without a person.",
        take_over,
    ),
    Fault(
        "cancelled, usual pace",
        "A run is cancelled while Desk drips its answer: it stops within 10 s.",
        cancel,
    ),
]
