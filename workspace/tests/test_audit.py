"""The audit trail finds what was done to it."""

from __future__ import annotations

import pytest

from workspace.audit import broken_entries, record
from workspace.models import AuditEvent, User, Workspace


@pytest.fixture
def trail(acme: Workspace, alice: User) -> Workspace:
    for name in ("One", "Two", "Three"):
        record(acme, alice, "source.renamed", "desk-com", before="Desk.com", after=name)
    return acme


def test_an_untouched_trail_is_whole(trail: Workspace) -> None:
    assert list(broken_entries(trail)) == []
    assert list(trail.audit_events.values_list("number", flat=True).order_by("number")) == [1, 2, 3]


def test_an_edited_entry_is_found(trail: Workspace) -> None:
    AuditEvent.objects.filter(number=2).update(actor="mallory@example.com")
    assert [problem.split(" of ")[0] for problem in broken_entries(trail)] == ["Entry 2"]


def test_a_removed_entry_is_found(trail: Workspace) -> None:
    AuditEvent.objects.filter(number=2).delete()
    assert any("Entry 2 is missing" in problem for problem in broken_entries(trail))


def test_entries_that_changed_places_are_found(trail: Workspace) -> None:
    first, second = AuditEvent.objects.get(number=1), AuditEvent.objects.get(number=2)
    AuditEvent.objects.filter(pk=second.pk).update(number=99)
    AuditEvent.objects.filter(pk=first.pk).update(number=2)
    AuditEvent.objects.filter(pk=second.pk).update(number=1)
    assert len(list(broken_entries(trail))) >= 2


def test_two_workspaces_have_trails_of_their_own(trail: Workspace, alice: User) -> None:
    other = Workspace.objects.create(name="Other", slug="other")
    assert record(other, alice, "workspace.created").number == 1
