"""A source sync: every collection's pages from the vendor into the Hub, objects and cursor in one transaction.

One thread fetches, parses and renders; this one writes. Pages that come within a moment are committed together: a slow
vendor costs one commit a page, and a fast one does not pay for a commit with each.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from django.db import transaction
from django.utils import timezone

from sources.connectors.base import Client, Page, Record, Rejected, Stream
from sources.models import Cursor, Quarantined, Source, SourceSync
from sources.refusal import Refusal, refusal_of
from sources.traffic import SharedTraffic
from workspace.ahead import Ahead
from workspace.errors import ConfigError, PublicError
from workspace.hub import deletions, store
from workspace.hub.erasure import Suppression, suppression_of
from workspace.hub.models import Collection
from workspace.payload import VISIBLE_NUL
from workspace.runs import Lease, Run
from workspace.slices import Slice, take_slice

log = logging.getLogger(__name__)

PAGES_AHEAD = 10
BATCH_OBJECTS = 1000
"""Objects written in one transaction at the most; batches of 1,000 are as fast as larger ones and small in memory."""
GATHER_SECONDS = 0.2
"""How long pages are gathered for one transaction: the most that a crash can cost beyond the page under way."""

RAW_KEPT = 20_000
"""Characters of a quarantined record that are kept: enough to see what it is."""
COUNTED = ("read", "new", "changed", "unchanged", "deleted", "stale", "quarantined", "mended", "requests")

Watch = Callable[[SourceSync, str, SharedTraffic], None]
"""Told after each commit: the run with its counts, the collection, the traffic."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A page whose records were rendered for the Hub and let go, for they take five times the memory.

    `ids` are those of all records, `rejected` those of them and of the page that cannot be stored. `refused` counts
    what was erased before and left out.
    """

    page: Page
    ids: list[str]
    entries: list[store.Entry]
    rejected: list[Rejected]
    refused: int = 0


def run_slice(run_id: Any, *, seconds: float | None = None, watch: Watch | None = None) -> bool:
    """Work on a sync for about `seconds`; see `workspace.slices.take_slice`."""
    return take_slice(SourceSync, run_id, lambda run, lease: SyncSlice(run, lease, seconds, watch))


class SyncSlice(Slice[SourceSync]):
    """One worker's turn on a source sync."""

    def __init__(self, run: SourceSync, lease: Lease, seconds: float | None, watch: Watch | None) -> None:
        super().__init__(run, lease, seconds)
        self.watch = watch
        self.source: Source = run.source
        self.traffic = SharedTraffic(self.source.pk, lease)
        self.suppression: Suppression | None = None
        self._before = (run.requests, run.waited)

    def outcome(self, *, failed: bool) -> str:
        """A run is failed unless it proved otherwise."""
        ended = [count for count in self.run.counts.values() if count.get("ended")]
        sound = [count for count in ended if not count.get("error")]
        if failed or not sound or len(ended) < len(self.run.counts):
            return Run.Status.FAILED
        return Run.Status.PARTIAL if self.run.troubled or len(sound) < len(ended) else Run.Status.SUCCESS

    def finish(self, status: str) -> None:
        """End the run with its last counts."""
        for name, value in self._progress().items():
            setattr(self.run, name, value)
        super().finish(status)

    def work(self) -> None:
        """Every stream that has not ended in this run."""
        credentials = self.source.credentials
        if credentials is None:
            raise ConfigError(
                "The source has no credentials yet.", code="no_credentials", action="Connect it."
            )
        self.suppression = suppression_of(self.source.schema_id)
        with self.source.connector.open(credentials, self.traffic) as client:
            for stream in self.source.streams():
                if self._wanted(stream.collection):
                    self._read(client, stream)

    def _wanted(self, name: str) -> bool:
        if self.run.only and name not in self.run.only:
            return False
        return not self.run.counts.get(name, {}).get("ended")

    def _read(self, client: Client, stream: Stream) -> None:
        """One collection; its failure is a notice and the others go on, unless the account itself is refused."""
        name = stream.collection
        try:
            self._pull(client, stream)
        except PublicError as error:
            if error.code == "credentials_rejected":
                raise
            log.info("Sync %s: %s failed with %s", self.run.pk, name, error.code)
            self._tally(name).update(ended=True, error=error.code)
            self.run.say(f"{name}: {error.message}")
            self.run.notice("error", error.code, error.message, collection=name, action=error.action)
            self.lease.commit_point(**self._progress())

    def _pull(self, client: Client, stream: Stream) -> None:
        cursor = self._start(stream)
        how = "going on from its cursor" if cursor.state else "reading it whole"
        self.run.say(f"{stream.collection}: {how}.")
        before = self.traffic.requests
        known = self._tally(stream.collection)["requests"]
        refusal = refusal_of(self.source, stream, self.suppression)
        pages = _prepared(stream.pages(client, dict(cursor.state)), refusal)
        with Ahead(pages, PAGES_AHEAD, self.lease.check) as ahead:
            for batch in ahead:
                batches = [batch, *_gathered(ahead, len(batch.entries))]
                self._tally(stream.collection)["requests"] = known + self.traffic.requests - before
                self._commit(cursor, batches)
                if self.watch:
                    self.watch(self.run, stream.collection, self.traffic)
                self.pause_if_late()

    def _start(self, stream: Stream) -> Cursor:
        """The cursor to go on from; emptied when the whole collection is to be read again.

        What every run reads whole it reads at one stretch: the place where another run stopped is no longer the same.
        """
        collection = self.source.collection(stream.collection)
        cursor, _ = Cursor.objects.get_or_create(source=self.source, collection=collection)
        cursor.collection = collection
        tally = self._tally(stream.collection)
        again = self.run.full or not stream.incremental or cursor.full_read_due(self.source.full_read_every)
        if again and not tally.get("begun"):
            cursor.state = {}
        tally["begun"] = True
        return cursor

    def _commit(self, cursor: Cursor, batches: list[Batch]) -> None:
        """Objects, cursor, counts and lease in one transaction."""
        tally = self._tally(cursor.collection.name)
        before = (dict(tally), [dict(notice) for notice in self.run.notices])
        try:
            with transaction.atomic():
                for batch in batches:
                    self._take_in(cursor, batch, tally)
                self._note_seen(cursor, batches)
                _add(tally, self._store(cursor, batches).as_dict())
                if batches[-1].page.ends:
                    self._end_collection(cursor, batches[-1].page, tally)
                cursor.state = batches[-1].page.cursor
                cursor.save()
                self.lease.commit_point(**self._progress())
        except BaseException:
            self.run.counts[cursor.collection.name], self.run.notices = before
            raise

    def _take_in(self, cursor: Cursor, batch: Batch, tally: dict[str, Any]) -> None:
        collection, page = cursor.collection, batch.page
        if page.begins:
            cursor.reading_since, cursor.seen = timezone.now(), 0
            cursor.notes_seen = deletions.begin_read(collection)
        if page.total is not None:
            tally["total"] = page.total
        _add(tally, {"read": len(batch.ids) + batch.refused, "quarantined": len(batch.rejected)})
        if batch.refused:
            tally["refused"] = tally.get("refused", 0) + batch.refused
        _quarantine(self.run, collection, batch.rejected)
        for remark in page.remarks:
            self.run.notice(remark.level, remark.code, remark.message, collection=collection.name)

    def _store(self, cursor: Cursor, batches: list[Batch]) -> store.Tally:
        """Write the objects; a read that found nothing stored when it began meets new ones only, as a rule."""
        entries = [entry for batch in batches for entry in batch.entries]
        growing = batches[0].page.full and not cursor.notes_seen
        return store.upsert(cursor.collection, entries, growing=growing)

    def _note_seen(self, cursor: Cursor, batches: list[Batch]) -> None:
        met = [id_ for batch in batches if batch.page.full for id_ in batch.ids if store.can_be_id(id_)]
        if met and cursor.notes_seen:
            cursor.seen += deletions.note_seen(cursor.collection, met)

    def _end_collection(self, cursor: Cursor, page: Page, tally: dict[str, Any]) -> None:
        name = cursor.collection.name
        tally["ended"] = True
        self.run.say(
            f"{name}: {tally['read']:,} read, {tally['new']:,} new, {tally['changed']:,} changed, "
            f"{tally['unchanged']:,} unchanged, {_many(tally['requests'], 'request')}."
        )
        if page.full:
            self._look_for_missing(cursor, page, tally)
            cursor.full_read_at = timezone.now()
            Collection.objects.filter(pk=cursor.collection.pk).update(full_read_at=cursor.full_read_at)
            cursor.reading_since, cursor.notes_seen, cursor.seen = None, False, 0
        if tally["quarantined"]:
            message = f"{_many(tally['quarantined'], 'record')} could not be stored: see the quarantine."
            self.run.notice("warning", "quarantined", message, collection=name)
        if tally["stale"]:
            message = f"{_many(tally['stale'], 'object')} arrived older than stored, which was refused."
            self.run.notice("info", "stale_refused", message, collection=name)
        if refused := tally.get("refused"):
            message = f"{_many(refused, 'record')} of what was erased came again, which was refused."
            self.run.notice("info", "erased_refused", message, collection=name)
        if tally["mended"]:
            message = (
                f"{_many(tally['mended'], 'value')} could not be stored as sent and became a visible replacement "
                "character (for one that no database stores) or null (for NaN and infinite numbers)."
            )
            self.run.notice("info", "values_replaced", message, collection=name)
        if not tally["new"] and not tally["changed"]:
            tally["why"] = _why_nothing(page, tally)

    def _look_for_missing(self, cursor: Cursor, page: Page, tally: dict[str, Any]) -> None:
        if not (page.complete and cursor.notes_seen) or tally["quarantined"]:
            return
        found = deletions.sweep(cursor.collection, cursor.seen, twice=page.turned)
        if found is None:
            message = "Notes of this read were lost in a crash; missing objects are looked for next time."
            self.run.notice("info", "sweep_skipped", message, collection=cursor.collection.name)
            return
        _add(tally, {"deleted": found.deleted})
        if found.doubted:
            doubted = _many(found.doubted, "object")
            self.run.say(
                f"{cursor.collection.name}: {doubted} not met; deleted if the next read misses them too."
            )
        if found.held:
            message = (
                f"{_many(found.held, 'object')} vanished at the source, too many to believe, and were kept."
            )
            action = (
                f"Agree with: manage.py approve_deletions {self.source} --collection {cursor.collection.name}"
            )
            self.run.notice(
                "warning", "deletions_held", message, collection=cursor.collection.name, action=action
            )

    def _tally(self, name: str) -> dict[str, Any]:
        tally: dict[str, Any] = self.run.counts.setdefault(name, dict.fromkeys(COUNTED, 0))
        return tally

    def _progress(self) -> dict[str, Any]:
        requests, waited = self._before
        written = [count["new"] + count["changed"] + count["deleted"] for count in self.run.counts.values()]
        return {
            "rows": sum(written),
            "counts": self.run.counts,
            "notices": self.run.notices,
            "log": self.run.log,
            "requests": requests + self.traffic.requests,
            "waited": waited + self.traffic.waited,
        }


