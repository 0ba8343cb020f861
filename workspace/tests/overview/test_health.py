"""Health: what fails or is late, why, and what mends it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from sources.models import Source
from warehouses.models import Connection
from workspace.models import RoleGrant, User, Workspace
from workspace.tests.fixtures import grant
from workspace.tests.overview.conftest import add_run, add_source

REJECTED = {"level": "error", "code": "credentials_rejected", "collection": "", "count": 1}
REJECTED |= {"message": "Desk refused the password.", "action": "Enter the new password."}


def page_for(client: Client) -> str:
    answer = client.get("/acme/health")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_workspace_that_is_well_has_no_errors(as_alice: Client, desk: Source, pair: Connection) -> None:
    add_run(desk)
    add_run(pair)
    assert page_for(as_alice).count("0 errors") == 2


def test_rejected_credentials_lead_to_the_connection(as_alice: Client, desk: Source) -> None:
    add_run(desk, "failed", notices=[REJECTED])
    page = page_for(as_alice)
    assert "Desk refused the password." in page
    assert "/acme/sources/desk-com/settings/connection" in page


def test_a_flush_that_failed_on_a_table_can_be_tried_again(as_alice: Client, pair: Connection) -> None:
    notice = {**REJECTED, "code": "locked", "collection": "cases", "message": "The table is locked."}
    add_run(pair, "partial", notices=[notice])
    page = page_for(as_alice)
    assert "cases: The table is locked." in page
    assert 'action="/acme/warehouses/lake/sources/desk-com/sync"' in page


def test_a_run_that_is_overdue_is_listed(as_alice: Client, desk: Source) -> None:
    Source.objects.update(next_sync_at=timezone.now() - timedelta(hours=1))
    assert "It should have started by now" in page_for(as_alice)


def test_who_may_not_mend_it_is_told_whom_to_ask(
    acme: Workspace, bob: User, as_bob: Client, desk: Source
) -> None:
    grant(bob, acme, RoleGrant.Role.SOURCE_VIEWER)
    add_run(desk, "failed", notices=[REJECTED])
    page = page_for(as_bob)
    assert "Ask alice@example.com." in page
    assert "/settings/connection" not in page


def test_search_finds_what_may_be_seen(acme: Workspace, bob: User, as_bob: Client, desk: Source) -> None:
    add_source(acme, "desk-other")
    grant(bob, acme, RoleGrant.Role.SOURCE_VIEWER, desk.pk)
    found = as_bob.get("/acme/search?q=desk", headers={"HX-Request": "true"}).content.decode()
    assert "Desk.com" in found
    assert "Desk-other" not in found


def test_search_says_when_nothing_fits(as_alice: Client, desk: Source) -> None:
    assert "has “nowhere” in its name" in as_alice.get("/acme/search?q=nowhere").content.decode()


def drilled(settings: Settings, folder: Path, lost: int) -> None:
    counts = {"lost": lost, "duplicated": 0, "regressed": 0, "half_visible": 0}
    report = {"passed": not lost, "times": 312, "started": "2026-11-26T03:00:00+00:00"}
    settings.DRILL_REPORT = folder / "report.json"
    settings.DRILL_REPORT.write_text(json.dumps({**report, "outcomes": [{"counts": counts}]}))


@pytest.mark.parametrize(("lost", "word"), [(0, "Passed"), (3, "Failed")])
def test_the_last_fault_drill_is_told(
    acme: Workspace, as_alice: Client, settings: Settings, tmp_path: Path, lost: int, word: str
) -> None:
    drilled(settings, tmp_path, lost)
    page = page_for(as_alice)
    section = page.partition("Fault drill")[2]
    assert word in section
    assert "broken 312 times" in section
    assert f"{lost} objects lost" in section


def test_without_a_report_nothing_is_said_of_drills(
    acme: Workspace, as_alice: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.DRILL_REPORT = tmp_path / "report.json"
    assert "Fault drill" not in page_for(as_alice)
    settings.DRILL_REPORT.write_text("[]")
    assert "Fault drill" not in page_for(as_alice)


def test_a_single_source_that_is_well_is_told_in_the_singular(as_alice: Client, desk: Source) -> None:
    assert "It is well." in as_alice.get("/acme/health").content.decode()
