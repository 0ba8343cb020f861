"""A whole Desk site from a seed: the same seed gives the same objects, one at a time."""

import functools
import random
from array import array
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sources.sandbox.invented import knowledge, people
from sources.sandbox.invented.cases import LABELS, Decks, Moments, Plot, case, decks, edited_in_bulk, history
from sources.sandbox.invented.fields import FIELDS
from sources.sandbox.invented.site import Ids, IdSequence, SiteFacts, ids
from sources.sandbox.stamps import seconds_of, stamp_of

__all__ = ["COLLECTIONS", "OPENED", "SEEN", "SiteFacts", "generate", "invent"]

Item = tuple[str, dict[str, Any]]

_FIRST_IDS = {
    "custom_fields": 1,
    "brands": 11,
    "groups": 301,
    "users": 20_001,
    "topics": 500_001,
    "labels": 700_001,
    "companies": 90_001,
    "customers": 41_000_001,
    "articles": 1_200_001,
    "cases": 1_001,
    "feedbacks": 30_001,
}

COLLECTIONS = tuple(_FIRST_IDS)
"""What a site consists of, in the order of `generate`: an object follows those it links to."""

OPENED = seconds_of("2012-09-03T08:00:00Z")
SEEN = seconds_of("2020-03-10T08:00:00Z")
"""Nothing generated is later: three days before Desk.com closed for good."""

_DAY = 86_400
_SETTINGS = ("custom_fields", "brands", "groups", "users", "topics", "labels", "companies")
_IMPORTED = range(3, 8)
"""Of every fifty cases these were imported: ids go on, `created_at` lies up to four years back."""


def generate(cases: int, seed: int) -> Iterator[Item]:
    """Yields (collection, object) in the order of `COLLECTIONS`, each in ascending id.

    Beside the object in hand memory holds one byte per case and a few numbers per feedback.
    ValueError below one case.
    """
    if cases < 1:
        raise ValueError("A site has at least one case.")
    planned = _plan(cases, seed)
    site = _facts(planned)
    rng = random.Random(f"{seed} objects")
    for collection in _SETTINGS:
        yield from _plain(collection, planned[collection], site, rng)
    yield from _customers(planned, site, seed, rng)
    yield from _plain("articles", planned["articles"], site, rng)
    surveys = _Surveys(cases, len(planned["feedbacks"]), rng)
    yield from _cases(planned["cases"], site, surveys, seed, rng)
    yield from _feedbacks(planned["feedbacks"], surveys, rng)


def invent(
    collection: str, object_id: int, stamp: str, rng: random.Random, site: SiteFacts
) -> dict[str, Any]:
    """One new object, created and updated at `stamp`, that links to objects of `site`.

    A case is in status new and without labels, as nothing tells the names behind the ids of `site.labels`.

    ValueError for a collection that is not one of `COLLECTIONS`.
    """
    place = rng.randrange(1_000, 1_000_000)
    if collection == "cases":
        plot = Plot(object_id, place, "new", _any(site.customers, rng), group=_any(site.groups, rng))
        return case(plot, Moments(stamp, stamp, stamp, stamp), replace(site, labels=()), _cards(0))
    if collection == "feedbacks":
        links = _any(site.cases, rng), _any(site.customers, rng), _any(site.users, rng)
        return knowledge.feedback(object_id, place, stamp, links, rng)
    return _object(collection, object_id, place, (stamp, stamp), site, rng)


