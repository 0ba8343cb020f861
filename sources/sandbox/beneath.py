"""What hangs below the stored objects: replies, notes, labels, preferences and the like.

Nothing is stored for them. Replies, notes and attachments are made up from the case, as many as its links
count; labels of a case are stored labels; the other lists are empty and the other things hold links only.
"""

from typing import Any

import orjson

from sources.sandbox.answers import Tag, not_found
from sources.sandbox.conditions import OfBrand, brand_of
from sources.sandbox.request import API
from sources.sandbox.store import Store
from sources.sandbox.targets import Made, Target, Thing
from sources.sandbox.whole import whole

_EMPTY_LISTS = {
    "cases": ("history", "links", "macros"),
    "customers": ("labels",),
    "companies": ("labels",),
    "articles": ("translations", "attachments"),
    "topics": ("translations",),
    "users": ("searches", "macros", "filters", "integration_urls"),
    "groups": ("filters", "macros", "permissions"),
}
_THINGS = {("users", "preferences"): "user_preference", ("cases", "macros", "preview"): "macro_preview"}
_SOCIAL = {"facebook_users": "facebook_user", "twitter_users": "twitter_user"}
_PARTS = {"replies": "reply", "notes": "note", "attachments": "attachment"}
_PER_CASE = 100
"""A made-up part has the id case * 100 + its number."""


def inner(store: Store, name: str, slot: int, below: tuple[str, ...], path: str) -> Target:
    """What lies below a stored object. Refusal (404) for what never existed."""
    if name == "cases":
        return _of_case(store, store["cases"].entry(slot), below, path)
    if (name, below) == ("articles", ("brands",)):
        brand = brand_of(store["articles"].entry(slot), store["brands"].living_ids())
        return Made(path, tuple(store["brands"].entry(slot) for slot in _slots(store, "brands", brand)))
    return _plain(name, below, path)


def outer(name: str, own: str, below: tuple[str, ...]) -> Target:
    """A thing of a collection that is not stored: people on other networks exist, all else does not."""
    if name in _SOCIAL and whole(own) and not below:
        link = {"self": {"href": f"{API}{name}/{own}", "class": _SOCIAL[name]}}
        return Thing(orjson.dumps({"id": whole(own), "handle": f"user{own}", "_links": link}))
    raise not_found()


def of_brand(store: Store, brand: int) -> OfBrand:
    """The condition for articles of a brand."""
    return OfBrand(brand, store["brands"].living_ids())


def _plain(name: str, below: tuple[str, ...], path: str) -> Target:
    if kind := _THINGS.get((name, *below)):
        return Thing(orjson.dumps({"_links": {"self": {"href": path, "class": kind}}}))
    if len(below) == 1 and below[0] in _EMPTY_LISTS.get(name, ()):
        return Made(path)
    raise not_found()


def _of_case(store: Store, case: dict[str, Any], below: tuple[str, ...], path: str) -> Target:
    match below:
        case ["message"]:
            return Thing(orjson.dumps(_message(case, path)), Tag.NONE)
        case ["labels"]:
            slots = [slot for own in case.get("label_ids") or () for slot in _slots(store, "labels", own)]
            return Made(path, tuple(map(store["labels"].entry, slots)), Tag.SITE)
        case ["replies", "draft"]:
            draft = _part(case, "reply", path) | {"status": "draft"}
            return Thing(orjson.dumps(draft), Tag.NONE, absent=True)
        case [("replies" | "notes" | "attachments") as kind]:
            return Made(
                path,
                tuple(
                    _part(case, _PARTS[kind], f"{path}/{case['id'] * _PER_CASE + number}")
                    for number in range(_count(case, kind))
                ),
                Tag.NONE,
            )
        case [("replies" | "notes" | "attachments") as kind, own] if whole(own):
            return Thing(orjson.dumps(_part(case, _PARTS[kind], path)), Tag.NONE)
    return _plain("cases", below, path)


def _message(case: dict[str, Any], path: str) -> dict[str, Any]:
    links = case["_links"]
    return {
        "subject": case.get("subject"),
        "body": case.get("blurb") or "",
        "direction": "in",
        "status": "received",
        "created_at": case.get("created_at"),
        "updated_at": case.get("created_at"),
        "entered_at": None,
        "_links": {
            "self": {"href": path, "class": (links.get("message") or {}).get("class", "email")},
            "case": links["self"],
            "customer": links.get("customer"),
        },
    }


def _part(case: dict[str, Any], kind: str, path: str) -> dict[str, Any]:
    """A reply, a note or an attachment; the last segment of its path is its id."""
    links, own = case["_links"], path.rpartition("/")[2]
    told = {
        "id": whole(own),
        "created_at": case.get("created_at"),
        "updated_at": case.get("created_at"),
    }
    linked = {"self": {"href": path, "class": kind}, "case": links["self"]}
    if kind == "attachment":
        file = {"file_name": f"{own}.txt", "content_type": "text/plain", "size": 0, "url": None}
        return told | file | {"_links": linked}
    linked |= {"customer": links.get("customer")}
    agent = {"sent_by" if kind == "reply" else "user": links.get("assigned_user")}
    spoken = {"direction": "out", "status": "sent", "to": None, "from": None} if kind == "reply" else {}
    return told | {"body": "Thank you for your patience."} | spoken | {"_links": linked | agent}


def _count(case: dict[str, Any], link: str) -> int:
    return int((case["_links"].get(link) or {}).get("count") or 0)


def _slots(store: Store, name: str, own: int | None) -> list[int]:
    slot = None if own is None else store[name].find(own)
    return [] if slot is None else [slot]
