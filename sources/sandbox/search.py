"""The searches: `/cases/search`, `/customers/search`, `/companies/search`, `/articles/search` (desk-api 6).

Chosen: parameters and words of `q` must all apply, the values of a comma list need only one that does; texts
are found anywhere in a field without regard to case; `assigned_user` and `assigned_group` are ids; words of
`q` without a field are looked for everywhere in the object; OR and NOT are words like others. Results come
in id order unless sorted. A search reads every object once, which takes about a second per 100,000 cases, and
is remembered until something changes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sources.sandbox.answers import invalid
from sources.sandbox.conditions import Between, Condition, Is, OfBrand, Says, met
from sources.sandbox.query import OPEN, Query, Window, moment
from sources.sandbox.rules import STAMPS
from sources.sandbox.store import Store
from sources.sandbox.whole import whole

_EXACT = {
    "status": "status",
    "priority": "priority",
    "channels": "type",
    "labels": "labels",
    "case_id": "id",
    "external_id": "external_id",
    "assigned_user": "_links.assigned_user",
    "assigned_group": "_links.assigned_group",
    "in_support_center": "in_support_center",
}
_TEXT = {
    "cases": ("subject", "description"),
    "customers": ("first_name", "last_name", "company"),
    "companies": ("name", "domains"),
    "articles": ("subject", "body", "keywords"),
}
_PERSON = {"email": "emails", "phone": "phone_numbers", "full_name": "display_name", "name": "display_name"}
_CUSTOM = {"cases": "case_", "customers": "custom_", "companies": "custom_"}
_OF_THE_CUSTOMER = ("name", "first_name", "last_name", "email", "phone", "company")
_NEEDS_ONE_OF = (
    "q",
    "first_name",
    "last_name",
    "full_name",
    "email",
    "phone",
    "twitter",
    "external_id",
    "custom_",
)

_TERM = re.compile(
    r"(?:(?P<field>\w+):\s*)?(?:\[\s*(?P<low>[^\s\]]+)\s+TO\s+(?P<high>[^\s\]]+)\s*\]"
    r'|"(?P<quoted>[^"]*)"|(?P<word>[^\s()"]+))'
)


class Found(NamedTuple):
    """What a search asks for beside the windows of its query."""

    query: Query
    owners: frozenset[int] | None
    conditions: tuple[Condition, ...]


class Term(NamedTuple):
    """A piece of `q`: `field` is empty for a bare word, `window` is set for `[a TO b]`."""

    field: str
    text: str
    window: Window | None = None


def searched(store: Store, collection: str, params: Mapping[str, str], query: Query) -> Found:
    """What these parameters look for. Refusal (422) for a search of customers for nothing at all."""
    if collection == "customers":
        query = _customers_query(params, query)
    conditions: list[Condition] = []
    for term in _terms(params.get("q", "")):
        if term.window is not None and term.field in STAMPS:
            query = query.within(term.field, term.window)
        elif condition := _condition(collection, term):
            conditions.append(condition)
    for field, text in params.items():
        if field in ("created", "updated"):
            query = query.within(f"{field}_at", _lately(text, datetime.now(UTC)))
        elif field != "q" and (condition := _condition(collection, Term(field, text), strict=True)):
            conditions.append(condition)
    conditions.extend(_brands(store, collection, params))
    return Found(query, _owners(store, collection, params), tuple(conditions))


def _customers_query(params: Mapping[str, str], query: Query) -> Query:
    """`q`, `since_id` or the like must be given; beside `q` `since_id` has no effect (desk-api 6)."""
    windows = (query.ids, query.created, query.updated)
    named = any(text and name.startswith(_NEEDS_ONE_OF) for name, text in params.items())
    if not named and all(window.open for window in windows):
        raise invalid({"q": ["blank"]})
    return replace(query, ids=OPEN) if params.get("q") else query


def _terms(text: str) -> Iterator[Term]:
    for match in _TERM.finditer(text):
        field, low, high, quoted, word = match.group("field", "low", "high", "quoted", "word")
        if low is not None:
            yield Term(field or "", "", Window(moment(low), moment(high)))
        elif quoted is not None or (word and word not in ("AND", "*")):
            yield Term(field or "", quoted if quoted is not None else word)


def _condition(collection: str, term: Term, strict: bool = False) -> Condition | None:
    """What a term or parameter asks of an object; None for a field unknown to the sandbox.

    `strict` takes the documented parameters only; `q` may name any field.
    """
    field, texts = term.field, tuple(part.strip().strip('"').lower() for part in term.text.split(","))
    prefix = _CUSTOM.get(collection, "-")
    if term.window is not None:
        return Between(field, term.window)
    if not any(texts):
        return None
    if field in _EXACT:
        return Is(_EXACT[field], texts)
    if field in _TEXT.get(collection, ()):
        return Says(field, (term.text.strip('"').lower(),))
    if field in _PERSON and collection == "customers":
        return Says(_PERSON[field], texts)
    if field.startswith(prefix):
        return Is(f"custom_fields.{field.removeprefix(prefix)}", texts)
    if field == "text":
        field = ""
    elif strict or (collection == "cases" and field in _OF_THE_CUSTOMER):
        return None
    return Says(field, (term.text.strip('"').lower(),))


def _owners(store: Store, collection: str, params: Mapping[str, str]) -> frozenset[int] | None:
    """Articles of topics; cases of customers with such a name, address or number."""
    if collection == "articles" and params.get("topic_ids"):
        return frozenset(filter(None, map(whole, params["topic_ids"].split(","))))
    if collection != "cases":
        return None
    told = [Term(field, params[field]) for field in _OF_THE_CUSTOMER if params.get(field)]
    told += [term for term in _terms(params.get("q", "")) if term.field in _OF_THE_CUSTOMER]
    conditions = tuple(filter(None, (_condition("customers", term) for term in told)))
    if not conditions:
        return None
    customers = store["customers"]
    return frozenset(customers.ids[slot] for slot, body in customers.scan() if met(conditions, body))


def _brands(store: Store, collection: str, params: Mapping[str, str]) -> tuple[Condition, ...]:
    brand = whole(params.get("brand_ids"))
    if collection != "articles" or brand is None:
        return ()
    return (OfBrand(brand, store["brands"].living_ids()),)


def _lately(word: str, now: datetime) -> Window:
    """today, yesterday, week, month or year, up to now, days counted in UTC; anything else is no limit."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = {"today": 0, "yesterday": 1, "week": 7, "month": 30, "year": 365}.get(word.lower())
    if days is None:
        return OPEN
    until = int(today.timestamp()) - 1 if word.lower() == "yesterday" else None
    return Window(int((today - timedelta(days=days)).timestamp()), until)
