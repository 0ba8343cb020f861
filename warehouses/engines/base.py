"""What an engine is: facts for the catalog, a form, a check, and the SQL of one kind of database.

An engine knows SQL and forms, never our models. The flush (`warehouses.flush`) decides what is written.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms

from workspace.hub.checksums import Checksums
from workspace.hub.columns import Column, Type, Value

Row = Sequence[Value]
"""The values of one object in the order of the columns given beside it; shorter rows end in NULLs."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One named step of a connection test: `dns`, `connect`, `tls`, `login`, `rights`."""

    name: str
    ok: bool
    message: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a table, and how many of them carry `_deleted_at`."""

    rows: int
    deleted: int


class Session(ABC):
    """One open transaction after another on a warehouse. Nothing is visible to others before `commit`.

    Every method raises ConfigError or TransientError. They may be called from several threads: one waits for another.
    """

    most_values: ClassVar[int | None] = None
    """Values besides NULL that fit in a row, whatever they are; None where there is no such limit."""

    @property
    @abstractmethod
    def lost(self) -> bool:
        """Whether the connection is gone, so that nothing further can be done in this session."""

    @abstractmethod
    def describe(self, schema: str) -> dict[str, dict[str, Type]]:
        """Tables of a schema with their columns in order, but for WIDENING; empty when the schema is missing."""

    @abstractmethod
    def create_schema(self, schema: str, owner: str = "") -> None:
        """Make the schema unless it is there, and mark it as filled by `owner` where the rights allow that.

        Raises ConfigError("schema_foreign") when it is marked as somebody else's: two would overwrite each other.
        """

    @abstractmethod
    def create_table(self, schema: str, table: str, columns: Sequence[Column]) -> None:
        """Make the table with the system columns (`id` is its key) and `columns` unless it is there."""

    @abstractmethod
    def add_columns(self, schema: str, table: str, columns: Sequence[Column]) -> None:
        """Add columns, empty; a column that is there already stays."""

    def room(self, schema: str, table: str) -> int | None:
        """How many more columns of properties the table takes, made or not; None where there is no limit.

        One column more must still fit then, and columns that somebody dropped.
        """
        return None

    @abstractmethod
    def widen(self, schema: str, table: str, column: Column) -> None:
        """Change a column to a wider type in place, keeping every value."""

    def widens_aside(self, schema: str, table: str, column: Column) -> bool:
        """Whether this column is for `widen_aside`: `widen` would keep readers waiting, and nothing is in the way."""
        return False

    def widen_aside(self, schema: str, table: str, column: Column, progress: Callable[[float], None]) -> None:
        """Widen a column while readers go on, in transactions of its own; where it is not there yet, add it.

        What has not been committed before is forgotten. `progress` is told again and again how much is done, 1.0
        being all, and may raise. After that as after a crash the old column is whole, and another call begins anew.
        """
        raise NotImplementedError

    @abstractmethod
    def fits_float(self, schema: str, table: str, name: str) -> bool:
        """Whether every integer stored in this column is exact as a float (53 bits)."""

    @abstractmethod
    def merge(
        self,
        schema: str,
        table: str,
        columns: Sequence[Column],
        rows: Iterable[Row],
        *,
        rewrite: bool = False,
    ) -> int:
        """Insert or replace rows by id, never letting one go backwards; returns how many now stand in their version.

        That counts rows written, and those that an attempt before had written when it was cut off.

        `columns` begins with the system columns. A row is written when it is new or its `_version` is higher than the
        stored one; with `rewrite` also when equal (backfill). Columns not named keep their values. Rows of one call
        have distinct ids; given as a list they may load faster. The engine sets `uuid_ts`, the moment of loading.
        """

    @abstractmethod
    def restore(self, schema: str, table: str, columns: Sequence[Column], rows: Iterable[Row]) -> int:
        """Like `merge`, but whatever version the table holds: a repair. Returns the rows written."""

    @abstractmethod
    def erase(self, schema: str, table: str, ids: Sequence[str]) -> int:
        """Delete the rows of these ids for good; returns how many there were.

        Waits for every transaction that writes the table just now: none of them brings a row back afterwards.
        """

    @abstractmethod
    def differing(self, schema: str, table: str, columns: Sequence[Column], rows: Iterable[Row]) -> list[str]:
        """Ids among `rows` that are missing in the table or hold other values there."""

    def checksums(
        self, schema: str, table: str, columns: Sequence[Column], without: Iterable[str]
    ) -> Checksums:
        """Checksums of the table's rows without those ids, over `columns`; see `workspace.hub.checksums`.

        They only save work: where one differs the rows are compared by their values. Without them all are.
        """
        return {}

    @abstractmethod
    def surplus(self, schema: str, table: str, ids: Iterable[str]) -> list[str]:
        """Ids in the table that are not among `ids`."""

    @abstractmethod
    def count(self, schema: str, table: str) -> Counts:
        """Count the rows of a table as the database sees them now."""

    @abstractmethod
    def newest(self, schema: str, table: str, limit: int) -> int | None:
        """The highest `_version` in a table that is not above `limit`; None when there is none."""

    @abstractmethod
    def rename_schema(self, old: str, new: str, owner: str = "") -> None:
        """Rename a schema in place, if it is there and not somebody else's than `owner`'s.

        Raises ConfigError("schema_taken") for a taken name.
        """

    @abstractmethod
    def commit(self) -> None:
        """Make everything since the last commit visible at once.

        Raises TransientError("commit_unknown") when the answer was lost: repeating the rows is harmless.
        """

    @abstractmethod
    def rollback(self) -> None:
        """Forget everything since the last commit."""


class Engine(ABC):
    """One entry of the warehouse catalog, bound to one database by its settings."""

    do_not_call_in_templates: ClassVar[bool] = (
        True  # pages show the class; Django would make an instance of it
    )
    kind: ClassVar[str]
    name: ClassVar[str]
    summary: ClassVar[str]
    SettingsForm: ClassVar[type[forms.Form]]
    """Collects the settings; `cleaned_data` is what the engine takes. Secrets use PasswordInput."""
    category: ClassVar[str] = "Database"
    needs: ClassVar[tuple[str, ...]] = ()
    """What it takes to connect, in sentences for the catalog."""
    preparation: ClassVar[str] = ""
    """Statements for whoever administers the database, to paste before connecting."""
    address_fields: ClassVar[tuple[str, ...]] = ()
    """Fields that say where secrets are sent: a stored secret is not used again when one of them changes."""
    place_fields: ClassVar[tuple[str, ...]]
    """Fields that say which database it is: what was flushed is not there when one of them changes."""

    def __init__(self, settings: Mapping[str, Any], allowed_hosts: frozenset[str] = frozenset()) -> None:
        self.settings = settings
        self.allowed_hosts = allowed_hosts

    @abstractmethod
    def check(self) -> list[Probe]:
        """Test the connection step by step, naming the first step that fails and what to do; never raises."""

    @abstractmethod
    def open(self) -> AbstractContextManager[Session]:
        """A session; raises ConfigError or TransientError. Closing it forgets what was not committed."""
