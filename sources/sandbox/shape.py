"""`fields` and `embed`: objects with less, or with more, than is stored (desk-api 8).

Chosen: names in `embed` that are no link of the object are left out, except `feedback`, the first feedback of
a case; a link that is null, leads nowhere or to a list is embedded as null.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

Resolve = Callable[[str], bytes | None]
"""The object behind an href, as JSON; None where it leads nowhere."""


@dataclass(frozen=True)
class Shape:
    """What is to be done to each object; false when there is nothing to do."""

    collection: str
    fields: frozenset[str] = frozenset()
    embed: tuple[str, ...] = ()
    leave_ids_out: bool = False

    @classmethod
    def of(cls, params: Mapping[str, str], collection: str, leave_ids_out: bool = False) -> "Shape":
        """Reads the two parameters."""
        fields, embed = (params.get(name, "") for name in ("fields", "embed"))
        return cls(
            collection,
            frozenset(filter(None, fields.split(","))),
            tuple(dict.fromkeys(filter(None, embed.split(",")))),
            leave_ids_out,
        )

    def __bool__(self) -> bool:
        return bool(self.fields or self.embed or self.leave_ids_out)

    def entries(self, joined: bytes, resolve: Resolve) -> bytes:
        """Objects with commas between them, shaped."""
        shaped = (self.shaped(entry, resolve) for entry in orjson.loads(b"[%s]" % joined))
        return b",".join(orjson.dumps(entry) for entry in shaped)

    def shaped(self, entry: dict[str, Any], resolve: Resolve) -> dict[str, Any]:
        """One object, shaped."""
        links = entry.get("_links") or {}
        if self.fields:
            known = {"deleted": False, **entry} if self.collection == "users" else entry
            entry = {name: value for name, value in known.items() if name in self.fields or name == "_links"}
        if self.leave_ids_out:
            entry = {name: value for name, value in entry.items() if name != "id"}
        if self.embed:
            embedded = {name: _embedded(links, name, resolve) for name in self.embed if _known(links, name)}
            entry = {**entry, "_embedded": embedded}
        return entry


def _known(links: dict[str, Any], name: str) -> bool:
    return name in links or (name == "feedback" and "feedbacks" in links)


def _embedded(links: dict[str, Any], name: str, resolve: Resolve) -> Any:
    link = links.get("feedbacks" if name == "feedback" else name) or {}
    body = resolve(link.get("href") or "")
    return orjson.Fragment(body) if body else None
