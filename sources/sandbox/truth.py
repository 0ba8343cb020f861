"""What is true on the site, for a checker that wants to compare: never through the API, never faulty."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from sources.sandbox.spool import PIECE
from sources.sandbox.store import Store


def counts(store: Store) -> dict[str, int]:
    """Living objects per collection, cases with status deleted among them."""
    with store.lock:
        return {name: len(collection) for name, collection in store.collections.items()}


def summary(store: Store, with_ids: bool) -> dict[str, dict[str, Any]]:
    """Per collection the count, the highest id that ever was and, if wished, the ids."""
    with store.lock:
        told: dict[str, dict[str, Any]] = {
            name: {"count": len(collection), "last_id": collection.last_id}
            for name, collection in store.collections.items()
        }
        if with_ids:
            for name, collection in store.collections.items():
                told[name]["ids"] = collection.living_ids()
        return told


def objects(store: Store, name: str) -> Iterator[dict[str, Any]]:
    """Every living object in its newest version, ascending id, as of this moment."""
    return map(orjson.loads, store.dump(name))


def lines(store: Store, name: str, brief: bool) -> Iterator[bytes]:
    """The same as JSON lines, in pieces; `brief`: only id, updated_at and the SHA-256 of the sorted JSON."""
    bodies = map(_brief, store.dump(name)) if brief else store.dump(name)
    return _pieces(body + b"\n" for body in bodies)


def _brief(body: bytes) -> bytes:
    entry = orjson.loads(body)
    digest = hashlib.sha256(orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return orjson.dumps({"id": entry.get("id"), "updated_at": entry.get("updated_at"), "sha256": digest})


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    gathered: list[bytes] = []
    size = 0
    for line in lines:
        gathered.append(line)
        size += len(line)
        if size >= PIECE:
            yield b"".join(gathered)
            gathered, size = [], 0
    yield b"".join(gathered)
