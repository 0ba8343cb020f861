"""The page of one sync."""

from __future__ import annotations

from typing import Any

from django.test import Client

from sources.models import Source, SourceSync
from sources.tests.pages.conftest import make_run, make_source, tally
from workspace.models import User


def url(run: SourceSync) -> str:
    return f"/acme/sources/desk-com/syncs/{run.pk}"


def test_a_run_tells_what_it_did_with_each_collection(desk: Source, alice: User, as_alice: Client) -> None:
    counts = {
        "cases": tally(read=1234, new=1200, changed=30, unchanged=4, deleted=7, requests=13, ended=True)
    }
    page = as_alice.get(url(make_run(desk, counts=counts, requests=13, started_by=alice))).content.decode()
    for words in ("1,234", "1,200", "alice@example.com", "1m"):
        assert words in page


def test_zero_objects_are_explained(desk: Source, as_alice: Client) -> None:
    counts = {"cases": tally(ended=True, why="Nothing has changed since the last sync.")}
    assert "Nothing has changed since" in as_alice.get(url(make_run(desk, counts=counts))).content.decode()


def test_notices_lead_to_what_helps(desk: Source, as_alice: Client) -> None:
    notice = {"level": "warning", "code": "deletions_held", "collection": "cases", "count": 1}
    notice |= {"message": "21 objects vanished.", "action": "Agree."}
    page = as_alice.get(url(make_run(desk, "partial", notices=[notice]))).content.decode()
    assert "21 objects vanished." in page
    assert 'href="/acme/sources/desk-com/collections/cases">Look at the held deletions' in page


def test_the_log_is_shown_line_by_line(desk: Source, as_alice: Client) -> None:
    run = make_run(desk, log=[["2020-03-01T12:00:00.123+00:00", "cases: reading it whole."]])
    page = as_alice.get(url(run)).content.decode()
    assert "cases: reading it whole." in page
    assert "01 Mar 2020, 12:00:00" in page


def test_only_a_run_under_way_looks_again_and_can_be_cancelled(desk: Source, as_alice: Client) -> None:
    ended = as_alice.get(url(make_run(desk))).content.decode()
    going = as_alice.get(url(make_run(desk, "running"))).content.decode()
    assert ("every 2s" in going, "Cancel sync" in going) == (True, True)
    assert ("every 2s" in ended, "Cancel sync" in ended) == (False, False)


def test_collections_that_a_cancelled_run_did_not_reach_are_said_so(desk: Source, as_alice: Client) -> None:
    page = as_alice.get(url(make_run(desk, "cancelled", counts={"brands": tally(ended=True)})))
    states = {item.collection: item.state for item in page.context["progress"]}
    assert (states["brands"], states["cases"]) == ("success", "cancelled")


def test_a_run_is_found_under_its_own_source_only(desk: Source, as_alice: Client) -> None:
    other = make_run(make_source(desk.workspace, "Other"))
    assert as_alice.get(url(other)).status_code == 404


def test_the_run_page_asks_few_questions(
    desk: Source, as_alice: Client, django_assert_max_num_queries: Any
) -> None:
    run = make_run(desk, counts={"cases": tally(read=1, ended=True)})
    with django_assert_max_num_queries(15):
        as_alice.get(url(run))
