"""What a search asks of an object. Conditions are values: two searches for the same are one search."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from sources.sandbox.collection import linked_id
from sources.sandbox.query import Window, moment


class Condition(Protocol):
    """Hashable, and true or false of an object."""

    def __call__(self, entry: dict[str, Any], /) -> bool: ...
    def __hash__(self) -> int: ...


@dataclass(frozen=True)
class Says:
    """One of the texts occurs in the field, in upper or lower case; an empty field means anywhere."""

    field: str
    texts: tuple[str, ...]

    def __call__(self, entry: dict[str, Any], /) -> bool:
        """Whether it does."""
        return any(text in value for value in values(entry, self.field) for text in self.texts)


@dataclass(frozen=True)
class Is:
    """The field, or one of the values of a list, is one of the texts."""

    field: str
    texts: tuple[str, ...]

    def __call__(self, entry: dict[str, Any], /) -> bool:
        """Whether it is."""
        return any(value in self.texts for value in values(entry, self.field))


@dataclass(frozen=True)
class Between:
    """The field is a stamp or a number in the window."""

    field: str
    window: Window

    def __call__(self, entry: dict[str, Any], /) -> bool:
        """Whether it lies there."""
        return any(moment(value.upper()) in self.window for value in values(entry, self.field))


@dataclass(frozen=True)
class OfBrand:
    """The article belongs to this brand, see `brand_of`."""

    brand: int
    brands: tuple[int, ...]

    def __call__(self, entry: dict[str, Any], /) -> bool:
        """Whether it does."""
        return brand_of(entry, self.brands) == self.brand


def brand_of(article: dict[str, Any], brands: tuple[int, ...]) -> int | None:
    """Chosen, as articles do not name their brands: one with a `brands` link belongs to one, by its id."""
    if not brands or not (article.get("_links") or {}).get("brands"):
        return None
    return brands[int(article.get("id") or 0) % len(brands)]


def met(conditions: tuple[Condition, ...], body: bytes) -> bool:
    """Whether an object, as JSON, meets all of them."""
    entry = orjson.loads(body)
    return all(condition(entry) for condition in conditions)


def values(entry: dict[str, Any], field: str) -> Iterator[str]:
    """The texts of a field in lower case: `subject`, `emails`, `custom_fields.tier`, `_links.customer`."""
    outer, _, inner = field.partition(".")
    if outer == "_links":
        yield str(linked_id(entry, inner))
    elif inner:
        yield from _texts((entry.get(outer) or {}).get(inner))
    elif field:
        yield from _texts(entry.get(field))
    else:
        yield from _texts({name: value for name, value in entry.items() if name != "_links"})


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif value is not None:
        yield str(value).lower()
