"""Desk that answers badly, slowly or strangely, and data that move while they are read."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from workspace.drill.faults.fault import Fault, Injection
from workspace.drill.faults.workers import fetching
from workspace.drill.servers import LONG, eventually
from workspace.drill.stand import SOURCE, Stand

GUARD_SHARE = 0.05


def answers(*specs: str) -> Callable[[Injection], None]:
    """A full sync while Desk answers with these faults."""

    def inject(injection: Injection) -> None:
        stand = injection.stand
        stand.change()
        for spec in specs:
            stand.desk.fault(spec)
        sync(stand)

    return inject


def sync(stand: Stand, *, full: bool = True) -> None:
    """A sync to its end, however it ends."""
    before = len(stand.runs())
    stand.begin_sync(full=full)
    eventually("The sync begins", lambda: len(stand.runs()) > before)
    eventually("The sync ends", stand.idle, LONG)


def drift(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    stand.change()
    stand.begin()
    eventually("Somebody works", lambda: fetching(stand))
    for number in range(12):
        seed = injection.chance.randrange(1_000_000)
        stand.desk.change("update", ("cases", "customers", "companies")[number % 3], 5, seed=seed)
        stand.desk.change("create", ("cases", "customers", "articles")[number % 3], 2, seed=seed)
        stand.desk.change("delete", ("cases", "customers", "articles")[number % 3], 1, seed=seed)
        time.sleep(injection.chance.uniform(0, 0.15))
    eventually("The sync ends", stand.idle, LONG)


def same_second(injection: Injection) -> None:
    """See FAULTS."""
    stand, desk = injection.stand, injection.stand.desk
    # The present one: with one that is past, cases changed since would come as older versions of themselves.
    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    seed = injection.chance.randrange(1_000_000)
    for status in ("open", "pending", "resolved"):
        ids = desk.change("update", count=150, seed=seed, at=moment, set={"status": status})
        sync(stand, full=False)
    injection.expect(len(ids) == 150, "fewer cases were changed than wanted")


def late(injection: Injection) -> None:
    """See FAULTS."""
    stand, desk = injection.stand, injection.stand.desk
    cases = desk.truth("cases")
    untouched = [int(key) for key in sorted(cases, key=lambda key: str(cases[key]["updated_at"]))]
    for number, seconds in enumerate((0, -20, -50)):
        desk.change("create", count=3, at=seconds)
        desk.change("update", ids=untouched[5 * number : 5 * number + 5], count=5, at=seconds)
        sync(stand, full=False)


def older_again(injection: Injection) -> None:
    """See FAULTS."""
    stand, desk = injection.stand, injection.stand.desk
    ids = desk.change("update", count=20, seed=injection.chance.randrange(1_000_000), set={"priority": 7})
    sync(stand)
    desk.change("redeliver", ids=ids, count=len(ids), times=1)
    sync(stand)


def future(injection: Injection) -> None:
    """See FAULTS."""
    stand, desk = injection.stand, injection.stand.desk
    seed = injection.chance.randrange(1_000_000)
    ids = desk.change("update", count=3, seed=seed, at=10 * 365 * 86_400)
    sync(stand, full=False)
    desk.change("update", ids=ids, count=3, set={"priority": 9})
    desk.change("update", count=10, seed=seed + 1)
    sync(stand, full=False)
    injection.expect(
        all(stand.desk.truth("cases")[str(key)]["priority"] == 9 for key in ids), "the sandbox did not change"
    )


def delete_few(injection: Injection) -> None:
    """See FAULTS."""
    desk, seed = injection.stand.desk, injection.chance.randrange(1_000_000)
    desk.change("delete", "cases", 5, seed=seed)
    desk.change("delete", "articles", 2, seed=seed)
    sync(injection.stand)


def delete_many(injection: Injection) -> None:
    """See FAULTS."""
    stand = injection.stand
    stored = _live(stand)
    many = max(40, int(stored * GUARD_SHARE) * 2)
    stand.desk.change("delete", "cases", many, seed=injection.chance.randrange(1_000_000))
    sync(stand)
    sync(stand)
    injection.expect(_live(stand) == stored, "a mass deletion was believed without asking")
    stand.manage("approve_deletions", SOURCE)


def _live(stand: Stand) -> int:
    sql = """SELECT count(*) AS live FROM hub_object o JOIN hub_collection c ON c.id = o.collection_id
             WHERE c.name = 'cases' AND o.deleted_at IS NULL"""
    return int(stand.app.ask(sql)[0]["live"])


FAULTS = [
    Fault("429 storm", "Half of all answers are 429.", answers("429:p=0.5,reset=1")),
    Fault("5xx", "Three answers in ten are 500, 502 or 503.", answers("500:p=0.1", "502:p=0.1", "503:p=0.1")),
    Fault("slow drip", "Bodies drip for five seconds.", answers("slow:times=4,seconds=5")),
    Fault("cut bodies", "The connection is closed in the middle of the body.", answers("cut:p=0.3")),
    Fault(
        "malformed pages",
        "JSON that ends in the middle, and pages of HTML.",
        answers("malformed:p=0.15", "html:p=0.15"),
    ),
    Fault("ids missing", "Objects come without their id.", answers("no_ids")),
    Fault("page drift", "Objects change, come and go between the pages of a full read.", drift, 3, reads=2),
    Fault("same second", "Hundreds of changes in one second, three times in the same.", same_second),
    Fault("late records", "Records become visible up to 50 s after their own stamp.", late),
    Fault("older versions again", "Lists deliver the version before the last once more.", older_again),
    Fault("stamps in the future", "Cases stamped ten years ahead freeze nothing.", future),
    Fault("few objects vanish", "Hard deletes under the guard: marked as deleted.", delete_few, reads=2),
    Fault(
        "many objects vanish",
        "Hard deletes over the guard: held until an admin agrees.",
        delete_many,
        reads=2,
    ),
]
