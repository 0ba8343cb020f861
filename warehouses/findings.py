"""What the comparison of a table found, and the sentences about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from workspace.runs import Run

NAMED = 20
"""Ids that a finding names; the others it counts."""
REPAIR = "Repair: what the Hub holds is written again, without asking the vendor."
KEPT = "Delete them if you did not put them there: nothing in a warehouse is deleted by us."


@dataclass(slots=True)
class Finding:
    """What was wrong with one table; `ended` once all of it has been compared, `repairing` if it was made whole."""

    collection: str
    rows: int = 0
    differing: int = 0
    surplus: int = 0
    repaired: int = 0
    differing_ids: list[str] = field(default_factory=list)
    surplus_ids: list[str] = field(default_factory=list)
    table_lost: bool = False
    columns_lost: list[str] = field(default_factory=list)
    repairing: bool = False
    ended: bool = False

    @property
    def sound(self) -> bool:
        """Whether nothing was wrong."""
        return not (self.differing or self.surplus or self.table_lost or self.columns_lost)

    def lacks(self, table: bool, columns: Iterable[str]) -> None:
        """The table, or columns of it, had been dropped; remembered from the first look on."""
        self.table_lost = self.table_lost or table
        self.columns_lost = self.columns_lost or ([] if self.table_lost else sorted(columns))

    def differs(self, object_ids: Iterable[str], repaired: int = 0) -> None:
        """Count rows that differ or are missing, so many of them repaired."""
        for object_id in object_ids:
            self.differing += 1
            if self.differing <= NAMED:
                self.differing_ids.append(object_id)
        self.repaired += repaired

    def exceeds(self, object_ids: Iterable[str]) -> None:
        """Count rows that the Hub knows nothing of."""
        for object_id in object_ids:
            self.surplus += 1
            if self.surplus <= NAMED:
                self.surplus_ids.append(object_id)

    def tell(self, run: Run) -> None:
        """Say on the run what was wrong and what became of it."""
        run.say(
            f"{self.collection}: {self.rows:,} rows compared, {self.differing:,} differ, {self.surplus:,} too many."
        )
        level, action = ("info", "") if self.repairing else ("warning", REPAIR)
        again = " and was made again" if self.repairing else ""

        def notice(code: str, message: str) -> None:
            run.notice(level, code, message, collection=self.collection, action=action)

        if self.table_lost:
            notice("table_lost", f"The table had been dropped in the warehouse{again}.")
        if self.columns_lost:
            notice("columns_lost", f"Dropped in the warehouse{again}: {', '.join(self.columns_lost)}.")
        if self.differing:
            again = ", written again" if self.repairing else ""
            notice(
                "rows_differ",
                f"{_rows(self.differing)} not as in the Hub{again}: {_named(self.differing_ids, self.differing)}.",
            )
        if self.surplus:
            message = (
                f"{_rows(self.surplus)} not in the Hub at all: {_named(self.surplus_ids, self.surplus)}."
            )
            run.notice("warning", "rows_surplus", message, collection=self.collection, action=KEPT)


def _rows(number: int) -> str:
    return "1 row is" if number == 1 else f"{number:,} rows are"


def _named(ids: list[str], number: int) -> str:
    more = f" and {number - len(ids):,} more" if number > len(ids) else ""
    return ", ".join(ids) + more
