"""What a sync does not take in: objects that were erased, and whatever refers to a person who was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sources.connectors.base import Page, Record, Rejected, Stream
from sources.models import Source
from workspace.hub.erasure import Suppression
from workspace.payload import parse


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is refused of one collection. There is none for a source of which nothing was ever erased."""

    stream: Stream
    people: frozenset[str]
    suppression: Suppression

    def sort_out(self, page: Page) -> tuple[Sequence[Record], list[Rejected]]:
        """The records of a page, and those that cannot be stored, that may come in."""
        records = [record for record in page.records if not self._refuses(record)]
        return records, [item for item in page.rejected if not self._refuses_text(item.raw)]

    def _refuses(self, record: Record) -> bool:
        covers, name = self.suppression.covers, self.stream.collection
        return covers(name, record.id) or any(
            covers(*reference)
            for reference in self.stream.refers_to(record.body)
            if reference[0] in self.people
        )

    def _refuses_text(self, raw: str) -> bool:
        try:
            body = parse(raw)
        except (ValueError, RecursionError):
            return False
        return isinstance(body, dict) and self._refuses(Record("", None, body))


def refusal_of(source: Source, stream: Stream, suppression: Suppression | None) -> Refusal | None:
    """What is refused of a collection of this source."""
    if suppression is None:
        return None
    return Refusal(stream, people_of(source), suppression)


def people_of(source: Source) -> frozenset[str]:
    """The collections whose objects are persons."""
    return frozenset(stream.collection for stream in source.connector.streams if stream.people)
