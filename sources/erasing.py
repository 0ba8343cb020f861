"""Erasing an object from the Hub, and with a person all that refers to it, for the page and the command line alike.

`ask` writes down what is wanted: from then on syncs refuse it. `erase` does the rest in steps that any worker can go on
with. First a sync that works just now begins anew, for it does not know yet what to refuse; what it has committed by
then the search finds. Then collection after collection is looked through, in the order of versions.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.utils import timezone

from sources.models import Source, SourceSync
from sources.refusal import people_of
from workspace import audit
from workspace.celery import nudge
from workspace.errors import ConfigError
from workspace.hub import erasure as hub
from workspace.hub import store
from workspace.hub.models import Collection, Erasure
from workspace.models import User
from workspace.payload import parse, render
from workspace.runs import Run, fence_off

TASK, SYNC = "sources.erase", "sources.sync"
STEP = 2_000
"""Objects looked through in one transaction."""


def ask(source: Source, collection: str, object_id: str, by: User | str) -> Erasure:
    """Have an object erased, whether the Hub has it or not; a worker begins at once.

    Raises ConfigError as `require_erasable` does.
    """
    require_erasable(source, collection, object_id)
    with transaction.atomic():
        erasure = hub.begin(source.collection(collection), object_id)
        told = {"collection": collection, "digest": erasure.digest[:8]}
        audit.record(source.workspace, by, "object.erased", source, **told)
        transaction.on_commit(lambda: nudge(TASK, erasure.pk))
    return erasure


def require_erasable(source: Source, collection: str, object_id: str) -> None:
    """Raise ConfigError when the source has no such collection or no object can have this id."""
    if collection not in {stream.collection for stream in source.connector.streams}:
        raise ConfigError(f"{source} has no collection {collection}.", code="collection")
    if not object_id or not store.can_be_id(object_id):
        raise ConfigError("No object has such an id.", code="object_id")


def erase(erasure_id: Any, seconds: float | None = None, *, wait: bool = False) -> bool:
    """Work on an erasure for about `seconds`, a step at least; False when another turn is needed.

    What somebody else works on is left to them, unless `wait`: then the steps are taken in turn.
    """
    until = time.monotonic() + seconds if seconds else float("inf")
    while True:
        with transaction.atomic():
            waiting = Erasure.objects.select_for_update(skip_locked=not wait, of=("self",))
            found = (
                waiting.filter(pk=erasure_id, erased_at=None).select_related("collection", "schema").first()
            )
            if found is None or _step(found):
                return True
        if time.monotonic() >= until:
            return False


def erase_now(erasure: Erasure) -> None:
    """Work on it here, beside the worker that may do so too, until the Hub has forgotten everything."""
    erase(erasure.pk, wait=True)
    erasure.refresh_from_db()


def nudge_unfinished() -> None:
    """Send a message again for what is not done: whoever works on it holds its row, and nobody else does it twice."""
    for erasure in hub.unfinished():
        nudge(TASK, erasure.pk)


def count_referring(
    source: Source, collection: str, object_id: str, seconds: float
) -> tuple[dict[str, int], bool]:
    """How many objects refer to this person, per collection, and whether the time has sufficed to look at all."""
    counts: dict[str, int] = {}
    until = time.monotonic() + seconds
    if collection in people_of(source):
        for stored in Collection.objects.filter(schema=source.schema_id).order_by("objects_stored"):
            for ids, _ in _referring(source, stored, (collection, object_id), 0, stored.version):
                if time.monotonic() > until:
                    return counts, False
                counts[stored.name] = counts.get(stored.name, 0) + len(ids)
    return {name: number for name, number in counts.items() if number}, True


def _step(erasure: Erasure) -> bool:
    """One transaction's worth; True when the Hub has forgotten everything."""
    source = Source.objects.select_related("schema").get(schema=erasure.schema_id)
    if not erasure.progress:
        _begin_anew(source)
        stored = Collection.objects.filter(schema=erasure.schema_id)
        erasure.progress = {one.name: [0, one.version] for one in stored}
        erasure.save(update_fields=["progress"])
        return False
    if erasure.collection.name not in erasure.counts:
        hub.remove(erasure, erasure.collection, [erasure.sealed["id"]])
    is_person = erasure.collection.name in people_of(source)
    behind = {name for name, (after, until) in erasure.progress.items() if after < until and is_person}
    if behind:
        _search(erasure, source, min(behind))
        return False
    _empty_quarantine(source, erasure.sealed["id"])
    hub.finish(erasure)
    return True


def _begin_anew(source: Source) -> None:
    """Let no sync commit that has begun before: it starts again where it stood, and knows what to refuse."""
    working = SourceSync.objects.filter(source=source, status__in=Run.ACTIVE)
    fence_off(working, nudged_at=timezone.now())
    for run_id in working.values_list("pk", flat=True):
        transaction.on_commit(lambda pk=run_id: nudge(SYNC, pk))  # type: ignore[misc]


def _search(erasure: Erasure, source: Source, name: str) -> None:
    """Erase what refers to the person among the next objects of a collection."""
    collection = Collection.objects.get(schema=erasure.schema_id, name=name)
    after, until = erasure.progress[name]
    person = (erasure.collection.name, erasure.sealed["id"])
    ids, reached = next(_referring(source, collection, person, after, until), ([], until))
    if ids:
        hub.remove(erasure, collection, ids)
    erasure.progress[name] = [reached, until]
    erasure.save(update_fields=["progress"])


def _referring(
    source: Source, collection: Collection, person: tuple[str, str], after: int, until: int
) -> Iterator[tuple[list[str], int]]:
    """Step by step the ids of those objects of a collection that refer to a person, and the version reached."""
    streams = {stream.collection: stream for stream in source.connector.streams}
    stream, written = streams.get(collection.name), _as_written(person[1])
    while stream and (changes := store.changes(collection.pk, after, until, STEP)):
        after = changes[-1].version
        # Most objects do not even hold the characters of the id: only the others are parsed.
        near = [
            one for one in changes if written in one.payload and (stream.collection, one.object_id) != person
        ]
        yield [one.object_id for one in near if person in stream.refers_to(parse(one.payload))], after


def _as_written(object_id: str) -> str:
    """An id as it stands in the text of an object."""
    return render({"": object_id})[0].decode()[len('{"":"') : -len('"}')]


def _empty_quarantine(source: Source, object_id: str) -> None:
    """Records that could not be stored and hold the id go too; they are ASCII."""
    written = re.escape(json.dumps(object_id)[1:-1])
    source.quarantine.filter(raw__regex=f"(?<![0-9A-Za-z]){written}(?![0-9A-Za-z])").delete()
