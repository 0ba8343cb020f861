"""A small site by hand, and ways to ask it."""

import base64
import http.client
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pytest

from sources.sandbox.server import Sandbox
from sources.sandbox.stamps import stamp_of

Item = tuple[str, dict[str, Any]]

FIRST_STAMP = 1_500_000_000


def link(kind: str, number: int, name: str) -> dict[str, str]:
    return {"href": f"/api/v2/{kind}/{number}", "class": name}


def case(number: int, **more: Any) -> dict[str, Any]:
    """A case of customer 1 or 2; every one was updated ten seconds before the one with the next smaller id."""
    links = {
        "self": link("cases", number, "case"),
        "message": {"href": f"/api/v2/cases/{number}/message", "class": "email"},
        "customer": link("customers", number % 2 + 1, "customer"),
        "assigned_user": None,
        "replies": {"href": f"/api/v2/cases/{number}/replies", "class": "reply", "count": 2},
    }
    return {
        "id": number,
        "external_id": f"x-{number}",
        "subject": f"Case number {number}",
        "blurb": "Hello",
        "priority": number % 10 + 1,
        "status": "open",
        "type": "email",
        "labels": ["vip"],
        "label_ids": [71],
        "custom_fields": {"tier": "Gold", "seats": None},
        "created_at": stamp_of(FIRST_STAMP + number),
        "updated_at": stamp_of(FIRST_STAMP + 100_000 - 10 * number),
        "changed_at": stamp_of(FIRST_STAMP + 100_000),
        "_links": links,
        **more,
    }


def plain(kind: str, number: int, name: str, /, **more: Any) -> Item:
    """An object with little more than a link to itself."""
    entry = {"id": number, "created_at": stamp_of(FIRST_STAMP), "updated_at": stamp_of(FIRST_STAMP + number)}
    links = {"self": link(kind, number, name), **more.pop("links", {})}
    return kind, {**entry, **more, "_links": links}


def items(cases: int = 30) -> list[Item]:
    """Two customers of one company, two users, and cases from id 101 on."""
    return [
        plain("brands", 1, "brand", name="Northwind"),
        plain("users", 5, "user", name="Robin", email="admin@example.com", level="siteadmin_billing"),
        plain("users", 6, "user", name="Alex", email="agent@example.com", level="agent"),
        plain("topics", 3, "topic", name="General"),
        plain("labels", 71, "label", name="vip"),
        plain("companies", 9, "company", name="Harbour", domains=["harbour.example"], custom_fields={}),
        *(
            plain(
                "customers",
                number,
                "customer",
                first_name=f"Sam {number}",
                emails=[],
                external_id=None,
                links={"company": link("companies", 9, "company")},
            )
            for number in (1, 2)
        ),
        plain(
            "articles",
            8,
            "article",
            subject="How to",
            body="Like this",
            position=1,
            links={"topic": link("topics", 3, "topic")},
        ),
        *(("cases", case(number)) for number in range(101, 101 + cases)),
        plain(
            "feedbacks",
            4,
            "feedback",
            rating="3",
            rating_type="four_star",
            links={"case": link("cases", 101, "case")},
        ),
    ]


@dataclass
class Reply:
    """An answer as it came over the wire; header names in lower case."""

    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.raw)

    @property
    def ids(self) -> list[int]:
        """The ids on a page."""
        return [entry["id"] for entry in self.json["_embedded"]["entries"]]


Ask = Callable[..., Reply]
"""ask("/cases?page=2"), ask("/cases", "POST", {"subject": …}, **{"If-None-Match": …})"""


def asker(site: Sandbox) -> Ask:
    """Asks a sandbox as its administrator."""
    basic = "Basic " + base64.b64encode(b"admin@example.com:desk-sandbox").decode()

    def ask(path: str, method: str = "GET", body: Any = None, **headers: str) -> Reply:
        connection = http.client.HTTPConnection(site.url.removeprefix("http://"), timeout=10)
        address = path if path.startswith(("/api", "/_")) else f"/api/v2{path}"
        sent = None if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        connection.request(method, address, sent, {"Authorization": basic, **headers})
        response = connection.getresponse()
        reply = Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        return reply

    return ask


@pytest.fixture
def site() -> Iterator[Sandbox]:
    """The small site, to be changed."""
    with Sandbox(items()) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    """The small site, only read."""
    with Sandbox(items()) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def ask(served: Sandbox) -> Ask:
    """Asks the site that is only read."""
    return asker(served)
