"""Invented cases: what state one is in, when things happened to it, and the JSON that Desk would send."""

import random
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from sources.sandbox.invented import fields
from sources.sandbox.invented.site import SiteFacts
from sources.sandbox.invented.text import Letter, letters
from sources.sandbox.stamps import stamp_of

Card = TypeVar("Card")

MESSAGE_CLASS = {
    "email": "email",
    "twitter": "tweet",
    "phone": "phone",
    "chat": "chat",
    "qna": "community_question",
    "facebook": "facebook_post",
}
"""The class of a case's `message` link depends on its channel (desk-api, HAL shape)."""

LABELS = (
    "billing",
    "refund",
    "vip",
    "bug",
    "shipping",
    "how-to",
    "spam",
    "feature_request",
    "escalated",
    "Outside SLA",
    "angry",
    "dringend",
    "à rappeler",
    "waiting_on_vendor",
)

_SETTLED = frozenset(("resolved", "closed"))
_BULK, _BULK_EVERY = 4, 100


class Moments(NamedTuple):
    """Every stamp of a case, as Desk writes them."""

    created: str
    updated: str
    changed: str
    received: str | None
    active: str | None = None
    first_opened: str | None = None
    opened: str | None = None
    resolved: str | None = None


class Plot(NamedTuple):
    """What is decided about a case before it is written down; `place` picks the cards."""

    id: int
    place: int
    status: str
    customer: int | None
    agent: int | None = None
    group: int | None = None
    notes: int = 0
    attachments: int = 0
    feedbacks: int = 0


@dataclass(frozen=True, slots=True)
class Decks:
    """Shuffled cards dealt to cases in turn: proportions are exact and even a small site sees every kind.

    The lengths share no factor, so two decks do not fall into step.
    """

    letters: tuple[Letter, ...]
    tickets: tuple[dict[str, Any], ...]
    statuses: tuple[str, ...]
    channels: tuple[str, ...]
    priorities: tuple[int, ...]
    routes: tuple[str | None, ...]
    labels: tuple[tuple[int, ...], ...]


