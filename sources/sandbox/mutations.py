"""Changes behind the API's back: objects that are updated, created, deleted, or shown again as they were."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any, NamedTuple

from sources.sandbox.collection import Collection
from sources.sandbox.generator import invent
from sources.sandbox.stamps import seconds_of, stamp_of
from sources.sandbox.store import Store
from workspace.errors import ConfigError

Entry = dict[str, Any]

STATUSES = {"new": "open", "open": "pending", "pending": "resolved", "resolved": "closed", "closed": "open"}
"""How cases move on, a closed one is opened again."""

_TEXTS = {
    "articles": "subject",
    "brands": "name",
    "companies": "name",
    "customers": "background",
    "feedbacks": "additional_feedback",
    "users": "public_name",
    "labels": "description",
    "custom_fields": "label",
}


class MutationError(ConfigError):
    """A change that cannot be made."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="mutation_refused")


@dataclass(frozen=True)
class Mutation:
    """What to do to how many objects, chosen by `seed`, or to those with these `ids`.

    `set` holds the values to store (custom fields are merged); empty means that something moves on. `at` is the
    moment written into stamps: seconds from now (-30, 3600) or a stamp. `times`: deliveries of the older version.
    """

    action: str
    collection: str = "cases"
    count: int = 1
    ids: tuple[int, ...] = ()
    seed: int | None = None
    set: Entry = field(default_factory=dict)
    at: int | float | str = 0
    times: int = 1

    def moment(self) -> str:
        """The stamp to write. MutationError for what is none, or beyond the years there are."""
        with suppress(ValueError, OverflowError):
            if isinstance(self.at, int | float):
                return stamp_of(time.time() + self.at)
            if seconds_of(self.at):
                return self.at
        raise MutationError(f"“at” must be seconds from now or a stamp, not “{self.at}”.")


class Mutated(NamedTuple):
    """The ids of what was changed, ascending, and the stamp written."""

    ids: list[int]
    stamp: str


def from_json(value: Any) -> Mutation:
    """A mutation from a JSON object. MutationError for anything else."""
    known = {one.name for one in fields(Mutation)}
    if not isinstance(value, dict) or not value.keys() <= known or "action" not in value:
        raise MutationError(f"A mutation is an object with “action” and some of {', '.join(sorted(known))}.")
    ids, values = value.get("ids") or [], value.get("set") or {}
    if not all(isinstance(value.get(name, 1), int) for name in ("count", "times")):
        raise MutationError("“count” and “times” must be whole numbers.")
    if not isinstance(ids, list) or not all(isinstance(own, int) for own in ids):
        raise MutationError("“ids” must be a list of whole numbers.")
    if not isinstance(values, dict) or not isinstance(value.get("at", 0), int | float | str):
        raise MutationError("“set” must be an object, “at” seconds from now or a stamp.")
    return Mutation(**{**value, "ids": tuple(ids), "set": values})


def mutate(store: Store, mutation: Mutation) -> Mutated:
    """Does it, all at once for whoever reads. MutationError when it cannot be done."""
    if mutation.action not in _ACTIONS:
        raise MutationError(f"There is no action “{mutation.action}”; known are {', '.join(_ACTIONS)}.")
    if mutation.collection not in store.collections:
        raise MutationError(f"There is no collection “{mutation.collection}”.")
    with store.lock:
        collection = store[mutation.collection]
        collection.many_changes_ahead(max(mutation.count, len(mutation.ids)))
        stamp = mutation.moment()
        rng = random.Random(mutation.seed)
        return Mutated(sorted(_ACTIONS[mutation.action](store, collection, mutation, stamp, rng)), stamp)


def _update(
    store: Store, collection: Collection, mutation: Mutation, stamp: str, rng: random.Random
) -> Iterator[int]:
    for slot in _chosen(collection, mutation, rng):
        yield _changed(store, collection, slot, mutation.set, {"updated_at": stamp, "changed_at": stamp}, rng)


def _touchless(
    store: Store, collection: Collection, mutation: Mutation, stamp: str, rng: random.Random
) -> Iterator[int]:
    """`updated_at` stays: bulk jobs of 2015 moved only `changed_at` (desk-api 12)."""
    for slot in _chosen(collection, mutation, rng):
        yield _changed(store, collection, slot, mutation.set, {"changed_at": stamp}, rng)


