"""Desk objects from a folder of exported JSON, for a team that still has its export.

Every `.json`, `.jsonl` and `.ndjson` file in the folder and below it is read. A file may hold objects (an
array or one per line), API pages as Desk sent them, or recorded exchanges with `request` and `response`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qs, urlsplit

from sources.sandbox.generator import COLLECTIONS
from sources.sandbox.json_values import BadJsonError, values
from workspace.errors import ConfigError

Item = tuple[str, dict[str, Any]]

_ENDINGS = (".json", ".jsonl", ".ndjson")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_OWN_PATH = re.compile(r"/api/v2/([^?#]+)")
_OTHER_NAMES = {"kb_topic": "topics", "kb_topics": "topics"}
"""Names that Desk used in links for a while (Android recordings of 2015)."""


class ExportError(ConfigError):
    """The export cannot be read; the message names the file and the line."""

    def __init__(self, message: str) -> None:
        action = "Mend or remove the file, then start again."
        super().__init__(message, code="export_unreadable", action=action)


def read_export(folder: Path) -> Iterator[Item]:
    """Yields (collection, object) as found, in any order; an id may come more than once.

    Every object has `id` and `_links.self`; objects of 2013, which came without `id`, get it from their link.
    ExportError for a folder without objects and for the first file that cannot be understood.
    """
    if not folder.is_dir():
        raise ExportError(f"There is no folder {folder}.")
    empty = True
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS):
        for item in _read(path, path.relative_to(folder).as_posix()):
            empty = False
            yield item
    if empty:
        raise ExportError(f"No Desk object was found in the {', '.join(_ENDINGS)} files of {folder}.")


def _read(path: Path, name: str) -> Iterator[Item]:
    by_name = _named_after(Path(name))
    try:
        for line, value in values(path):
            yield from _Place(name, line, by_name).items(value)
    except BadJsonError as error:
        raise ExportError(f"{name}, line {error.line}: not valid JSON: {error.reason}.") from error
    except OSError as error:
        raise ExportError(f"{name} cannot be read: {error.strerror}.") from error


def _named_after(path: Path) -> str | None:
    """The collection that a file or its folder names: `cases.json`, `cases-2016.jsonl`, `cases/1.json`."""
    for name in (path.stem.lower(), path.parent.name.lower()):
        for collection in COLLECTIONS:
            if name.startswith(collection) and not name[len(collection) :][:1].isalpha():
                return collection
    return None


@dataclass(frozen=True, slots=True)
class _Place:
    """A value in a file: what objects it holds, and where to point when it makes no sense."""

    file: str
    line: int
    by_name: str | None

    def items(self, value: Any) -> Iterator[Item]:
        """The objects of an exchange, of a page, or the one object that the value is."""
        if not isinstance(value, dict):
            self._refuse(f"expected an object, found {type(value).__name__}")
        if "request" in value and "response" in value:
            yield from self._exchanged(value["request"], value["response"])
        elif _entries(value) is not None:
            yield from self._paged(value)
        else:
            yield from self._object(value, self._known(value))

    def _exchanged(self, request: Any, response: Any) -> Iterator[Item]:
        """The objects of an answered GET; whatever else was recorded holds no whole object."""
        if not isinstance(request, dict) or not isinstance(response, dict):
            self._refuse("`request` and `response` of an exchange must be objects")
        body = response.get("body")
        if request.get("method") != "GET" or response.get("status") != 200 or not isinstance(body, dict):
            return
        if _asks_for_fields(str(request.get("url"))):
            return
        for entry in [body] if _entries(body) is None else self._whole_entries(body):
            if collection := _linked(entry):
                yield from self._object(entry, collection)

    def _paged(self, page: dict[str, Any]) -> Iterator[Item]:
        for entry in self._whole_entries(page):
            yield from self._object(entry, self._known(entry))

    def _whole_entries(self, page: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The entries of a page, none when it was asked for with `fields`, which leaves out the rest."""
        if _asks_for_fields(_self_href(page)):
            return
        for entry in _entries(page) or ():
            if not isinstance(entry, dict):
                self._refuse("an entry of this page is not an object")
            yield entry

    def _known(self, entry: dict[str, Any]) -> str:
        collection = _linked(entry) or (self.by_name if not _self_href(entry) else None)
        if collection is None:
            found = f"the object at {_self_href(entry)}" if _self_href(entry) else "an object without links"
            self._refuse(f"{found} belongs to no known collection ({', '.join(COLLECTIONS)})")
        return collection

    def _object(self, entry: dict[str, Any], collection: str) -> Iterator[Item]:
        """The object, and those that `embed` put into it, which are objects in their own right."""
        for embedded in _dict(entry.get("_embedded")).values():
            if isinstance(embedded, dict) and (other := _linked(embedded)):
                yield from self._object(embedded, other)
        object_id = self._id(entry)
        for stamp in ("created_at", "updated_at"):
            if entry.get(stamp) is not None and not _STAMP.fullmatch(str(entry[stamp])):
                self._refuse(f"`{stamp}` must look like 2016-11-22T08:30:00Z, not {entry[stamp]!r}")
        if not _self_href(entry):
            own = {"href": f"/api/v2/{collection}/{object_id}", "class": _singular(collection)}
            entry["_links"] = {**_dict(entry.get("_links")), "self": own}
        rest = {key: value for key, value in entry.items() if key not in ("id", "_embedded")}
        yield collection, {"id": object_id, **rest}

    def _id(self, entry: dict[str, Any]) -> int:
        given = str(entry["id"] if entry.get("id") is not None else "".join(_segments(entry)[-1:]))
        if not given.isdecimal():
            self._refuse("an object needs a whole number as `id`, or a link to itself that ends in one")
        return int(given)

    def _refuse(self, reason: str) -> NoReturn:
        raise ExportError(f"{self.file}, line {self.line}: {reason}.")


def _entries(value: dict[str, Any]) -> list[Any] | None:
    entries = _dict(value.get("_embedded")).get("entries")
    return entries if isinstance(entries, list) else None


def _linked(entry: dict[str, Any]) -> str | None:
    """The collection of `/api/v2/<collection>/<id>`; None for no link, another one, or a nested object."""
    segments = _segments(entry)
    collection = _OTHER_NAMES.get(segments[0], segments[0]) if len(segments) == 2 else ""
    return collection if collection in COLLECTIONS else None


def _segments(entry: dict[str, Any]) -> list[str]:
    path = _OWN_PATH.search(_self_href(entry))
    return path[1].split("/") if path else []


def _asks_for_fields(url: str) -> bool:
    return "fields" in parse_qs(urlsplit(url).query)


def _self_href(entry: dict[str, Any]) -> str:
    href = _dict(_dict(entry.get("_links")).get("self")).get("href")
    return href if isinstance(href, str) else ""


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _singular(collection: str) -> str:
    return "company" if collection == "companies" else collection.removesuffix("s")
