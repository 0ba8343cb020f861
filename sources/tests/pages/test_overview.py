"""A source's overview, and starting and stopping its syncs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sources.models import Source
from sources.tests.pages.conftest import make_run, make_source, tally
from workspace.models import AuditEvent, RoleGrant, User
from workspace.tests.fixtures import grant

URL = "/acme/sources/desk-com/overview"
SYNC = "/acme/sources/desk-com/sync"
Role = RoleGrant.Role


def test_sync_now_queues_a_run_in_the_persons_name(desk: Source, alice: User, as_alice: Client) -> None:
    answer = as_alice.post(SYNC, follow=True)
    run = desk.syncs.get()
    assert (run.status, run.trigger, run.started_by) == ("queued", "manual", alice)
    assert "The sync has been queued." in answer.content.decode()
    assert AuditEvent.objects.get().action == "sync.requested"


def test_a_second_sync_now_starts_nothing(desk: Source, as_alice: Client) -> None:
    as_alice.post(SYNC)
    answer = as_alice.post(SYNC, follow=True)
    assert desk.syncs.count() == 1
    assert "already under way" in answer.content.decode()


def test_a_disabled_source_does_not_sync(desk: Source, as_alice: Client) -> None:
    Source.objects.update(status="disabled")
    as_alice.post(SYNC)
    assert desk.syncs.count() == 0
    assert "The source is disabled" in as_alice.get(URL).content.decode()


def test_a_queued_sync_is_cancelled_at_once(desk: Source, as_alice: Client) -> None:
    run = make_run(desk, "queued")
    as_alice.post(f"/acme/sources/desk-com/syncs/{run.pk}/cancel")
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert AuditEvent.objects.get().action == "sync.cancelled"


def test_a_run_of_another_source_is_not_cancelled(desk: Source, as_alice: Client) -> None:
    run = make_run(make_source(desk.workspace, "Other"), "queued")
    as_alice.post(f"/acme/sources/desk-com/syncs/{run.pk}/cancel")
    run.refresh_from_db()
    assert run.status == "queued"


def test_while_a_sync_runs_the_page_shows_each_collection_and_looks_again(
    desk: Source, as_alice: Client
) -> None:
    counts = {"brands": tally(read=2, new=2, ended=True), "cases": tally(read=50, total=200)}
    make_run(desk, "running", counts=counts)
    page = as_alice.get(URL)
    states = {item.collection: (item.state, item.percent) for item in page.context["progress"]}
    assert states["brands"][0] == "success"
    assert states["cases"] == ("running", 25)
    assert states["feedbacks"] == ("queued", 0)
    assert 'hx-trigger="every 2s"' in page.content.decode()


def test_the_poll_brings_the_same_part_with_the_actions(desk: Source, as_alice: Client) -> None:
    make_run(desk, "running")
    part = as_alice.get(URL, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert 'hx-swap-oob="true"' in part
    assert "Cancel sync" in part


def test_rejected_credentials_are_said_with_the_way_out(desk: Source, as_alice: Client) -> None:
    notice = {"level": "error", "code": "credentials_rejected", "collection": "", "count": 1}
    notice |= {"message": "wxyz.desk.com does not accept these credentials.", "action": "Check them."}
    make_run(desk, "failed", notices=[notice])
    page = as_alice.get(URL).content.decode()
    assert "Desk.com rejects the credentials" in page
    assert 'href="/acme/sources/desk-com/settings/connection"' in page


def test_without_a_warehouse_the_page_offers_one(desk: Source, as_alice: Client) -> None:
    assert "Add a warehouse" in as_alice.get(URL).content.decode()


def test_old_runs_are_reached_by_key(desk: Source, as_alice: Client) -> None:
    for minute in range(30):
        make_run(desk, minutes_ago=minute)
    first = as_alice.get(URL).context["slab"]
    second = as_alice.get(first.older).context["slab"]
    assert len({run.pk for run in [*first.rows, *second.rows]}) == 30
    assert second.older == ""


def test_viewers_see_greyed_controls_and_why(desk: Source, bob: User, as_bob: Client) -> None:
    grant(bob, desk.workspace, Role.SOURCE_VIEWER)
    page = as_bob.get(URL).content.decode()
    assert "Only admins of this source may do this. Ask alice@example.com." in page
    assert as_bob.post(SYNC).status_code == 403
    assert desk.syncs.count() == 0


@pytest.mark.parametrize("path", ["overview", "syncs/00000000-0000-4000-8000-000000000000"])
def test_a_source_that_may_not_be_seen_is_not_found(
    desk: Source, bob: User, as_bob: Client, as_charlie: Client, path: str
) -> None:
    grant(bob, desk.workspace, Role.WAREHOUSE_ADMIN)
    assert as_bob.get(f"/acme/sources/desk-com/{path}").status_code == 404
    assert as_charlie.get(f"/acme/sources/desk-com/{path}").status_code == 404


def test_the_overview_asks_few_questions(
    desk: Source, as_alice: Client, django_assert_max_num_queries: Any
) -> None:
    for minute in range(30):
        make_run(desk, minutes_ago=minute + 1)
    make_run(desk, "running", minutes_ago=0, counts={"cases": tally(read=1)})
    with django_assert_max_num_queries(15):
        as_alice.get(URL)
