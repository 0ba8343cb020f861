"""POST, PATCH and DELETE on cases, customers, companies, articles and topics (desk-api 3, 4 and 9).

Recorded: 422 for an article without topic and a topic without name, 405 for users, 404 for an unknown id, 201
with `location`, 204 without a body. Chosen: a case needs a subject and a customer, a company a name, a customer
nothing; whatever is sent is stored, unknown names too; values of the wrong type are not refused; id, links to
itself, `created_at` and `updated_at` cannot be set; `labels` are added to those there are unless
`label_action` says "replace" or "remove"; DELETE leaves a case with status deleted and takes all else away.
"""

import time
from typing import Any

import orjson

from sources.sandbox.answers import Answer, Refusal, invalid, not_allowed, not_found, written
from sources.sandbox.collection import linked_id
from sources.sandbox.request import API, Request
from sources.sandbox.routes import found_slot
from sources.sandbox.rules import rules
from sources.sandbox.stamps import stamp_of
from sources.sandbox.store import Store

Entry = dict[str, Any]

_FIXED = ("id", "created_at", "updated_at", "_embedded")
_ONLY_SENT = ("suppress_rules", "label_action", "message")
_REQUIRED = {"cases": ("subject",), "companies": ("name",), "articles": ("subject",), "topics": ("name",)}
_REQUIRED_LINKS = {"cases": "customer", "articles": "topic"}
_PARTS = {
    "cases": ("replies", "notes", "attachments", "labels", "history"),
    "customers": ("cases",),
    "companies": ("customers", "cases"),
    "articles": ("translations", "attachments"),
    "topics": ("articles", "translations"),
}


def write(store: Store, request: Request, segments: tuple[str, ...]) -> Answer:
    """Does what the request wants done. Refusal for 404, 405 and 422."""
    match request.intent, segments:
        case "POST", [name] if rules(name).writable:
            return _created(store, name, _sent(request), request.header(b"host"))
        case "PATCH" | "PUT", [name, own] if rules(name).writable:
            return _patched(store, name, found_slot(store[name], own), _sent(request))
        case "DELETE", [name, own] if rules(name).writable:
            return _deleted(store, name, found_slot(store[name], own))
    if segments[0] in store.collections:
        raise not_allowed()
    raise not_found()


def amended(store: Store, name: str, entry: Entry, sent: Entry, stamp: str) -> Entry:
    """The object after a change at this moment: custom fields and links are merged, the rest replaced."""
    kept = {field: value for field, value in sent.items() if field not in (*_FIXED, *_ONLY_SENT)}
    changed = {**entry, **kept, "updated_at": stamp}
    for nested in ("custom_fields", "_links"):
        changed[nested] = {**(entry.get(nested) or {}), **(kept.get(nested) or {})}
    if "self" in (entry.get("_links") or {}):
        changed["_links"]["self"] = entry["_links"]["self"]
    if name == "cases":
        changed["changed_at"] = stamp
        if "labels" in kept:
            changed |= _labelled(store, entry, kept["labels"] or [], sent.get("label_action", "append"))
    return changed


def _created(store: Store, name: str, sent: Entry, host: str) -> Answer:
    if wrong := _blank(name, sent):
        raise invalid(wrong)
    own, stamp = store[name].last_id + 1, stamp_of(time.time())
    path = f"{API}{name}/{own}"
    links = {"self": {"href": path, "class": _singular(name)}}
    links |= {part: {"href": f"{path}/{part}", "class": _singular(part)} for part in _PARTS[name]}
    blank = {"id": own, **_defaults(name), "created_at": stamp, "_links": links}
    slot = store.create(name, amended(store, name, blank, sent, stamp))
    return written(201, store[name].body(slot), f"http://{host}{path}")


def _patched(store: Store, name: str, slot: int, sent: Entry) -> Answer:
    entry = amended(store, name, store[name].entry(slot), sent, stamp_of(time.time()))
    if wrong := _blank(name, entry):
        raise invalid(wrong)
    store.change(name, slot, entry)
    return written(200, store[name].body(slot))


def _deleted(store: Store, name: str, slot: int) -> Answer:
    if name == "cases":
        gone = {"status": "deleted"}
        store.change(name, slot, amended(store, name, store[name].entry(slot), gone, stamp_of(time.time())))
    else:
        store.remove(name, slot)
    return written(204, b"")


def _sent(request: Request) -> Entry:
    """The body as an object; an empty array stands for an empty object, as PHP sends it (recorded)."""
    try:
        sent = request.json() or {}
    except ValueError:
        raise Refusal(400, "Invalid JSON") from None
    if not isinstance(sent, dict):
        raise Refusal(400, "Invalid JSON")
    return sent


def _blank(name: str, entry: Entry) -> dict[str, Any]:
    """What is missing, as 422 answers tell it."""
    wrong: dict[str, Any] = {field: ["blank"] for field in _REQUIRED.get(name, ()) if not entry.get(field)}
    link = _REQUIRED_LINKS.get(name)
    if link and not linked_id(entry, link):
        wrong["_links"] = {link: ["blank"]}
    return wrong


def _defaults(name: str) -> Entry:
    if name == "cases":
        return {
            "external_id": None,
            "subject": None,
            "priority": 4,
            "status": "new",
            "type": "email",
            "labels": [],
            "label_ids": [],
            "custom_fields": {},
        }
    if name == "customers":
        return {
            "first_name": None,
            "last_name": None,
            "emails": [],
            "phone_numbers": [],
            "addresses": [],
            "custom_fields": {},
        }
    return {}


def _singular(name: str) -> str:
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")


def _labelled(store: Store, entry: Entry, given: list[str], action: str) -> Entry:
    """`labels` and `label_ids` of a case; names that are no label of the site get no id."""
    had = [*(entry.get("labels") or [])]
    match action:
        case "replace":
            labels = given
        case "remove":
            labels = [label for label in had if label not in given]
        case _:
            labels = [*had, *(label for label in given if label not in had)]
    known = {
        orjson.loads(body).get("name"): store["labels"].ids[slot] for slot, body in store["labels"].scan()
    }
    return {"labels": labels, "label_ids": [known[label] for label in labels if label in known]}
