"""How much a table takes: an engine sets bounds to its columns, and to the values in one row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from workspace.hub.names import OVERFLOW


class Room:
    """What fits into one table; no bounds unless they are given.

    `columns` is asked once, when there is a new column for the first time: how many more the table takes. `values` are
    those besides NULL that fit in a row, whatever they are.
    """

    def __init__(self, columns: Callable[[], int | None] | None = None, values: int | None = None) -> None:
        self.values = math.inf if values is None else values
        self._ask = columns
        self._free: float | None = None

    def is_full(self) -> bool:
        """Whether the table takes no further column."""
        if self._free is None:
            free = self._ask() if self._ask else None
            self._free = math.inf if free is None else free
        return self._free <= 0

    def take(self) -> None:
        """Another column has been made."""
        if self._free is not None:
            self._free -= 1

    def surplus(self, row: Sequence[Any], columns: Sequence[Any]) -> list[int]:
        """Where in the row the values are that do not fit: the last by the names of their columns."""
        if len(row) <= self.values:
            return []
        names = {
            index: columns[index].name
            for index, value in enumerate(row)
            if value is not None and columns[index].name != OVERFLOW
        }
        return sorted(names, key=names.__getitem__)[int(min(self.values, len(names))) :]
