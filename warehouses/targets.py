"""One collection on its way into a warehouse."""

from __future__ import annotations

from dataclasses import dataclass, field

from warehouses.models import CollectionResult, Watermark
from workspace.hub.columns import Change
from workspace.hub.models import Collection


@dataclass(slots=True)
class Target:
    """A collection on its way: from its watermark to the version it had when the run looked."""

    collection: Collection
    watermark: Watermark
    until: int
    stored: int
    result: CollectionResult
    reached: int
    """The version of the last slice merged, which is committed and saved afterwards."""
    loaded: int = 0
    """Rows merged and not committed yet."""
    pending: int = 0
    made: bool = False
    """Whether its table is new and not committed yet."""
    learned: list[Change] = field(default_factory=list)
    news: list[tuple[str, str]] = field(default_factory=list)
    """Notices, code and sentence, of what is not committed yet."""
    remembered: bool = False

    @property
    def name(self) -> str:
        """The table."""
        return self.collection.name
