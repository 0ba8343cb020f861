"""From an entry to a record: ids, references, times of change; real recorded answers where they are at hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sources.connectors.desk.answers import Listing, parse_listing
from sources.connectors.desk.collections import Cases, Customers, Feedbacks
from sources.connectors.desk.reading import Progress
from sources.connectors.desk.records import parse_stamp, read_records
from sources.connectors.desk.transport import Reply
from sources.connectors.desk.walks import Leap
from sources.tests.connectors.made import case
from workspace import payload
from workspace.drill.checker import stands_for

CLOCK = datetime(2016, 11, 22, 10, tzinfo=UTC)
RECORDED = Path(__file__).parents[4] / "shared" / "desk-recorded"


@pytest.mark.parametrize(
    ("entry", "object_id"),
    [
        ({"id": 7}, "7"),
        ({"id": "x7"}, "x7"),
        ({"id": 2**70}, str(2**70)),
        ({"_links": {"self": {"href": "/api/v2/brands/9", "class": "brand"}}}, "9"),
        ({"id": None, "_links": {"self": {"href": "/api/v2/brands/9?x=1"}}}, "9"),
        ({"id": True, "_links": {"self": {"href": "/api/v2/brands/9/"}}}, "9"),
    ],
)
def test_an_id_is_in_the_body_or_in_the_link_to_itself(entry: dict[str, Any], object_id: str) -> None:
    records, rejected = read_records([entry], (), CLOCK)
    assert ([record.id for record in records], rejected) == ([object_id], [])


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "case",
        7,
        [],
        {},
        {"id": ""},
        {"id": 1.5},
        {"subject": "caf\u00e9 \ud800"},
        {"_links": {"self": None}},
        {"_links": {"self": {"href": None}}},
        {"_links": []},
    ],
)
def test_what_has_no_id_is_rejected_with_its_text_and_a_reason(entry: Any) -> None:
    records, rejected = read_records([entry, case(1)], (), CLOCK)
    assert [record.id for record in records] == ["1"]
    assert json.loads(rejected[0].raw) == entry
    assert rejected[0].reason.endswith(".")


@pytest.mark.parametrize(
    ("text", "stamp"),
    [
        ("2013-05-09T17:02:17Z", datetime(2013, 5, 9, 17, 2, 17, tzinfo=UTC)),
        ("2013-05-09T19:02:17+02:00", datetime(2013, 5, 9, 17, 2, 17, tzinfo=UTC)),
        ("2013-05-09T17:02:17.250Z", datetime(2013, 5, 9, 17, 2, 17, 250000, tzinfo=UTC)),
        ("2013-05-09 17:02:17", datetime(2013, 5, 9, 17, 2, 17, tzinfo=UTC)),
        ("0001-01-01T00:00:00+09:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1368118937, None),
    ],
)
def test_a_time_is_read_or_left_out(text: Any, stamp: datetime | None) -> None:
    assert parse_stamp(text) == stamp


def test_a_time_of_change_is_never_later_than_the_servers_clock() -> None:
    records, _ = read_records([case(1, "2099-01-01T00:00:00Z"), case(2)], (), CLOCK)
    assert [record.stamp for record in records] == [CLOCK, datetime(2016, 1, 1, tzinfo=UTC)]
    assert records[0].body["updated_at"] == "2099-01-01T00:00:00Z"


def test_links_that_lead_nowhere_leave_the_reference_empty() -> None:
    links = {"company": None, "locked_by": {"href": None, "class": "site"}, "twitter_user": {"href": "/"}}
    records, _ = read_records([{"id": 1, "company": "Acme", "_links": links}], Customers.references, CLOCK)
    body = records[0].body
    assert [body["company_id"], body["locked_by_id"], body["twitter_user_id"]] == [None, None, None]
    assert "facebook_user_id" not in body
    assert body["company"] == "Acme"


def test_of_the_links_only_what_says_something_is_kept() -> None:
    links = {
        "self": {"href": "/api/v2/cases/7", "class": "case"},
        "customer": {"href": "/api/v2/customers/3", "class": "customer"},
        "locked_by": None,
        "history": {"href": "/api/v2/cases/7/history", "class": "history"},
        "replies": {"href": "/api/v2/cases/7/replies", "class": "reply", "count": 2},
        "parent": {"href": "/api/v2/cases/77", "class": "case"},
        "feedbacks": None,
    }
    records, _ = read_records([{"id": 7, "_links": links}], Cases.references, CLOCK)
    kept = {
        "replies": {"count": 2},
        "parent": {"href": "/api/v2/cases/77", "class": "case"},
        "feedbacks": None,
    }
    assert records[0].body == {"id": 7, "customer_id": "3", "locked_by_id": None, "_links": kept}


def test_the_next_run_looks_back_from_the_beginning_of_a_long_one() -> None:
    progress = Progress(since=100)
    for minute in (1, 2):
        clock = CLOCK + timedelta(minutes=minute)
        records, _ = read_records([case(minute, clock.strftime("%Y-%m-%dT%H:%M:%SZ"))], (), clock)
        progress.add(Leap(Listing([], 2, {"next": None}, clock), [], 1, None), records)
    assert progress.next_since() == (CLOCK + timedelta(minutes=1)).timestamp()


def recorded_lists() -> Iterator[tuple[str, str, Reply]]:
    for path in sorted(RECORDED.glob("*.json")):
        exchange = json.loads(path.read_text())
        response, url = exchange["response"], exchange["request"]["url"]
        if isinstance(response.get("body"), dict) and "total_entries" in response["body"]:
            body = json.dumps(response["body"]).encode()
            headers = {name.title(): value for name, value in response["headers"].items()}
            yield path.stem, url.partition("?")[0], Reply(200, headers, body)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded exchanges are not part of this repository")
@pytest.mark.parametrize("reply", [pytest.param(r, id=name) for name, _, r in recorded_lists()])
def test_recorded_lists_are_understood(reply: Reply) -> None:
    listing = parse_listing(reply, "https://devel.desk.com", "/api/v2/cases")
    count = len(listing.entries)
    references = (*Cases.references, *Customers.references)
    records, rejected = read_records(listing.entries, references, listing.clock)
    assert (len(records), rejected) == (count, [])
    assert all(record.id.isdecimal() for record in records)
    entries = parse_listing(reply, "https://devel.desk.com", "/api/v2/cases").entries
    for record, entry in zip(records, entries, strict=True):
        assert stands_for(entry, record.body)
        for name, link in references:
            target = (entry["_links"].get(link) or {}).get("href")
            assert record.body.get(name) == (target.rpartition("/")[2] if target else None)
        assert payload.render(record.body)[1] == 0


def test_what_an_object_refers_to_is_told_by_its_properties_once_the_links_are_gone() -> None:
    links = {
        "self": {"href": "/api/v2/feedbacks/5", "class": "feedback"},
        "user": {"href": "/api/v2/users/3", "class": "user"},
        "case": {"href": "/api/v2/cases/9", "class": "case"},
        "customer": {"href": "/api/v2/customers/7", "class": "customer"},
    }
    records, _ = read_records([{"id": 5, "_links": links}], Feedbacks.references, CLOCK)
    assert records[0].body["_links"] == {}
    assert set(Feedbacks().refers_to(records[0].body)) == {("users", "3"), ("cases", "9"), ("customers", "7")}


def test_what_an_object_refers_to_is_told_by_links_that_are_still_whole() -> None:
    links = {
        "customer": {"href": "https://x.desk.com/api/v2/customers/7?a=1", "class": "customer"},
        "y": None,
    }
    assert set(Cases().refers_to({"id": 5, "_links": links})) == {("customers", "7")}
    assert set(Cases().refers_to({"id": 5, "customer_id": None, "_links": []})) == set()
