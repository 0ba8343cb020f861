"""Invented brands, topics, articles, labels, custom field definitions and feedbacks."""

import random
import re
from typing import Any

from sources.sandbox.invented.cases import LABELS
from sources.sandbox.invented.fields import FIELDS
from sources.sandbox.invented.site import IdSequence, SiteFacts
from sources.sandbox.invented.text import LANGUAGES, Letter, letter

_BRANDS = ("Northwind", "Northwind Travel", "Blaufeld")
_TOPICS = ("General", "Ordering & delivery", "Rechnungen", "Your account", "Apps", "Retours", "返品")
_CHANNELS = ("email", "chat", "web_callback", "twitter", "qna", "phone", "facebook")
_SHORT = {"chat": 180, "twitter": 90}
"""Bodies for these channels are cut and end in the article's address (desk-api, articles)."""


def brand(brand_id: int, place: int, created: str, updated: str) -> dict[str, Any]:
    """A brand."""
    me = f"/api/v2/brands/{brand_id}"
    return {
        "id": brand_id,
        "name": _BRANDS[place] if place < len(_BRANDS) else f"Brand {brand_id}",
        "created_at": created,
        "updated_at": updated,
        "_links": {
            "self": {"href": me, "class": "brand"},
            "articles": {"href": f"{me}/articles", "class": "article"},
        },
    }


def topic(topic_id: int, place: int, created: str, updated: str) -> dict[str, Any]:
    """A topic of the knowledge base."""
    me = f"/api/v2/topics/{topic_id}"
    return {
        "id": topic_id,
        "name": _TOPICS[place] if place < len(_TOPICS) else f"Topic {place + 1}",
        "description": ("Everything about it", "", None)[place % 3],
        "position": place + 1,
        "allow_questions": place % 5 != 4,
        "in_support_center": (True, None, False)[place % 3],
        "created_at": created,
        "updated_at": updated,
        "_links": {
            "self": {"href": me, "class": "topic"},
            "articles": {"href": f"{me}/articles", "class": "article"},
            "translations": {"href": f"{me}/translations", "class": "topic_translation"},
        },
    }


def label(label_id: int, place: int) -> dict[str, Any]:
    """A label; labels carry no stamps."""
    name = LABELS[place] if place < len(LABELS) else f"label {label_id}"
    return {
        "id": label_id,
        "name": name,
        "description": name,
        "enabled": True,
        "types": ["case"] if place % 3 else ["case", "macro"],
        "color": ("default", "blue", "red", "green")[place % 4],
        "_links": {"self": {"href": f"/api/v2/labels/{label_id}", "class": "label"}},
    }


def custom_field(field_id: int, place: int) -> dict[str, Any]:
    """The definition of a custom field: only lists have choices (desk-api, values)."""
    field = FIELDS[place % len(FIELDS)]
    name = field.name if place < len(FIELDS) else f"{field.name}_{field_id}"
    return {
        "id": field_id,
        "name": name,
        "label": field.label,
        "type": field.owner,
        "active": field.active and place < len(FIELDS),
        "data": {"type": field.kind, "choices": [*field.choices]} if field.choices else {"type": field.kind},
        "_links": {"self": {"href": f"/api/v2/custom_fields/{field_id}", "class": "custom_field"}},
    }


def article(
    article_id: int, place: int, created: str, updated: str, site: SiteFacts, rng: random.Random
) -> dict[str, Any]:
    """An article with one body per channel, all made from the first."""
    told = letter(LANGUAGES[0 if place % 3 else place // 3 % len(LANGUAGES)], rng)
    slug = re.sub(r"\W+", "-", told.subject.lower()).strip("-")
    url = f"https://support.example.com/customer/portal/articles/{article_id}-{slug}"
    votes = rng.randrange(40) if place % 2 else 0
    return {
        "id": article_id,
        "subject": told.subject,
        "body": f"<p>{told.body}</p>".replace("\r\n\r\n", "</p><p>"),
        **_bodies(told, url, place),
        "rating": rng.randrange(101) if votes else 0,
        "rating_count": votes,
        "rating_score": rng.randint(-votes, votes),
        "keywords": ("billing, refund", "", None)[place % 3],
        "position": place % 12 + 1,
        "quickcode": f"ART{article_id}" if place % 4 == 0 else None,
        "public_url": url,
        "in_support_center": (True, True, False, None)[place % 4],
        "internal_notes": ("For agents only", "", None, None)[place % 4],
        "publish_at": None if place % 4 == 3 else created,
        "created_at": created,
        "updated_at": updated,
        "locale": None,
        "_links": _article_links(f"/api/v2/articles/{article_id}", place, site, rng),
    }


def _bodies(told: Letter, url: str, place: int) -> dict[str, Any]:
    bodies: dict[str, Any] = {}
    for channel in _CHANNELS:
        cut = _SHORT.get(channel)
        bodies[f"body_{channel}"] = f"{told.body[:cut]}... {url}" if cut else told.body
        bodies[f"body_{channel}_auto"] = True
    if place % 2:
        bodies["body_web_callback"] = None
    return bodies


def _article_links(me: str, place: int, site: SiteFacts, rng: random.Random) -> dict[str, Any]:
    topic = site.topics[place % len(site.topics)] if site.topics else None
    author, editor = _drawn_user(site.users, rng), _drawn_user(site.users, rng)
    return {
        "self": {"href": me, "class": "article"},
        "topic": topic and {"href": f"/api/v2/topics/{topic}", "class": "topic"},
        "translations": {"href": f"{me}/translations", "class": "article_translation"},
        "created_by": author and {"href": f"/api/v2/users/{author}", "class": "user"},
        "updated_by": editor and {"href": f"/api/v2/users/{editor}", "class": "user"},
        "attachments": {"href": f"{me}/attachments", "class": "attachment", "count": place % 7 // 6},
        "brands": {"href": f"{me}/brands", "class": "brand"} if place % 3 == 1 else None,
    }


def _drawn_user(users: IdSequence, rng: random.Random) -> int | None:
    return users[rng.randrange(len(users))] if users else None


def feedback(
    feedback_id: int,
    place: int,
    answered: str,
    links: tuple[int | None, int | None, int | None],
    rng: random.Random,
) -> dict[str, Any]:
    """One answer to a survey about `links` (case, customer, user); `rating` is text (desk-api 14.7)."""
    case, customer, user = links
    stars, words = place % 3 != 1, LANGUAGES[place % len(LANGUAGES)].sentences
    return {
        "id": feedback_id,
        "rating": str(rng.randint(1, 4)) if stars else rng.choice(("yes", "no")),
        "rating_type": "four_star" if stars else "yes_no",
        "additional_feedback": rng.choice(words) if place % 4 == 0 else "",
        "created_at": answered,
        "updated_at": answered,
        "_links": {
            "self": {"href": f"/api/v2/feedbacks/{feedback_id}", "class": "feedback"},
            "case": case and {"href": f"/api/v2/cases/{case}", "class": "case"},
            "customer": customer and {"href": f"/api/v2/customers/{customer}", "class": "customer"},
            "reply": case and {"href": f"/api/v2/cases/{case}/replies/{feedback_id}", "class": "email"},
            "user": user and {"href": f"/api/v2/users/{user}", "class": "user"},
        },
    }
