"""What a connector is: facts for the catalog, a form for the credentials, a check, and streams.

A connector knows HTTP and forms, never the database. It is told what it may do through `Traffic` and answers
with `Page`s; the engine of the sync (`sources.sync`) writes them into the Hub.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from django import forms

from workspace.errors import ConfigError

Cursor = dict[str, Any]
"""Where a stream goes on; JSON. The empty cursor begins a read of the whole collection."""


class Record(NamedTuple):
    """One object as the vendor holds it."""

    id: str
    stamp: datetime | None
    """When the vendor last changed it (UTC, never later than the vendor's own clock); None when it does not
    say."""
    body: dict[str, Any]
    """All that the vendor says of the object, its references as properties (`customer_id`); addresses of the API that
    follow from the id may be left out."""


class Rejected(NamedTuple):
    """A record that cannot be stored, kept for quarantine."""

    raw: str
    reason: str


class Remark(NamedTuple):
    """A sentence a connector adds to the run: level is `info`, `warning` or `error`."""

    level: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Page:
    """At most 100 records and the cursor after them; both are committed in one transaction.

    `begins` marks the first page of a read of the whole collection, `full` every page of such a read, `ends`
    the last page of this run of the stream. `complete` (with `ends` and `full`) vouches that every object the
    vendor has was in the pages since `begins`: only then are missing objects looked for. `turned` (with
    `complete`) says that pages were turned by number, so that one object that goes and another that comes
    meanwhile may have let a third slip by: such a read alone proves nobody missing, two in a row do. `total` is
    what the vendor says the listing holds, None when it does not say.
    """

    records: Sequence[Record]
    cursor: Cursor
    full: bool = False
    begins: bool = False
    ends: bool = False
    complete: bool = False
    turned: bool = False
    total: int | None = None
    rejected: Sequence[Rejected] = ()
    remarks: Sequence[Remark] = ()


class Traffic:
    """What a run lets a client do, and hears from it. This plain one keeps to itself; a run shares and shows
    it.

    `allowed_hosts` are names that may resolve to private or loopback addresses (development, on-premise).
    """

    def __init__(self, allowed_hosts: frozenset[str] = frozenset()) -> None:
        self.allowed_hosts = allowed_hosts
        self.requests = 0
        self.waited = 0.0

    def before_request(self) -> None:
        """Called before every request, retries included; may wait for a budget shared by all workers of a
        source."""
        self.requests += 1

    def after_answer(self, limit: int, remaining: int, reset: float) -> None:
        """Called with the vendor's rate-limit headers: `remaining` requests for the next `reset` seconds."""

    def pause(self, seconds: float, reason: str) -> None:
        """Wait visibly; `reason` is `rate_limited` or `retry`. May raise to end the run (cancelled, lease
        lost)."""
        import time

        self.waited += seconds
        time.sleep(seconds)


class SettingsError(ConfigError):
    """A setting does not work; `field` names the one to show the sentence at."""

    def __init__(self, message: str, *, code: str, field: str, action: str = "") -> None:
        super().__init__(message, code=code, action=action)
        self.field = field


class Client(ABC):
    """An open line to one account of a vendor; used by one thread at a time."""

    traffic: Traffic


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A first look at a collection: how many objects there are, and some of them."""

    total: int | None
    """None when the vendor does not say."""
    records: Sequence[Record]


class Stream(ABC):
    """One collection of a vendor: its name, and how to read it from a cursor on."""

    collection: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str] = ""
    properties: ClassVar[Sequence[str]] = ()
    """The documented property names, for the catalog; the Hub keeps whatever arrives."""
    incremental: ClassVar[bool] = False
    """Whether later runs ask only for what changed; if not, every run reads the whole collection."""
    per_page: ClassVar[int] = 100
    """Objects that one request brings, to estimate what a whole read takes."""
    people: ClassVar[bool] = False
    """Whether its objects are persons: when one is erased, what refers to it goes as well."""

    def refers_to(self, body: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """The objects that one of this collection names, as collection and id as it stands in the body."""
        return ()

    def peek(self, client: Any) -> Glimpse:
        """A first look, with as few requests as the vendor allows; raises like `pages`."""
        first = next(iter(self.pages(client, {})), None)
        return Glimpse(first.total, first.records[:3]) if first else Glimpse(0, ())

    @abstractmethod
    def pages(self, client: Any, cursor: Cursor) -> Iterator[Page]:
        """Pages from `cursor` to the end. The last one has `ends`; its cursor starts the next run.

        Raises ConfigError(code="forbidden") when this collection is refused and
        ConfigError(code="credentials_rejected") when the account is; TransientError when retries did not
        help.
        """


@dataclass(frozen=True, slots=True)
class Account:
    """What a check found out about the account behind the credentials."""

    name: str
    details: Mapping[str, str] = field(default_factory=dict)


class Connector(ABC):
    """One entry of the source catalog."""

    kind: ClassVar[str]
    name: ClassVar[str]
    icon: ClassVar[str] = "plug-connected"
    """A glyph of workspace/static/icons.svg."""
    category: ClassVar[str]
    summary: ClassVar[str]
    sample: ClassVar[str]
    """The collection that a first query is shown with."""
    notice: ClassVar[str] = ""
    permissions: ClassVar[str] = ""
    interval: ClassVar[timedelta] = timedelta(hours=3)
    regions: ClassVar[Sequence[str]] = ("us", "eu")
    streams: ClassVar[Sequence[Stream]]
    """In the order of reading: what others refer to comes first."""
    SettingsForm: ClassVar[type[forms.Form]]
    """Collects credentials; `cleaned_data` is what `check` and `open` take. Secrets use PasswordInput. Fields named in
    `alternative` are folded under `alternative_label`."""

    @abstractmethod
    def check(self, settings: Mapping[str, Any], traffic: Traffic) -> Account:
        """Try the credentials with one or two requests.

        Raises SettingsError naming what is wrong and at which field of the form, TransientError when the
        vendor is only busy.
        """

    @abstractmethod
    def open(self, settings: Mapping[str, Any], traffic: Traffic) -> AbstractContextManager[Client]:
        """A client for the streams of this connector."""
