"""The ids of a site: what an object may link to."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

SPAN, PRESENT = 64, 61


class IdSequence(Protocol):
    """Ascending ids: a list, a range, an array, `Ids`."""

    def __len__(self) -> int: ...
    def __getitem__(self, place: int, /) -> int: ...


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """The ids that exist; where a sequence is empty, the link that would need it is null."""

    users: IdSequence = ()
    groups: IdSequence = ()
    companies: IdSequence = ()
    customers: IdSequence = ()
    topics: IdSequence = ()
    brands: IdSequence = ()
    cases: IdSequence = ()
    labels: IdSequence = ()


@dataclass(frozen=True, slots=True)
class Ids:
    """Ascending ids with gaps, as hard deletions leave them, computed instead of stored.

    Of every 64 numbers the same three are missing, one of them among the first eight.
    """

    first: int
    count: int
    offsets: tuple[int, ...]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int, /) -> int:
        if not -self.count <= place < self.count:
            raise IndexError(place)
        block, rest = divmod(place % self.count, PRESENT)
        return self.first + block * SPAN + self.offsets[rest]

    def __iter__(self) -> Iterator[int]:
        return (self[place] for place in range(self.count))


def ids(first: int, count: int, rng: random.Random) -> Ids:
    """`count` ids from `first` on."""
    missing = {rng.randrange(2, 8), *rng.sample(range(8, SPAN), SPAN - PRESENT - 1)}
    return Ids(first, count, tuple(sorted(set(range(SPAN)) - missing)))
