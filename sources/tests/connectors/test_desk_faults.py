"""A Desk site on a bad day: nothing is lost, nothing is invented, and nothing goes on for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sources.connectors.base import Page, SettingsError
from sources.connectors.desk import transport
from sources.connectors.desk.collections import Users
from sources.tests.connectors.conftest import MakeSite
from sources.tests.connectors.made import WatchedTraffic
from sources.tests.connectors.sites import DESK, NOON, Site, site_of, thing
from workspace.errors import ConfigError, PublicError, TransientError

ALL = list(range(1, 451))
COLLECTIONS = ["brands", "users", "companies", "customers", "articles", "cases", "feedbacks"]


@pytest.fixture(scope="module")
def shared() -> Iterator[Site]:
    """450 objects of each collection."""
    site = site_of((name, thing(name, n)) for name in COLLECTIONS for n in ALL)
    yield site
    site.sandbox.stop()


@pytest.fixture
def site(shared: Site) -> Iterator[Site]:
    """The shared site without the faults of other tests."""
    yield Site(shared.sandbox)
    shared.sandbox.clear_faults()


def failure(site: Site, collection: str) -> PublicError:
    with pytest.raises(PublicError) as caught:
        site.read(collection)
    return caught.value


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize(
    "fault",
    [
        "429:times=14",
        "500:times=4",
        "502:times=2;504:times=2",
        "html:times=4",
        "malformed:times=4",
        "cut:times=4",
        "500:p=0.2",
        "no_ids",
        "no_etags",
        "since_id_gt",
        "repeat_page:times=4",
        "next_self:times=4",
        "next_elsewhere:times=4",
    ],
)
def test_a_trouble_that_passes_costs_nothing_but_time(fault: str, collection: str, site: Site) -> None:
    site.sandbox.add_faults(fault)
    reading = site.read(collection)
    assert reading.ids == ALL
    assert (reading.last.complete, reading.remarks) == (True, [])
    assert not any(page.rejected for page in reading.pages)


@pytest.mark.parametrize("collection", COLLECTIONS)
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("429", "rate_limited"),
        ("500", "server_error"),
        ("html", "malformed_answer"),
        ("malformed", "malformed_answer"),
        ("cut", "unreachable"),
        ("next_elsewhere", "bad_next_link"),
        ("next_self", "bad_next_link"),
        ("401", "credentials_rejected"),
        ("403", "forbidden"),
        ("404", "not_found"),
    ],
)
def test_a_trouble_that_stays_ends_the_collection_with_its_sentence(
    fault: str, code: str, collection: str, site: Site
) -> None:
    site.sandbox.add_faults(fault)
    assert failure(site, collection).code == code


def test_a_list_that_repeats_its_pages_is_left(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Users, "per_page", 100)
    site.sandbox.add_faults("repeat_page")
    assert failure(site, "users").code == "repeated_page"


@pytest.mark.parametrize("kind", ["slow", "stall"])
def test_an_answer_that_takes_too_long_is_asked_for_again(
    kind: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(transport, "READ_SECONDS", 0.3)
    site.sandbox.add_faults(f"{kind}:times=1,after=1,seconds=20")
    reading = site.read("brands")
    assert reading.ids == ALL
    assert [reason for _, reason in reading.traffic.pauses] == ["retry"]


def test_waits_for_a_429_are_as_long_as_the_header_says(site: Site) -> None:
    site.sandbox.add_faults("429:times=2,reset=7")
    assert site.read("brands").traffic.pauses[:2] == [(7, "rate_limited")] * 2


@pytest.mark.parametrize("collection", ["customers", "cases", "brands"])
def test_a_read_that_broke_goes_on_where_it_was(collection: str, site: Site) -> None:
    site.sandbox.add_faults("500:after=4")
    pages: list[Page] = []
    with pytest.raises(TransientError):
        pages.extend(site.steps(collection))
    site.sandbox.clear_faults()
    rest = site.read(collection, pages[-1].cursor)
    assert not rest.pages[0].begins
    assert sorted({int(r.id) for page in pages for r in page.records} | set(rest.ids)) == ALL
    assert rest.last.complete


@pytest.mark.parametrize("collection", ["cases", "customers"])
def test_both_meanings_of_since_id_read_a_crowd_whole(collection: str, make_site: MakeSite) -> None:
    site = make_site(**{collection: [thing(collection, n) for n in ALL]})
    since = site.read(collection).last.cursor
    for number in ALL:
        site.put(collection, number, NOON + 3600)
    site.sandbox.add_faults("since_id_gt")
    assert site.read(collection, since).ids == ALL


def test_wrong_credentials_in_the_middle_stop_at_once(site: Site) -> None:
    site.sandbox.add_faults("401:after=3")
    traffic = WatchedTraffic()
    with pytest.raises(ConfigError) as caught:
        list(site.steps("cases", traffic=traffic))
    assert (caught.value.code, traffic.pauses) == ("credentials_rejected", [])


def oauth(site: Site, **changed: str) -> Mapping[str, Any]:
    keys = site.sandbox.keys
    return {
        "base_url": site.sandbox.url,
        "consumer_key": keys.key,
        "consumer_secret": keys.secret,
        "token": keys.token,
        "token_secret": keys.token_secret,
        **changed,
    }


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_oauth_reads_the_same(collection: str, site: Site) -> None:
    site.settings = dict(oauth(site))
    first = site.read(collection)
    assert first.ids == ALL
    assert site.read(collection, first.last.cursor).last.ends


@pytest.mark.parametrize(
    ("settings", "code", "field"),
    [
        ({"email": "admin@example.com", "password": "guess"}, "credentials_rejected", "password"),
        ({"email": "agent@example.com", "password": "desk-sandbox"}, "not_administrator", "email"),
        ({"token_secret": "guess"}, "credentials_rejected", "token_secret"),
    ],
)
def test_the_check_tells_wrong_credentials_and_small_rights(
    settings: dict[str, str], code: str, field: str, site: Site
) -> None:
    given = {"base_url": site.sandbox.url, **settings} if "email" in settings else oauth(site, **settings)
    with pytest.raises(SettingsError) as caught:
        DESK.check(given, WatchedTraffic())
    assert (caught.value.code, caught.value.field) == (code, field)