def _prepared(pages: Iterator[Page], refusal: Refusal | None) -> Iterator[Batch]:
    """Render and hash in the fetching thread, while the other waits for the database."""
    for page in pages:
        records, rejected = refusal.sort_out(page) if refusal else (page.records, list(page.rejected))
        refused = len(page.records) + len(page.rejected) - len(records) - len(rejected)
        ids = [record.id for record in records]
        batch = Batch(replace(page, records=(), rejected=()), ids, [], rejected, refused)
        for record in records:
            try:
                batch.entries.append(store.prepare(*record))
            except ValueError as error:
                batch.rejected.append(Rejected(_raw(record), str(error)))
        yield batch


def _raw(record: Record) -> str:
    try:
        return json.dumps(record.body)  # ASCII: nothing in it that a database would refuse
    except RecursionError:
        return f"{record.id!a}: nested too deeply to be written down"


def _gathered(ahead: Ahead[Batch], objects: int) -> Iterator[Batch]:
    """Pages that come within a moment, up to the size of a batch."""
    until = time.monotonic() + GATHER_SECONDS
    while objects < BATCH_OBJECTS and (batch := ahead.ready(until - time.monotonic())) is not None:
        objects += len(batch.entries)
        yield batch


def _quarantine(run: SourceSync, collection: Collection, rejected: Iterable[Rejected]) -> None:
    """Keep these records in the order of their digests: who writes the same ones at once waits and does not clash."""
    kept = {_digest(item): item for item in rejected}
    Quarantined.objects.bulk_create(
        [
            Quarantined(
                source=run.source,
                collection=collection,
                run=run,
                digest=digest,
                raw=kept[digest].raw.replace("\x00", VISIBLE_NUL)[:RAW_KEPT],
                reason=kept[digest].reason[:300],
            )
            for digest in sorted(kept)
        ],
        update_conflicts=True,
        unique_fields=["collection", "digest"],
        update_fields=["run", "raw", "reason", "last_seen_at"],
    )


def _digest(item: Rejected) -> uuid.UUID:
    return uuid.UUID(bytes=blake2b(item.raw.encode("utf-8", "replace"), digest_size=16).digest())


def _add(tally: dict[str, Any], counts: dict[str, int]) -> None:
    for name, count in counts.items():
        tally[name] += count


def _why_nothing(page: Page, tally: dict[str, Any]) -> str:
    if tally["read"]:
        return "Everything read was already stored as it is."
    return "The source holds no such objects." if page.full else "Nothing has changed since the last sync."


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
