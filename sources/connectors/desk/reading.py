"""From the answers of a walk to the pages of a run: cursors, counts, and whether a read was complete.

A cursor holds `phase` (`full` or `delta`), the `mark` of the walk, and what has been counted so far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
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
    turned: bool = False
    """Whether pages were turned by number: then something may have done so although the number is the same."""

    @classmethod
    def of(cls, cursor: Cursor) -> Tally:
        """As the cursor keeps it."""
        return cls(**{name: cursor[name] for name in cls.__slots__ if name in cursor})

    def add(self, leap: Leap, rejected: int) -> None:
        """Count one answer."""
        self.total = leap.listing.total if self.total is None else self.total
        self.moved = self.moved or (leap.of_all and leap.listing.total != self.total)
        self.turned = self.turned or leap.turned
        self.read += leap.passed
        self.rejected += rejected


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
                page = replace(page, cursor={**fixed, "mark": leap.mark, **asdict(tally)})
            yield from slices(page, cursor)
            cursor, begins = page.cursor, False

    def _last(self, page: Page, leap: Leap, tally: Tally) -> Page:
        """The page with the verdict: were all objects read?"""
        recount = self.recount or tally.read != tally.total
        now = self.count() if recount else tally.read
        if tally.read == now and not tally.moved:
            sound = not tally.rejected
            return replace(page, ends=True, complete=sound, turned=tally.turned, remarks=leap.remarks)
        message = (
            f"{tally.read:,} {self.collection} were read while Desk counts {now:,} ({tally.total:,} when the "
            "read began). Nothing that is missing is taken for deleted this time."
        )
        return replace(page, ends=True, remarks=[*leap.remarks, Remark("warning", "count_differs", message)])


@dataclass(slots=True)
class Progress:
    """What a read of changes has come to, in Unix seconds; it lives in the cursor too."""

    since: int
    newest: int = 0
    """The latest time of change seen."""
    asked: int = 0
    """The server's clock at the first answer."""
    answers: int = 0
    total: int | None = None
    """How many changes the first answer promised."""

    def add(self, leap: Leap, records: list[Record]) -> None:
        """Take note of one answer."""
        if not self.answers:
            self.asked, self.total = int(leap.listing.clock.timestamp()), leap.listing.total
        self.answers += 1
        stamps = [record.stamp for record in records if record.stamp]
        self.newest = max(self.newest, int(max(stamps).timestamp())) if stamps else self.newest

    def next_since(self) -> int:
        """Where the next run begins to look back: at the newest change, at most at the beginning of this run,
        for what becomes visible late may have done so behind the walk. Never before `since`."""
        return max(self.since, min(self.newest, self.asked))


def changed_pages(
    leaps: Iterable[Leap], references: References, cursor: Cursor, after: Callable[[Progress], Cursor]
) -> Iterator[Page]:
    """What changed since `cursor["since"]`; `after` makes the last cursor."""
    progress = Progress(**{name: cursor[name] for name in Progress.__slots__ if name in cursor})
    recent = Recent()
    for leap in leaps:
        records, rejected = recent.news(leap, references)
        progress.add(leap, records)
        following = {"phase": "delta", "mark": leap.mark, **asdict(progress)}
        following = after(progress) if leap.mark is None else following
        page = Page(records, following, rejected=rejected, total=progress.total, ends=leap.mark is None)
        yield from slices(page, cursor)
        cursor = following


def slices(page: Page, before: Cursor) -> Iterator[Page]:
    """A long page in pages of at most 100. Only the last one moves on: repeating the others after a crash is
    harmless."""
    records, begins = page.records, page.begins
    while len(records) > PAGE_RECORDS:
        head, records = records[:PAGE_RECORDS], records[PAGE_RECORDS:]
        yield Page(head, before, full=page.full, begins=begins, total=page.total)
        begins = False
    yield replace(page, records=records, begins=begins)