def _soft_delete(
    store: Store, collection: Collection, mutation: Mutation, stamp: str, rng: random.Random
) -> Iterator[int]:
    if collection.name != "cases":
        raise MutationError("Only cases can be deleted softly.")
    stamps, gone = {"updated_at": stamp, "changed_at": stamp}, {**mutation.set, "status": "deleted"}

    def alive(slot: int) -> bool:
        return collection.entry(slot).get("status") != "deleted"

    for slot in _chosen(collection, mutation, rng, alive):
        yield _changed(store, collection, slot, gone, stamps, rng)


def _delete(
    store: Store, collection: Collection, mutation: Mutation, stamp: str, rng: random.Random
) -> Iterator[int]:
    for slot in _chosen(collection, mutation, rng):
        store.remove(collection.name, slot)
        yield collection.ids[slot]


def _create(
    store: Store, collection: Collection, mutation: Mutation, stamp: str, rng: random.Random
) -> Iterator[int]:
    first = collection.last_id + 1
    for own in mutation.ids or range(first, first + mutation.count):
        if collection.find(own) is not None:
            raise MutationError(f"There is an object {own} in {collection.name} already.")
        entry = invent(collection.name, own, stamp, rng, store.site())
        store.create(collection.name, _merged(entry, mutation.set))
        yield own


def _redeliver(
    store: Store, collection: Collection, mutation: Mutation, stamp: str, rng: random.Random
) -> Iterator[int]:
    """Lists show the version before the last one for the next `times` deliveries of the object."""
    for slot in _chosen(collection, mutation, rng, collection.versions.__contains__):
        collection.stale[slot] = mutation.times
        yield collection.ids[slot]


_ACTIONS: dict[str, Callable[[Store, Collection, Mutation, str, random.Random], Iterator[int]]] = {
    "update": _update,
    "create": _create,
    "delete": _delete,
    "soft_delete": _soft_delete,
    "touchless": _touchless,
    "redeliver": _redeliver,
}


def _chosen(
    collection: Collection,
    mutation: Mutation,
    rng: random.Random,
    suitable: Callable[[int], bool] = lambda slot: True,
) -> list[int]:
    """The slots meant: those of the ids, which must exist and suit, or up to `count` drawn from those that do."""
    if mutation.ids:
        return [_suitable(collection, own, mutation.action, suitable) for own in mutation.ids]
    return list(islice(filter(suitable, _drawn(collection.by_id, rng)), mutation.count))


def _suitable(collection: Collection, own: int, action: str, suitable: Callable[[int], bool]) -> int:
    slot = collection.find(own)
    if slot is None:
        raise MutationError(f"There is no object {own} in {collection.name}.")
    if not suitable(slot):
        raise MutationError(f"The action {action} makes no sense for object {own} of {collection.name}.")
    return slot


def _drawn(slots: Sequence[int], rng: random.Random) -> Iterator[int]:
    """Every slot once, shuffled; what is not taken costs nothing."""
    moved: dict[int, int] = {}
    for left in range(len(slots), 0, -1):
        place = rng.randrange(left)
        yield slots[moved.get(place, place)]
        moved[place] = moved.get(left - 1, left - 1)


def _changed(
    store: Store, collection: Collection, slot: int, given: Entry, stamps: Entry, rng: random.Random
) -> int:
    entry = collection.entry(slot)
    told = {name: stamp for name, stamp in stamps.items() if name in entry}
    store.change(collection.name, slot, _merged(entry, given or moved_on(collection.name, entry, rng)) | told)
    return collection.ids[slot]


def moved_on(name: str, entry: Entry, rng: random.Random) -> Entry:
    """What changes when nothing is said: a case of priority 2 becomes 4, others their status; else a text."""
    if name == "cases" and entry.get("priority") == 2:
        return {"priority": 4}
    if name == "cases":
        return {"status": STATUSES.get(entry.get("status", ""), "open"), "priority": rng.choice((2, 4, 5, 8))}
    return {_TEXTS.get(name, "name"): f"Changed {rng.randrange(1_000_000)}"}


def _merged(entry: Entry, given: Entry) -> Entry:
    merged = {**entry, **given}
    if isinstance(given.get("custom_fields"), dict):
        merged["custom_fields"] = {**(entry.get("custom_fields") or {}), **given["custom_fields"]}
    return merged
