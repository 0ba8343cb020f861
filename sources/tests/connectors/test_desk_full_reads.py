"""Reads of a whole collection: everything, once, and an honest word on whether it was complete."""

from __future__ import annotations

from typing import Any

import pytest

from sources.connectors.desk import walks
from sources.connectors.desk.collections import Articles, Users
from sources.sandbox.generator import generate
from sources.tests.connectors.conftest import MakeSite
from sources.tests.connectors.sites import NOON, site_of, thing
from workspace.tests.holes import MEASURED

COLLECTIONS = ["brands", "users", "companies", "customers", "articles", "cases", "feedbacks"]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_ids_with_gaps_and_back_dated_imports_are_read_whole(collection: str, make_site: MakeSite) -> None:
    numbers = [n for n in range(1, 1500) if n % 7]
    site = make_site(**{collection: [thing(collection, n, NOON - n, NOON - n * 1000) for n in numbers]})
    reading = site.read(collection)
    assert reading.ids == numbers
    assert len(reading.records) == len(numbers)
    assert (reading.last.complete, reading.last.total, reading.remarks) == (True, len(numbers), [])
    assert max(len(page.records) for page in reading.pages) <= 100


def test_companies_founded_in_one_second_are_read_whole(make_site: MakeSite) -> None:
    site = make_site(companies=[thing("companies", n, created=NOON + n // 1200) for n in range(1, 3001)])
    reading = site.read("companies")
    assert reading.ids == list(range(1, 3001))
    assert reading.last.complete
    for page in reading.pages[:-1:4]:
        assert site.read("companies", page.cursor).last.complete


@pytest.mark.parametrize("collection", ["cases", "customers"])
def test_nothing_is_lost_beyond_the_page_cap(collection: str, make_site: MakeSite) -> None:
    count = 250_000 if MEASURED else 52_000
    site = make_site(**{collection: (thing(collection, n) for n in range(1, count + 1))})
    reading = site.read(collection)
    assert reading.ids == list(range(1, count + 1))
    assert reading.last.complete


def test_what_vanishes_unread_is_no_reason_for_doubt(make_site: MakeSite) -> None:
    site = make_site(cases=[thing("cases", n) for n in range(1, 301)])
    steps = site.steps("cases")
    next(steps)
    site.drop("cases", 250)
    *_, last = steps
    assert (last.complete, list(last.remarks)) == (True, [])


def test_a_count_that_does_not_add_up_is_said_with_both_numbers(make_site: MakeSite) -> None:
    site = make_site(cases=[thing("cases", n) for n in range(1, 301)])
    steps = site.steps("cases")
    next(steps)
    for number in (1, 2, 3):
        site.drop("cases", number)
    site.put("cases", 999, NOON)
    *_, last = steps
    assert not last.complete
    assert [(remark.level, remark.code) for remark in last.remarks] == [("warning", "count_differs")]
    assert "301 cases were read while Desk counts 298" in last.remarks[0].message


def test_what_is_added_during_a_read_is_read_too(make_site: MakeSite) -> None:
    site = make_site(cases=[thing("cases", n) for n in range(1, 301)])
    steps = site.steps("cases")
    next(steps)
    site.put("cases", 999, NOON)
    *_, last = steps
    assert (last.complete, list(last.remarks), last.records[-1].id) == (True, [], "999")


def test_companies_the_search_leaves_out_are_missed_loudly(make_site: MakeSite) -> None:
    site = make_site(companies=[thing("companies", n) for n in range(1, 31)])
    site.put("companies", 31, NOON, created=-5000)
    last = site.read("companies").last
    assert not last.complete
    assert [remark.code for remark in last.remarks] == ["count_differs"]


def test_a_list_that_shrinks_while_pages_are_turned_is_doubtful(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Users, "per_page", 20)
    site = make_site(users=[thing("users", n, level="agent") for n in range(1, 51)])
    steps = site.steps("users")
    next(steps)
    site.drop("users", 3)
    *_, last = steps
    assert not last.complete
    assert [remark.code for remark in last.remarks] == ["count_differs"]


def test_a_list_of_several_pages_says_that_something_may_have_slipped_by(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One object goes and another comes between two pages: the number is the same, and a third was on neither."""
    monkeypatch.setattr(Users, "per_page", 20)
    site = make_site(users=[thing("users", n, level="agent") for n in range(1, 51)])
    steps = site.steps("users")
    read = {record.id for record in next(steps).records}
    site.drop("users", 3)
    site.put("users", 51, NOON)
    *others, last = steps
    read |= {record.id for page in [*others, last] for record in page.records}
    assert "21" not in read
    assert (last.complete, last.turned) == (True, True)


@pytest.mark.parametrize("collection", ["users", "cases", "companies"])
def test_a_read_that_turns_no_pages_leaves_no_doubt(collection: str, make_site: MakeSite) -> None:
    site = make_site(**{collection: [thing(collection, n) for n in range(1, 301)]})
    last = site.read(collection).last
    assert (last.complete, last.turned) == (True, False)


def test_a_list_in_the_order_of_ids_goes_on_beyond_the_page_cap(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Articles, "per_page", 20)
    monkeypatch.setattr(walks, "PAGE_CAP", 3)
    site = make_site(articles=[thing("articles", n) for n in range(1, 151)])
    reading = site.read("articles")
    assert reading.ids == list(range(1, 151))
    assert (reading.last.complete, reading.remarks) == (True, [])
    for done, page in enumerate(reading.pages[:-1], start=1):
        before = {int(record.id) for page in reading.pages[:done] for record in page.records}
        assert before | set(site.read("articles", page.cursor).ids) == set(range(1, 151))


def test_a_list_that_ends_at_the_page_cap_says_what_is_missing(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Users, "per_page", 20)
    monkeypatch.setattr(walks, "PAGE_CAP", 3)
    site = make_site(users=[thing("users", n, level="agent") for n in range(1, 101)])
    reading = site.read("users")
    assert reading.ids == list(range(1, 61))
    assert not reading.last.complete
    assert [remark.code for remark in reading.remarks] == ["page_cap", "count_differs"]


@pytest.mark.parametrize(
    ("collection", "links", "expected"),
    [
        (
            "cases",
            {
                "customer": "customers/5",
                "assigned_user": "users/6",
                "assigned_group": None,
                "locked_by": None,
            },
            {"customer_id": "5", "assigned_user_id": "6", "assigned_group_id": None, "locked_by_id": None},
        ),
        (
            "customers",
            {"company": "companies/9", "facebook_user": None, "twitter_user": "twitter_users/4"},
            {"company_id": "9", "facebook_user_id": None, "twitter_user_id": "4"},
        ),
        (
            "articles",
            {"topic": "topics/3", "created_by": "users/6", "updated_by": "users/7"},
            {"topic_id": "3", "created_by_id": "6", "updated_by_id": "7"},
        ),
        (
            "feedbacks",
            {"user": "users/6", "case": "cases/8", "customer": "customers/5", "reply": "cases/8/replies/90"},
            {"user": "6", "case": "8", "customer_id": "5", "reply_id": "90"},
        ),
    ],
)
def test_references_become_properties(
    collection: str, links: dict[str, str | None], expected: dict[str, Any], make_site: MakeSite
) -> None:
    hrefs = {
        name: {"href": f"/api/v2/{path}", "class": "x"} if path else None for name, path in links.items()
    }
    site = make_site(**{collection: [thing(collection, 1, links=hrefs)]})
    body = site.read(collection).records[0].body
    assert {name: body[name] for name in expected} == expected
    assert body["name"] == f"{collection} 1"
    assert body["_links"] == {}


def test_an_unchanged_account_costs_few_requests() -> None:
    site = site_of(generate(4000, seed=3))
    try:
        cursors = {name: site.read(name).last.cursor for name in COLLECTIONS}
        requests = {name: site.read(name, cursors[name]).requests for name in COLLECTIONS}
    finally:
        site.sandbox.stop()
    assert requests == dict.fromkeys(COLLECTIONS, 1)
