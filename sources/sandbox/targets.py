"""What an address can stand for."""

from dataclasses import dataclass
from typing import Any

from sources.sandbox.answers import Tag
from sources.sandbox.conditions import Condition


@dataclass(frozen=True)
class Listing:
    """A list of stored objects; `path` is what its page links start with."""

    path: str
    collection: str
    owners: frozenset[int] | None = None
    conditions: tuple[Condition, ...] = ()
    search: bool = False


@dataclass(frozen=True)
class Made:
    """A list of objects that are made up when asked for, because nothing depends on what they say."""

    path: str
    entries: tuple[dict[str, Any], ...] = ()
    tag: Tag = Tag.BODY


@dataclass(frozen=True)
class Thing:
    """One object: its JSON and the kind of etag it is sent with; `absent` ones are embedded as null."""

    body: bytes
    tag: Tag = Tag.BODY
    absent: bool = False


Target = Listing | Made | Thing