def decks(rng: random.Random) -> Decks:
    """The cards of one site."""
    return Decks(
        letters=letters(499, rng),
        tickets=tuple(fields.values("ticket", rng) for _ in range(211)),
        statuses=_shuffled(
            {"new": 22, "open": 26, "pending": 14, "resolved": 26, "closed": 11, "deleted": 2}, rng
        ),
        channels=_shuffled(
            {"email": 55, "twitter": 12, "phone": 13, "chat": 10, "qna": 3, "facebook": 4}, rng
        ),
        priorities=_shuffled({4: 62, 5: 15, 2: 8, 8: 6, 9: 4, 1: 2, 3: 2, 6: 1, 7: 1, 10: 2}, rng),
        routes=_shuffled({None: 17, "available": 9, "added": 7, "active": 7, "scheduled": 3}, rng),
        labels=tuple(tuple(rng.sample(range(len(LABELS)), n % 5 // 2)) for n in range(53)),
    )


def _shuffled(cards: dict[Card, int], rng: random.Random) -> tuple[Card, ...]:
    deck = [card for card, times in cards.items() for _ in range(times)]
    rng.shuffle(deck)
    return tuple(deck)


def edited_in_bulk(place: int) -> int | None:
    """Agents edit cases in bulk: of every hundred groups of four neighbours one is updated in one second.

    The place that follows the group, whose creation is late enough for all four; None for any other case.
    """
    group = place // _BULK
    return (group + 1) * _BULK if group % _BULK_EVERY == 1 else None


def history(place: int, status: str, created: int, updated: int, end: int, rng: random.Random) -> Moments:
    """What happened to a case that was created and updated at these unix seconds, on a site seen at `end`.

    `changed_at` is often later than `updated_at` and sometimes earlier, as recorded in 2016 (desk-api 12).
    """
    life, kind = updated - created, place % 10
    opened = None if status == "new" else stamp_of(created + int(life * rng.random() * 0.5))
    resolved = stamp_of(created + int(life * (0.5 + rng.random() * 0.5))) if status in _SETTLED else None
    written = stamp_of(updated)
    later = stamp_of(updated + int((end - updated) * rng.random())) if kind > 6 else written
    return Moments(
        created=stamp_of(created),
        updated=written,
        changed=later if kind else stamp_of(created + life // 2),
        received=stamp_of(created) if place % 7 < 6 else None,
        active=opened and stamp_of(updated - life // 10),
        first_opened=opened,
        opened=opened and (written if kind == 3 else opened),
        resolved=resolved,
    )


def case(plot: Plot, moments: Moments, site: SiteFacts, cards: Decks) -> dict[str, Any]:
    """The whole case as the API of 2016 sent it, with every field that was ever recorded."""
    place = plot.place
    told = cards.letters[place % len(cards.letters)]
    channel = cards.channels[place % len(cards.channels)]
    labels = [label for label in cards.labels[place % len(cards.labels)] if label < len(site.labels)]
    return {
        "id": plot.id,
        "external_id": None if place % 9 < 8 else "" if place % 2 else f"crm-{plot.id:09}",
        "blurb": None if place % 31 == 9 else told.blurb,
        "subject": f"{told.subject} [{plot.id}]" if place % 41 < 40 else "",
        "priority": cards.priorities[place % len(cards.priorities)],
        "locked_until": None,
        "label_ids": [site.labels[label] for label in labels],
        "active_at": moments.active,
        "changed_at": moments.changed,
        "created_at": moments.created,
        "updated_at": moments.updated,
        "first_opened_at": moments.first_opened,
        "opened_at": moments.opened,
        "first_resolved_at": moments.resolved,
        "resolved_at": moments.resolved,
        "status": plot.status,
        "active_notes_count": plot.notes,
        "active_attachments_count": plot.attachments,
        "has_pending_interactions": place % 17 == 5,
        "has_failed_interactions": place % 113 == 50,
        "description": None if place % 4 else "" if place % 8 else told.body,
        "language": None if place % 23 == 7 else told.language,
        "received_at": moments.received,
        "type": channel,
        "labels": [LABELS[label] for label in labels],
        "route_status": cards.routes[place % len(cards.routes)],
        "custom_fields": {**cards.tickets[place % len(cards.tickets)]},
        "_links": _links(plot, MESSAGE_CLASS[channel]),
    }


def _links(plot: Plot, message_class: str) -> dict[str, Any]:
    case, place = f"/api/v2/cases/{plot.id}", plot.place
    agent = plot.agent and f"/api/v2/users/{plot.agent}"
    return {
        "self": {"href": case, "class": "case"},
        "message": {"href": f"{case}/message", "class": message_class},
        "customer": plot.customer and {"href": f"/api/v2/customers/{plot.customer}", "class": "customer"},
        "labels": {"href": f"{case}/labels", "class": "label"},
        "assigned_user": agent and {"href": agent, "class": "user"},
        "assigned_group": plot.group and {"href": f"/api/v2/groups/{plot.group}", "class": "group"},
        "locked_by": {"href": agent, "class": "user"} if agent and place % 59 == 8 else None,
        "history": {"href": f"{case}/history", "class": "history"},
        "case_links": {"href": f"{case}/links", "class": "case_link", "count": 0},
        "macro_preview": {"href": f"{case}/macros/preview", "class": "macro_preview"},
        "replies": {"href": f"{case}/replies", "class": "reply", "count": place % 5},
        "draft": {"href": f"{case}/replies/draft", "class": "reply"},
        "notes": {"href": f"{case}/notes", "class": "note", "count": plot.notes},
        "attachments": {"href": f"{case}/attachments", "class": "attachment", "count": plot.attachments},
        "feedbacks": _feedbacks_link(plot) if plot.feedbacks else None,
    }


def _feedbacks_link(plot: Plot) -> dict[str, Any]:
    href = f"/api/v2/feedbacks?case_id={plot.id}"
    return {"href": href, "class": "customer_feedback", "count": plot.feedbacks}
