"""Invented users, groups, companies and customers."""

import random
from typing import Any

from sources.sandbox.invented import fields
from sources.sandbox.invented.site import IdSequence, SiteFacts
from sources.sandbox.invented.text import LANGUAGES

DEMO_LOGINS = (("admin@example.com", "siteadmin_billing"), ("agent@example.com", "agent"))
"""The first two users of every site; the sandbox lets exactly these sign in (e-mail, level)."""

_LEVELS = ("agent", "agent", "siteadmin", "agent", "flexagent")
_GROUPS = ("Support", "Billing", "Returns", "Enterprise", "Vertrieb", "Réclamations", "Night shift", "Social")
_FIRMS = ("Harbour", "Blaufeld", "Méridien", "Kaze", "Serra", "Дніпро", "Northwind", "Pinewood", "Quill")
_BACKGROUNDS = ("Met at a trade fair", None, "", None, None, "Prefers a call in the morning ☎", None, None)
_TRADES = ("Logistics", "Travel", "Software", "Bakery", "Instruments", "Outfitters", "Energie", "Press")


def user(user_id: int, place: int, created: str, updated: str, rng: random.Random) -> dict[str, Any]:
    """An agent; every seventh never signed in."""
    name, address = _name(place, rng), f"agent{user_id}@example.com"
    email, level = (*DEMO_LOGINS, (address, _LEVELS[place % len(_LEVELS)]))[min(place, len(DEMO_LOGINS))]
    me = f"/api/v2/users/{user_id}"
    signed_in = updated if place % 7 != 6 else None
    return {
        "id": user_id,
        "name": name,
        "public_name": name.split()[0],
        "email": email,
        "email_verified": place % 9 != 8,
        "avatar": f"https://avatars.example.com/{user_id:032x}?size=50",
        "level": level,
        "created_at": created,
        "updated_at": updated,
        "current_login_at": signed_in,
        "last_login_at": created if signed_in and place % 3 else None,
        "available": place % 4 == 1,
        "_links": {
            "self": {"href": me, "class": "user"},
            "preferences": {"href": f"{me}/preferences", "class": "user_preference"},
            "searches": {"href": f"{me}/searches", "class": "search"},
            "groups": {"href": f"{me}/groups", "class": "group"},
            "macros": {"href": f"{me}/macros", "class": "macro"},
            "filters": {"href": f"{me}/filters", "class": "filter"},
            "integration_urls": {"href": f"{me}/integration_urls", "class": "integration_url"},
        },
    }


def group(group_id: int, place: int, created: str, updated: str) -> dict[str, Any]:
    """A group of agents."""
    me = f"/api/v2/groups/{group_id}"
    return {
        "id": group_id,
        "name": _GROUPS[place] if place < len(_GROUPS) else f"Team {place + 1}",
        "created_at": created,
        "updated_at": updated,
        "_links": {"self": {"href": me, "class": "group"}, "users": {"href": f"{me}/users", "class": "user"}},
    }


def company(company_id: int, place: int, created: str, updated: str, rng: random.Random) -> dict[str, Any]:
    """A company with no, one or two mail domains."""
    me = f"/api/v2/companies/{company_id}"
    return {
        "id": company_id,
        "external_id": f"acct-{company_id}" if place % 4 == 0 else None,
        "name": f"{_FIRMS[place % len(_FIRMS)]} {_TRADES[place // len(_FIRMS) % len(_TRADES)]} {company_id}",
        "domains": [f"company{company_id}.example", f"c{company_id}.example.org"][: (place + 2) % 3],
        "created_at": created,
        "updated_at": updated,
        "custom_fields": fields.values("company", rng),
        "_links": {
            "self": {"href": me, "class": "company"},
            "customers": {"href": f"{me}/customers", "class": "customer"},
            "cases": {"href": f"{me}/cases", "class": "case"},
        },
    }


def customer(  # the number of cases is known before the cases are made
    customer_id: int, place: int, cases: int, created: str, updated: str, site: SiteFacts, rng: random.Random
) -> dict[str, Any]:
    """A customer; one in six has no name at all, four in ten belong to no company."""
    given, family = _name(place, rng).split() if place % 6 else (None, None if place % 12 else "")
    company = _drawn(site.companies, rng) if rng.random() < 0.6 else None
    address = f"customer{customer_id}@{f'company{company}.example' if company else 'mail.example'}"
    return {
        "id": customer_id,
        "first_name": given,
        "last_name": family,
        "display_name": f"{given} {family}" if given else address,
        "company": company and f"Company {company}",
        "company_name": company and f"company{company}.example",
        "title": ("CEO", "", "Einkaufsleiterin", "Office manager")[place % 4] if place % 5 == 0 else None,
        "external_id": f"00330{customer_id:010}AAP" if place % 10 == 3 else None,
        "locked_until": None,
        "created_at": created,
        "updated_at": updated,
        "background": _BACKGROUNDS[place % len(_BACKGROUNDS)],
        "language": LANGUAGES[place % len(LANGUAGES)].code if place % 3 == 0 else None,
        "access_private_portal": place % 5 == 0,
        "access_company_cases": place % 8 == 0,
        "avatar": f"https://avatars.example.com/{customer_id:032x}?default=404&size=50",
        "uid": None,
        "label_ids": [],
        "opportunity_value": "$0.00" if place % 9 else f"${place % 90_000}.00",
        "custom_fields": fields.values("customer", rng),
        "emails": _ways("work" if company else "home", address, place % 11 != 0),
        "phone_numbers": _ways("mobile", f"+1555{customer_id % 10_000_000:07}", place % 4 == 1),
        "addresses": _ways("home", f"{place % 900 + 1} Main Street\r\nSpringfield", place % 8 == 2),
        "_links": _customer_links(f"/api/v2/customers/{customer_id}", place, cases, company),
    }


def _customer_links(me: str, place: int, cases: int, company: int | None) -> dict[str, Any]:
    facebook, twitter = f"/api/v2/facebook_users/{place}", f"/api/v2/twitter_users/{place}"
    return {
        "self": {"href": me, "class": "customer"},
        # Recorded in 2014: a lock held by the site itself has no address.
        "locked_by": {"href": None, "class": "site"} if place % 250 == 7 else None,
        "company": company and {"href": f"/api/v2/companies/{company}", "class": "company"},
        "facebook_user": {"href": facebook, "class": "facebook_user"} if place % 29 == 4 else None,
        "twitter_user": {"href": twitter, "class": "twitter_user"} if place % 21 == 4 else None,
        "cases": {"href": f"{me}/cases", "class": "case", "count": cases},
        "labels": {"href": f"{me}/labels", "class": "label"},
    }


def _ways(kind: str, value: str, known: bool) -> list[dict[str, str]]:
    """E-mails, phone numbers and addresses: lists of type and value, empty when nothing is known."""
    return [{"type": kind, "value": value}] if known else []


def _name(place: int, rng: random.Random) -> str:
    language = LANGUAGES[0 if place % 2 else place // 2 % len(LANGUAGES)]
    return f"{rng.choice(language.given_names)} {rng.choice(language.family_names)}"


def _drawn(ids: IdSequence, rng: random.Random) -> int | None:
    return ids[rng.randrange(len(ids))] if ids else None
