"""What lies at an address below /api/v2/: a list, or a thing (desk-api 6, 8 and 14).

Chosen: `/filters` lists three filters; every other collection that the seven link to exists and is empty.
"""

from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson

from sources.sandbox import beneath
from sources.sandbox.answers import Refusal, Tag, not_found
from sources.sandbox.auth import Login
from sources.sandbox.collection import Collection
from sources.sandbox.conditions import Is
from sources.sandbox.request import API
from sources.sandbox.store import Store
from sources.sandbox.targets import Listing, Made, Target, Thing
from sources.sandbox.whole import whole

SEARCHABLE = ("cases", "customers", "companies", "articles")
FILTERS = {1: ("Inbox", ("new", "open")), 2: ("Pending", ("pending",)), 3: ("Deleted Cases", ("deleted",))}
EMPTY = (
    "macros",
    "inbound_mailboxes",
    "outbound_mailboxes",
    "integration_urls",
    "permissions",
    "jobs",
    "snippets",
    "twitter_accounts",
    "facebook_accounts",
    "site_settings",
    "insights",
)
ENDPOINTS = ("users", "groups", "labels", "macros", "filters", "topics", "articles", "customers", "companies")


Params = dict[str, str]


_NARROWING = {"feedbacks": ("case_id",), "cases": ("customer_id", "company_id", "filter_id")}


def target(store: Store, segments: tuple[str, ...], params: Params, login: Login) -> Target:
    """What a request for these path segments asks for. Refusal (404) when there is nothing."""
    name, *rest = segments
    match rest:
        case []:
            return _list(store, name, params)
        case ["search"] if name in SEARCHABLE:
            return Listing(f"{API}{name}/search", name, search=True)
        case ["current" | "me"] if name == "users":
            return Thing(orjson.dumps(current_user(store, login)))
        case [own, *below]:
            return _below(store, name, own, tuple(below))
    raise not_found()


def thing(store: Store, href: str, login: Login) -> bytes | None:
    """The object behind a link, for `embed`; of a case's feedbacks the first; None when there is none."""
    path, _, query = href.partition("?")
    if not path.startswith(API):
        return None
    try:
        found = target(store, tuple(path[len(API) :].split("/")), dict(parse_qsl(query)), login)
    except Refusal:
        return None
    if isinstance(found, Listing) and found.collection == "feedbacks" and found.owners:
        return _first(store["feedbacks"], found.owners)
    return found.body if isinstance(found, Thing) and not found.absent else None


def found_slot(collection: Collection, own: str) -> int:
    """The slot of an object by its id, or by `e-` and its external id. Refusal (404) without one."""
    number = whole(own)
    if number is not None:
        slot = collection.find(number)
    else:
        external = unquote(own).removeprefix("e-")
        slot = _by_external_id(collection, external) if own.startswith("e-") else None
    if slot is None:
        raise not_found()
    return slot


def current_user(store: Store, login: Login) -> dict[str, Any]:
    """The user that a login stands for: the one with that e-mail, else the first of that level, renamed."""
    users = store["users"]
    known = [orjson.loads(body) for _, body in users.scan()]
    for same in (
        lambda user: user.get("email") == login.email,
        lambda user: user.get("level") == login.level,
        lambda user: True,
    ):
        if user := next(filter(same, known), None):
            return {**user, "email": login.email, "level": login.level}
    me = f"{API}users/1"
    return {
        "id": 1,
        "name": login.email,
        "public_name": login.email,
        "email": login.email,
        "level": login.level,
        "_links": {"self": {"href": me, "class": "user"}},
    }


