"""From an entry of a listing to a record: its id, its references as properties, the time of its last
change."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sources.connectors.base import Record, Rejected

References = tuple[tuple[str, str], ...]
"""Pairs of property and link, such as ("customer_id", "customer")."""
LEADS_TO = {
    "customer": "customers", "company": "companies", "case": "cases", "user": "users", "assigned_user": "users",
    "locked_by": "users", "created_by": "users", "updated_by": "users",
}  # fmt: skip
"""The collection that a link of this name leads to, for those that are read."""


def read_records(
    entries: Iterable[Any], references: References, clock: datetime
) -> tuple[list[Record], list[Rejected]]:
    """Entries as records in the same order, and those that cannot be one.

    Desk names references only in `_links`: the last segment of an href becomes the property, null stays null. Of the
    links only what says something about the object is kept (see `_pared`).
    A time of change after `clock`, the server's own, is put back to it, or no later change would ever look
    newer.
    """
    records: list[Record] = []
    rejected: list[Rejected] = []
    told = {"self", *(link for _, link in references)}
    for entry in entries:
        object_id = entry_id(entry)
        if object_id is None:
            rejected.append(_reject(entry))
            continue
        links = entry.get("_links")
        if type(links) is dict:
            for name, link in references:
                if link in links:
                    entry[name] = _last_segment(links[link])
            if "id" in entry and "self" in links:
                entry["_links"] = _pared(links, told)
        stamp = parse_stamp(entry.get("updated_at"))
        records.append(Record(object_id, clock if stamp and stamp > clock else stamp, entry))
    return records, rejected


def entry_id(entry: Any) -> str | None:
    """The id in the body, else the last segment of the link to itself (as brands may need); None when neither
    is there."""
    if type(entry) is not dict:
        return None
    object_id = entry.get("id")
    if type(object_id) is int:
        return str(object_id)
    if type(object_id) is str and object_id:
        return object_id
    links = entry.get("_links")
    return _last_segment(links.get("self")) if type(links) is dict else None


def referred(entry: Mapping[str, Any], references: References) -> Iterator[tuple[str, str]]:
    """Collection and id of every object an entry refers to, by properties and by the links it still has."""
    for name, link in references:
        value = entry.get(name)
        if link in LEADS_TO and type(value) in (str, int):
            yield LEADS_TO[link], str(value)
    links = entry.get("_links")
    for item in links.values() if type(links) is dict else ():
        _, _, path = _address(item).partition("?")[0].rstrip("/").rpartition("/api/v2/")
        collection, _, object_id = path.partition("/")
        if object_id and "/" not in object_id:
            yield collection, object_id


def entry_number(entry: Any) -> int | None:
    """The id as a number, by which Desk orders; None when there is none."""
    object_id = entry.get("id") if type(entry) is dict else None
    if type(object_id) is int:
        return object_id
    object_id = entry_id(entry)
    return int(object_id) if object_id and object_id.isdecimal() else None


def entry_second(entry: Any, field: str) -> int | None:
    """A time of an entry in Unix seconds, rounded down, as Desk's filters count; None when it has none."""
    stamp = parse_stamp(entry.get(field)) if type(entry) is dict else None
    return int(stamp.timestamp() // 1) if stamp else None


def parse_stamp(text: Any) -> datetime | None:
    """A time as Desk writes it (`2013-05-09T17:02:17Z`); without a zone it is UTC, in another form None."""
    try:
        stamp = datetime.fromisoformat(text)
        if stamp.tzinfo is UTC:
            return stamp
        return stamp.replace(tzinfo=UTC) if stamp.tzinfo is None else stamp.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _pared(links: dict[str, Any], told: set[str]) -> dict[str, Any]:
    """The links but for those told elsewhere and for addresses that follow from the object's own.

    `/api/v2/cases/7/replies` is a way through the API and no state of case 7. Such addresses are two thirds of a case,
    and every hop would carry them. What a link says beside its address and class stays (`{"count": 3}`).
    """
    own, kept = f"{_address(links['self'])}/", {}
    for name, link in links.items():
        if type(link) is not dict:
            if name not in told:
                kept[name] = link
        elif name not in told and not str(link.get("href")).startswith(own):
            kept[name] = link
        elif len(link) > 2:
            kept[name] = {key: value for key, value in link.items() if key not in ("href", "class")}
    return kept


def _address(link: Any) -> str:
    href = link.get("href") if type(link) is dict else None
    return href if type(href) is str else ""


def _last_segment(link: Any) -> str | None:
    href = _address(link)
    segment = href[href.rfind("/") + 1 :]
    if segment and "?" not in segment:
        return segment
    return href.partition("?")[0].rstrip("/").rpartition("/")[2] or None


def _reject(entry: Any) -> Rejected:
    raw = json.dumps(entry)  # ASCII: nothing in it that a database would refuse
    if type(entry) is not dict:
        return Rejected(raw, "This is not an object.")
    return Rejected(raw, "This object has no id, neither in its body nor in its link to itself.")
