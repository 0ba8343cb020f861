"""Fed with what Desk once sent, the sandbox sends the same: recorded requests are asked again and compared.

Bodies are compared value by value. The recordings are of 2013 to 2015 and the sandbox speaks like the last
Desk known (2016): what may differ for that reason stands in the tables below, all else that differs fails.
"""

import copy
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sources.sandbox.export import read_export
from sources.sandbox.generator import SiteFacts, invent
from sources.sandbox.server import Sandbox

RECORDED = Path(__file__).parents[4] / "shared" / "desk-recorded"
pytestmark = pytest.mark.skipif(
    not RECORDED.is_dir(), reason="the recorded exchanges are not beside this checkout"
)

Item = tuple[str, dict[str, Any]]

ADMINISTRATOR = ("m079ba588@masked.example", "any")
"""Signs in as the recorded administrator, so that `users/current` finds them."""

TOLERATED = {
    r"(^|/)id: only in the sandbox": "ids are in bodies since 2014; before, the self link alone had them",
    r"^/page: only in the sandbox": "pages carry their number since April 2014",
}
"""Differences between the eras, anywhere: what they look like, and why they are right."""

FIELDS = "topics__GET_200_topics_21845_articles__fields-subject-public-url-page-1-per-page-50"
REPLIES = "cases__GET_200_cases_41_replies__page-1-per-page-"
EMBEDDED = r"^/_embedded/entries/0/_embedded: only recorded"
UNSTORED = r"^/(total_entries|_embedded/entries|_links/(last|next))"
ODDITIES = {
    "articles__GET_200_articles_search__text-Lorem-Ipsum": (
        r"^/_links/(self|first|last)/href: ",
        "in 2013 the links of a search lost its path and its words",
    ),
    "articles__GET_200_articles_search__in-support-center-true-page-1-per-page-25-sort-direction-asc__2": (
        r"^/page: ",
        "a made-up fixture: says page 2 where all its links say page 1",
    ),
    "articles__GET_200_articles_search__in-support-center-true-page-2-per-page-25-sort-direction-asc": (
        r"^/",
        "a made-up fixture: the second page of a list that has only one repeats the first",
    ),
    "cases__GET_200_cases_3011__embed-customer-message": (
        r"^/_embedded/message",
        "messages are not part of an export; the sandbox makes a plain one",
    ),
    "users__GET_200_users__3": (
        r"^/_links/self/href: ",
        "the link to the page itself lacks the parameters that all its other links have",
    ),
    FIELDS: (r"/brands: only in the sandbox", "kept with fewer links than the whole article has"),
    f"{REPLIES}1": (UNSTORED, "replies are not part of an export; the sandbox lists none"),
    f"{REPLIES}50": (UNSTORED, "replies are not part of an export; the sandbox lists none"),
    "cases__GET_200_cases__9": (EMBEDDED, "kept without the `embed` it was asked with"),
    "cases__GET_200_cases__page-1-per-page-1": (EMBEDDED, "kept without the `embed` it was asked with"),
}
"""Differences of single recordings."""

ASKED = {
    "cases__GET_200_cases_3011": "/api/v2/cases/3011?embed=customer",
    "cases__GET_200_cases_6": "/api/v2/cases/6?embed=customer",
    "cases__GET_200_cases__9": "/api/v2/cases?page=1&per_page=1",
    "users__GET_200_users__3": "/api/v2/users?per_page=100",
}
"""Bodies kept under less than the address that, by what is in them, was asked for."""

NEEDS = {
    "cases__HEAD_200_cases_3014": "cases__GET_200_cases_3014__2",
    "cases__GET_200_cases_3012_labels": "cases__GET_200_cases__3",
    FIELDS: "articles__GET_200_articles_36511",
    f"{REPLIES}1": "cases__GET_200_cases_6",
    f"{REPLIES}50": "cases__GET_200_cases_6",
}
"""Recordings without whole objects, and another recording that has some."""

PARENTS = {"/topics/21845/": ("topics", 21845), "/cases/41/": ("cases", 41)}
"""Objects that were never recorded, and what is asked for below them."""


@dataclass(frozen=True)
class Exchange:
    """A recorded request and its answer; `headers` is empty where only the body was kept."""

    name: str
    method: str
    url: str
    sent: Any
    override: str | None
    status: int
    headers: dict[str, str]
    body: Any

    @property
    def path(self) -> str:
        """Without `/api/v2` and the query."""
        return self.url.partition("?")[0].removeprefix("/api/v2")

    @property
    def entries(self) -> list[dict[str, Any]] | None:
        """Of a page; None for anything else."""
        found: list[dict[str, Any]] | None = ((self.body or {}).get("_embedded") or {}).get("entries")
        return found


def exchange(path: Path) -> Exchange:
    told = json.loads(path.read_bytes())
    request, response = told["request"], told["response"]
    override = request.get("headers", {}).get("x-http-method-override")
    return Exchange(
        path.stem,
        request["method"],
        ASKED.get(path.stem, request["url"]),
        request.get("body"),
        override,
        response["status"],
        response["headers"],
        response["body"],
    )


EXCHANGES = [exchange(path) for path in sorted(RECORDED.glob("*.json"))]
WITH_HEADERS = [recorded for recorded in EXCHANGES if recorded.headers]


