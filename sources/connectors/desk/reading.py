"""From the answers of a walk to the pages of a run: cursors, counts, and whether a read was complete.

A cursor holds `phase` (`full` or `delta`), the `mark` of the walk, and what has been counted so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sources.connectors.base import Cursor, Page, Record, Rejected, Remark
from sources.connectors.desk.records import References, read_records
from sources.connectors.desk.walks import Leap

PAGE_RECORDS = 100


@dataclass(slots=True)
class Tally:
    """What a read of a whole collection has come to; it lives in the cursor, so that a resumed read goes on
    counting."""

    read: int = 0
    rejected: int = 0
    total: int | None = None
    """What the first answer said the collection holds."""
    moved: bool = False
    """Whether the number of objects changed while pages were turned: something may have slipped across a
    border."""

    @classmethod
    def of(cls, cursor: Cursor) -> Tally:
        """As the cursor keeps it."""
        return cls(**{name: cursor[name] for name in cls.__slots__ if name in cursor})

    def add(self, leap: Leap, rejected: int) -> None:
        """Count one answer."""
        self.total = leap.listing.total if self.total is None else self.total
        self.moved = self.moved or (leap.of_all and leap.listing.total != self.total)
        self.read += leap.passed
        self.rejected += rejected

    def as_cursor(self) -> Cursor:
        """For the cursor."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Recent:
    """What the answer before brought: an object at the border comes again, and is passed over when it is the
    same."""

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)

    def news(self, leap: Leap, references: References) -> tuple[list[Record], list[Rejected]]:
        """The records that were not in the answer before with the same content, and the rejected ones."""
        records, rejected = read_records(leap.entries, references, leap.listing.clock)
        before, refused = self.records, self.rejected
        self.records, self.rejected = {record.id: record.body for record in records}, rejected
        fresh = [record for record in records if before.get(record.id) != record.body]
        return fresh, [reject for reject in rejected if reject not in refused]


@dataclass(frozen=True, slots=True)
class FullRead:
    """A read of a whole collection."""

    collection: str
    references: References
    count: Callable[[], int]
    """Asks how many objects there are now."""
    recount: bool
    """Whether the listings of the walk may leave objects out, so that `count` is asked even when their total
    fits."""

    def pages(self, leaps: Iterable[Leap], cursor: Cursor, then: Cursor, begins: bool) -> Iterator[Page]:
        """The walk from `cursor` on as pages; after the last one the next run starts with `then`."""
        fixed: Cursor = {name: cursor[name] for name in ("phase", "then") if name in cursor}
        tally, recent = Tally.of(cursor), Recent()
        for leap in leaps:
            records, rejected = recent.news(leap, self.references)
            tally.add(leap, len(rejected))
            page = Page(records, then, full=True, begins=begins, rejected=rejected, total=tally.total)
            if leap.mark is None:
                page = self._last(page, leap, tally)
            else:
                page = replace(page, cursor={**fixed, "mark": leap.mark, **tally.as_cursor()})
            yield from slices(page, cursor)
            cursor, begins = page.cursor, False

    def _last(self, page: Page, leap: Leap, tally: Tally) -> Page:
        """The page with the verdict: were all objects read?"""
        recount = self.recount or tally.read != tally.total
        now = self.count() if recount else tally.read
        if tally.read == now and not tally.moved:
            return replace(page, ends=True, complete=not tally.rejected, remarks=leap.remarks)
        message = (
            f"{tally.read:,} {self.collection} were read while Desk counts {now:,} ({tally.total:,} when the "
            "read began). Nothing that is missing is taken for deleted this time."
        )
        return replace(page, ends=True, remarks=[*leap.remarks, Remark("warning", "count_differs", message)])


def changed_pages(
    leaps: Iterable[Leap], references: References, cursor: Cursor, after: Callable[[int, bool], Cursor]
) -> Iterator[Page]:
    """What changed since `cursor["since"]`. `after` makes the last cursor from the newest time of change
    seen, in Unix seconds by the server's clock and never lower than before, and whether there was more than
    one answer."""
    newest: int = cursor["newest"] if "newest" in cursor else cursor["since"]
    total: int | None = cursor.get("total")
    recent = Recent()
    several = "mark" in cursor
    for leap in leaps:
        records, rejected = recent.news(leap, references)
        newest = max([newest, *(int(record.stamp.timestamp()) for record in records if record.stamp)])
        total = leap.listing.total if total is None else total
        page = Page(records, {}, rejected=rejected, total=total, ends=leap.mark is None)
        several = several or not page.ends
        following = {**cursor, "mark": leap.mark, "newest": newest, "total": total}
        page = replace(page, cursor=after(newest, several) if page.ends else following)
        yield from slices(page, cursor)
        cursor = page.cursor


def slices(page: Page, before: Cursor) -> Iterator[Page]:
    """A long page in pages of at most 100. Only the last one moves on: repeating the others after a crash is
    harmless."""
    records, begins = page.records, page.begins
    while len(records) > PAGE_RECORDS:
        head, records = records[:PAGE_RECORDS], records[PAGE_RECORDS:]
        yield Page(head, before, full=page.full, begins=begins, total=page.total)
        begins = False
    yield replace(page, records=records, begins=begins)