def _list(store: Store, name: str, params: Params) -> Target:
    if name in store.collections:
        return _stored_list(store, name, params)
    if name == "filters":
        return Made(f"{API}filters", tuple(_filter(number) for number in FILTERS))
    if name == "etags":
        asked = [part for part in params.get("endpoints", "").split(",") if part in ENDPOINTS]
        return Made(f"{API}etags", tuple({"endpoint": part, "value": str(store.version)} for part in asked))
    if name == "system_message":
        return Thing(
            b'{"message":null,"_links":{"self":{"href":"/api/v2/system_message","class":"system_message"}}}',
            Tag.SITE,
        )
    if name in EMPTY:
        return Made(f"{API}{name}")
    raise not_found()


def _stored_list(store: Store, name: str, params: Params) -> Listing:
    """A collection's list, narrowed by `company_id`, `customer_id`, `filter_id` or `case_id` (desk-api 6)."""
    path = f"{API}{name}"
    named = {field: whole(params.get(field)) for field in _NARROWING.get(name, ())}
    match next(((field, own) for field, own in named.items() if own is not None), None):
        case (("case_id" | "customer_id"), own):
            return Listing(path, name, frozenset((own,)))
        case ("company_id", own):
            return Listing(path, name, _customers_of(store, own))
        case ("filter_id", own):
            return Listing(path, name, conditions=_filtered(own))
    return Listing(path, name)


def _below(store: Store, name: str, own: str, below: tuple[str, ...]) -> Target:
    number = whole(own)
    if name == "filters" and number in FILTERS:
        if not below:
            return Thing(orjson.dumps(_filter(number)))
        if below == ("cases",):
            return Listing(f"{API}filters/{number}/cases", "cases", conditions=_filtered(number))
    if name not in store.collections:
        return beneath.outer(name, own, below)
    collection = store[name]
    slot = found_slot(collection, own)
    if not below:
        return Thing(collection.body(slot), _tag(name))
    path = f"{API}{name}/{collection.ids[slot]}/{'/'.join(below)}"
    owned = _owned(store, name, collection.ids[slot], below, path)
    return owned or beneath.inner(store, name, slot, below, path)


def _owned(store: Store, name: str, own: int, below: tuple[str, ...], path: str) -> Listing | None:
    """Stored objects listed below another one."""
    match name, *below:
        case ("customers", "cases") | ("companies", "customers") | ("topics", "articles"):
            return Listing(path, below[0], frozenset((own,)))
        case "companies", "cases":
            return Listing(path, "cases", _customers_of(store, own))
        case "brands", "articles":
            return Listing(path, "articles", conditions=(beneath.of_brand(store, own),))
        case "groups", "users":
            return Listing(path, "users")
        case "users", "groups":
            return Listing(path, "groups")
    return None


def _tag(name: str) -> Tag:
    return {"cases": Tag.NONE, "articles": Tag.WEAK, "topics": Tag.UNTAGGED}.get(name, Tag.BODY)


def _filter(number: int) -> dict[str, Any]:
    me = f"{API}filters/{number}"
    return {
        "id": number,
        "name": FILTERS[number][0],
        "active": True,
        "position": number,
        "_links": {
            "self": {"href": me, "class": "filter"},
            "cases": {"href": f"{me}/cases", "class": "case"},
        },
    }


def _filtered(number: int) -> tuple[Is, ...]:
    if number not in FILTERS:
        raise not_found()
    return (Is("status", FILTERS[number][1]),)


def _customers_of(store: Store, company: int) -> frozenset[int]:
    customers = store["customers"]
    return frozenset(customers.ids[slot] for slot in customers.by_id if customers.parents[slot] == company)


def _first(collection: Collection, owners: frozenset[int]) -> bytes | None:
    slots = (slot for slot in collection.by_id if collection.parents[slot] in owners)
    slot = next(slots, None)
    return None if slot is None else collection.body(slot)


def _by_external_id(collection: Collection, external: str) -> int | None:
    """A pass over the bytes: only objects in which the text occurs are parsed."""
    needle = orjson.dumps(external)
    for slot, body in collection.scan():
        if needle in body and orjson.loads(body).get("external_id") == external:
            return slot
    return None