def each(exchanges: list[Exchange]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("recorded", [pytest.param(told, id=told.name) for told in exchanges])


def feed(recorded: Exchange, folder: Path) -> list[Item]:
    """The recorded objects, and as many more of the kind as it takes to fill the pages around them."""
    fallback = recorded.name if recorded.status == 200 else "users__GET_200_users_16096734"
    for name in {recorded.name, NEEDS.get(recorded.name, fallback)}:
        shutil.copy(RECORDED / f"{name}.json", folder)
    items = list(read_export(folder)) if recorded.entries != [] else []
    if recorded.entries and recorded.path.count("/") == 1:
        items += fillers(recorded, *items[-1])
    for path, (collection, parent) in PARENTS.items():
        if recorded.path.startswith(path):
            items.append(
                (collection, invent(collection, parent, "2014-04-03T01:02:35Z", Random(1), SiteFacts()))
            )
    return items


def fillers(recorded: Exchange, collection: str, last: dict[str, Any]) -> Iterator[Item]:
    """Copies of the last recorded entry with ids below and above the recorded ones."""
    query = parse_qs(urlsplit(recorded.url).query)
    before = (int(query.get("page", "1")[0]) - 1) * int(query.get("per_page", ["50"])[0])
    entries = recorded.entries or []
    lowest = min(int(entry["_links"]["self"]["href"].split("/")[-1]) for entry in entries)
    after = recorded.body["total_entries"] - before - len(entries)
    for filler_id in (*range(lowest - before, lowest), *range(last["id"] + 1, last["id"] + 1 + after)):
        filler = copy.deepcopy({**last, "id": filler_id})
        filler["_links"]["self"]["href"] = f"/api/v2/{collection}/{filler_id}"
        yield collection, filler


@pytest.fixture
def answer(recorded: Exchange, tmp_path: Path) -> Iterator[requests.Response]:
    """What the sandbox answers to the recorded request."""
    email, password = ADMINISTRATOR
    limit = 1 if recorded.status == 429 else 0
    with Sandbox(feed(recorded, tmp_path), email=email, password=password, rate_limit=limit) as sandbox:
        for _ in range(limit):
            requests.get(f"{sandbox.url}/api/v2/users", auth=ADMINISTRATOR, timeout=10)
        yield requests.request(
            recorded.method,
            sandbox.url + recorded.url,
            json=recorded.sent,
            auth=ADMINISTRATOR,
            timeout=10,
            headers={"X-HTTP-Method-Override": recorded.override} if recorded.override else None,
        )


def differences(recorded: Any, served: Any, path: str = "") -> Iterator[str]:
    """One line for each place where two JSON values differ."""
    if isinstance(recorded, dict) and isinstance(served, dict):
        for key in sorted(recorded.keys() | served.keys()):
            if key not in served:
                yield f"{path}/{key}: only recorded"
            elif key not in recorded:
                yield f"{path}/{key}: only in the sandbox"
            else:
                yield from differences(recorded[key], served[key], f"{path}/{key}")
    elif isinstance(recorded, list) and isinstance(served, list) and len(recorded) == len(served):
        for place, (one, other) in enumerate(zip(recorded, served, strict=True)):
            yield from differences(one, other, f"{path}/{place}")
    elif (type(recorded), recorded) != (type(served), served):
        yield f"{path}: recorded {recorded!r:.80}, served {served!r:.80}"


@each(EXCHANGES)
def test_the_answer_is_the_recorded_one(recorded: Exchange, answer: requests.Response) -> None:
    assert answer.status_code == recorded.status
    served = answer.json() if recorded.body is not None else answer.content or None
    found = [
        line
        for line in differences(recorded.body, served)
        if not any(re.search(pattern, line) for pattern in TOLERATED)
    ]
    oddity, _why = ODDITIES.get(recorded.name, ("never", ""))
    assert not [line for line in found if not re.search(oddity, line)], "\n".join(found)
    assert bool(found) == (recorded.name in ODDITIES), "this oddity is gone"


@each(WITH_HEADERS)
def test_the_answer_has_the_recorded_type_and_caching(recorded: Exchange, answer: requests.Response) -> None:
    assert answer.headers["content-type"] == recorded.headers["content-type"]
    if recorded.path.startswith("/cases") and not recorded.path.endswith("/labels"):
        assert "etag" not in answer.headers  # cases came without both in November 2016 (desk-api 3)
        assert "cache-control" not in answer.headers
    else:
        assert answer.headers["cache-control"] == recorded.headers["cache-control"]
        assert kind_of_etag(answer.headers) == kind_of_etag(recorded.headers)


def kind_of_etag(headers: Any) -> str | None:
    """Desk knew none, a hash of the body (weak in 2016), and a number for the whole site."""
    etag = headers.get("etag", "")
    for kind, pattern in (("hash", r'(W/)?"[0-9a-f]{32}"'), ("number", r'"\d{10,17}"')):
        if re.fullmatch(pattern, etag):
            return kind
    return etag or None


@each(WITH_HEADERS)
def test_the_answer_tells_the_rate_limit(recorded: Exchange, answer: requests.Response) -> None:
    for headers in (recorded.headers, answer.headers):
        limit, remaining, reset = (
            int(headers[f"x-rate-limit-{name}"]) for name in ("limit", "remaining", "reset")
        )
        assert 0 <= remaining < limit
        assert 0 <= reset <= 60
        if (recorded.status, reset) != (429, 0):  # one recording does not fit the minute (desk-api 7)
            assert (parsedate_to_datetime(headers["date"]).second + reset) % 60 in (0, 1, 59)


def test_the_tables_name_recordings_that_exist() -> None:
    known = {path.stem for path in RECORDED.glob("*.json")}
    assert known >= {*ODDITIES, *ASKED, *NEEDS, *NEEDS.values()}