def _plan(cases: int, seed: int) -> dict[str, Ids]:
    """The ids of every collection; the sizes follow from the number of cases."""
    rng = random.Random(f"{seed} ids")
    users = min(400, max(4, cases // 2_500))
    sizes = {
        "custom_fields": len(FIELDS),
        "brands": 3,
        "groups": min(8, max(2, users // 5)),
        "users": users,
        "topics": min(40, max(3, cases // 4_000)),
        "labels": len(LABELS),
        "companies": max(2, cases * 3 // 100),
        "customers": max(3, cases // 4),
        "articles": min(3_000, max(5, cases // 330)),
        "cases": cases,
        "feedbacks": min(cases, max(2, cases // 50)),
    }
    return {name: ids(first, sizes[name], rng) for name, first in _FIRST_IDS.items()}


def _facts(planned: dict[str, Ids]) -> SiteFacts:
    linked = {name: tuple(planned[name]) for name in ("users", "groups", "topics", "brands", "labels")}
    many = {name: planned[name] for name in ("companies", "customers", "cases")}
    return SiteFacts(**linked, **many)


@functools.cache
def _cards(seed: int) -> Decks:
    return decks(random.Random(f"{seed} cards"))


def _plain(collection: str, ids: Ids, site: SiteFacts, rng: random.Random) -> Iterator[Item]:
    for place, object_id in enumerate(ids):
        yield collection, _object(collection, object_id, place, _lived(place, len(ids), rng), site, rng)


def _object(
    collection: str, object_id: int, place: int, lived: tuple[str, str], site: SiteFacts, rng: random.Random
) -> dict[str, Any]:
    created, updated = lived
    match collection:
        case "custom_fields":
            return knowledge.custom_field(object_id, place)
        case "brands":
            return knowledge.brand(object_id, place, created, updated)
        case "groups":
            return people.group(object_id, place, created, updated)
        case "users":
            return people.user(object_id, place, created, updated, rng)
        case "topics":
            return knowledge.topic(object_id, place, created, updated)
        case "labels":
            return knowledge.label(object_id, place)
        case "companies":
            return people.company(object_id, place, created, updated, rng)
        case "customers":
            return people.customer(object_id, place, 0, created, updated, site, rng)
        case "articles":
            return knowledge.article(object_id, place, created, updated, site, rng)
    raise ValueError(f"Desk has no collection “{collection}”.")


def _lived(place: int, count: int, rng: random.Random) -> tuple[str, str]:
    """When the object at this place was created and updated: creation ascends, most updates follow soon."""
    created = OPENED + int((place + rng.random()) * (SEEN - OPENED) / count)
    return stamp_of(created), stamp_of(created + int((SEEN - created) * rng.random() ** 4))


def _customers(planned: dict[str, Ids], site: SiteFacts, seed: int, rng: random.Random) -> Iterator[Item]:
    ids = planned["customers"]
    written = array("I", bytes(4 * len(ids)))
    for owner in _owners(len(planned["cases"]), len(ids), seed):
        written[owner] += 1
    for place, customer_id in enumerate(ids):
        created, updated = _lived(place, len(ids), rng)
        yield "customers", people.customer(customer_id, place, written[place], created, updated, site, rng)


def _owners(cases: int, customers: int, seed: int) -> Iterator[int]:
    """The place of the customer of each case; drawn twice, as customers tell how many cases they have.

    A customer is older than their cases, and old customers have many.
    """
    draw = random.Random(f"{seed} owners").random
    return (int(draw() ** 2 * (place * customers // cases + 1)) for place in range(cases))


class _Surveys:
    """Which cases were rated; who rated them is noted while the cases are made, four numbers per answer."""

    def __init__(self, cases: int, answers: int, rng: random.Random) -> None:
        self.every, self.answers = cases // answers, answers
        self._offsets = tuple(rng.randrange(self.every) for _ in range(64))
        self.noted = array("q")

    def rated(self, place: int) -> bool:
        """Whether the case at this place got an answer."""
        nth, offset = divmod(place, self.every)
        return nth < self.answers and offset == self._offsets[nth % 64]

    def note(self, plot: Plot, when: int) -> None:
        """Keeps what the feedback will need of its case."""
        self.noted.extend((plot.id, plot.customer or 0, plot.agent or 0, when))


def _cases(ids: Ids, site: SiteFacts, surveys: _Surveys, seed: int, rng: random.Random) -> Iterator[Item]:
    cards, step = _cards(seed), (SEEN - OPENED) / len(ids)
    for place, owner in enumerate(_owners(len(ids), len(site.customers), seed)):
        plot = _plot(place, ids[place], site.customers[owner], surveys.rated(place), site, cards, rng)
        created = OPENED + int((place + rng.random()) * step)
        if place % 50 in _IMPORTED:
            created -= int((0.1 + rng.random()) * 4 * 365 * _DAY)
        bulk = edited_in_bulk(place)
        updated = created + int((SEEN - created) * rng.random() ** 6)
        if bulk:
            updated = OPENED + int(min(bulk, len(ids)) * step)
        if plot.feedbacks:
            surveys.note(plot, updated)
        yield "cases", case(plot, history(place, plot.status, created, updated, SEEN, rng), site, cards)


def _plot(
    place: int, case_id: int, customer: int, rated: bool, site: SiteFacts, cards: Decks, rng: random.Random
) -> Plot:
    """What is drawn for one case: only resolved ones are rated, and nobody has looked at a new one yet."""
    status = "resolved" if rated else cards.statuses[place % len(cards.statuses)]
    group = site.groups[place % len(site.groups)] if place % 6 < 5 else None
    if status == "new":
        return Plot(case_id, place, status, customer, None, group, 0, place % 11 // 9, 0)
    agent = site.users[int(rng.random() * len(site.users))] if rated or place % 9 else None
    return Plot(case_id, place, status, customer, agent, group, place % 3, place % 13 // 9, int(rated))


def _feedbacks(ids: Ids, surveys: _Surveys, rng: random.Random) -> Iterator[Item]:
    for place, feedback_id in enumerate(ids):
        case_id, customer, agent, settled = surveys.noted[4 * place : 4 * place + 4]
        answered = stamp_of(settled + int((SEEN - settled) * rng.random() ** 6))
        links = case_id, customer or None, agent or None
        yield "feedbacks", knowledge.feedback(feedback_id, place, answered, links, rng)


def _any(ids: IdSequence, rng: random.Random) -> int | None:
    return ids[rng.randrange(len(ids))] if len(ids) else None
