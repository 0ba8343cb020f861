"""Settings of a workspace: general, access, plan, audit trail."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from sources.schedule import start_due
from warehouses.models import Warehouse
from workspace import closing
from workspace.audit import known, record
from workspace.founding import found_workspace
from workspace.models import AuditEvent, Invitation, Membership, RoleGrant, User, Workspace
from workspace.tests.fixtures import grant
from workspace.tests.overview.conftest import add_run, add_source

AT = "/acme/settings"
GENERAL = {"name": "Acme", "slug": "acme", "region": "us", "time_zone": "UTC"}
Role = RoleGrant.Role


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_new_slug_leads_on_from_the_old_one(as_alice: Client, acme: Workspace) -> None:
    as_alice.post(f"{AT}/general", {**GENERAL, "slug": "acme-inc"})
    assert as_alice.get("/acme/sources/?q=x").headers["Location"] == "/acme-inc/sources/?q=x"
    assert as_alice.get("/acme-inc/sources/").status_code == 200


def test_a_region_where_a_source_is_not_offered_is_refused(as_alice: Client, acme: Workspace) -> None:
    add_source(acme, name="Desk.com")
    page = as_alice.post(f"{AT}/general", {**GENERAL, "region": "eu"}).content.decode()
    assert "Not offered in the region European Union: Desk.com." in page


def test_a_closing_workspace_can_be_kept(as_alice: Client, acme: Workspace) -> None:
    as_alice.post(f"{AT}/close", {"confirmation": "wrong"})
    acme.refresh_from_db()
    assert acme.closing_at is None
    as_alice.post(f"{AT}/close", {"confirmation": "acme"})
    assert "Keep the workspace" in text(as_alice, "/acme/overview")
    as_alice.post(f"{AT}/keep")
    acme.refresh_from_db()
    assert acme.closing_at is None


def test_a_closing_workspace_starts_nothing_and_is_deleted_when_due(acme: Workspace, alice: User) -> None:
    source = add_source(acme, next_sync_at=timezone.now() - timedelta(hours=1))
    closing.close(acme, alice)
    started: list[object] = []
    assert start_due(started.append) == 0
    assert closing.delete_due() == 0
    Workspace.objects.update(closing_at=timezone.now())
    assert closing.delete_due() == 1
    assert not type(source).objects.exists()


def test_an_invitation_is_made_shown_once_and_revoked(as_alice: Client, acme: Workspace) -> None:
    form = {"email": "dora@example.com", "role": Role.SOURCE_VIEWER}
    page = as_alice.post(f"{AT}/access", form).content.decode()
    assert "/invitation/" in page
    invitation = Invitation.objects.get()
    assert "/invitation/" not in text(as_alice, f"{AT}/access")
    as_alice.post(f"{AT}/access/invitations/{invitation.pk}")
    invitation.refresh_from_db()
    assert invitation.revoked_at is not None


def test_roles_are_added_and_taken_away(as_alice: Client, acme: Workspace, bob: User) -> None:
    member = Membership.objects.get(user=bob)
    address = f"{AT}/access/members/{member.pk}"
    as_alice.post(address, {"action": "add", "role": Role.WAREHOUSE_VIEWER, "source": ""})
    held = member.grants.get()
    assert "See all warehouses" in text(as_alice, f"{AT}/access")
    assert "See all warehouses" in text(as_alice, address)
    as_alice.post(address, {"action": "drop", "grant": held.pk})
    assert not member.grants.exists()
    as_alice.post(address, {"action": "remove"})
    assert not Membership.objects.filter(user=bob).exists()


def test_the_last_owner_stays(as_alice: Client, acme: Workspace, alice: User) -> None:
    member = Membership.objects.get(user=alice)
    answer = as_alice.post(f"{AT}/access/members/{member.pk}", {"action": "remove"}, follow=True)
    assert "The last owner stays" in answer.content.decode()
    assert Membership.objects.filter(user=alice).exists()


def test_a_role_for_one_source_is_told_with_its_name(as_alice: Client, acme: Workspace, bob: User) -> None:
    source = add_source(acme, name="Support")
    address = f"{AT}/access/members/{Membership.objects.get(user=bob).pk}"
    as_alice.post(address, {"action": "add", "role": Role.SOURCE_ADMIN, "source": str(source.pk)})
    page = text(as_alice, f"{AT}/access")
    assert "Source admin of Support" in page
    assert "See and change the source Support." in page


def test_a_source_that_one_may_not_see_is_not_named(
    as_bob: Client, acme: Workspace, bob: User, alice: User
) -> None:
    grant(alice, acme, Role.SOURCE_ADMIN, add_source(acme, name="Mergers").pk)
    page = text(as_bob, f"{AT}/access")
    assert "Source admin of one source" in page
    assert "Mergers" not in page


def test_a_role_of_the_workspace_is_not_given_for_one_source(
    as_alice: Client, acme: Workspace, bob: User
) -> None:
    source, member = add_source(acme), Membership.objects.get(user=bob)
    wrong = {"action": "add", "role": Role.WAREHOUSE_ADMIN, "source": str(source.pk)}
    page = as_alice.post(f"{AT}/access/members/{member.pk}", wrong).content.decode()
    assert "This role is for the whole workspace." in page
    assert not member.grants.exists()


def test_anybody_may_leave_but_the_last_owner(as_alice: Client, as_bob: Client, acme: Workspace) -> None:
    as_bob.post(f"{AT}/access/leave")
    assert as_bob.get(f"{AT}/access").status_code == 404
    answer = as_alice.post(f"{AT}/access/leave", follow=True)
    assert "The last owner stays" in answer.content.decode()
    assert list(acme.audit_events.values_list("action", flat=True)) == ["member.left"]


def test_members_of_other_workspaces_are_not_found(as_alice: Client, acme: Workspace, charlie: User) -> None:
    other = found_workspace(charlie, "Other", region="us", time_zone="UTC")
    assert as_alice.get(f"{AT}/access/members/{other.memberships.get().pk}").status_code == 404


def test_a_page_of_a_member_is_for_owners(acme: Workspace, as_bob: Client) -> None:
    member = Membership.objects.get(user__email="alice@example.com")
    assert as_bob.get(f"{AT}/access/members/{member.pk}").status_code == 403
    assert as_bob.post(f"{AT}/access/members/{member.pk}", {"action": "remove"}).status_code == 403


def test_a_smaller_plan_takes_fewer_warehouses_and_schedules(as_alice: Client, acme: Workspace) -> None:
    lake = Warehouse.objects.create(
        workspace=acme, kind="postgres", slug="lake", schedule={"after_sync": True}
    )
    answer = as_alice.post(f"{AT}/plan", {"plan": "free"}, follow=True).content.decode()
    assert "The plan is Free now." in answer
    lake.refresh_from_db()
    assert lake.schedule == {}
    assert lake.next_sync_at is not None


def test_a_plan_that_is_too_small_is_greyed(as_alice: Client, acme: Workspace) -> None:
    for name in ("one", "two"):
        Warehouse.objects.create(workspace=acme, kind="postgres", name=name, slug=name)
    assert "there are 2: remove some first" in text(as_alice, f"{AT}/plan")
    as_alice.post(f"{AT}/plan", {"plan": "free"})
    acme.refresh_from_db()
    assert acme.plan == "unlimited"


def test_the_trail_is_filtered_and_exported_harmlessly(
    as_alice: Client, acme: Workspace, alice: User
) -> None:
    record(acme, alice, "source.renamed", "=cmd()", name={"before": "x", "after": "y"})
    record(acme, "somebody@example.com", "member.left", "bob@example.com")
    page = text(as_alice, f"{AT}/audit?action=source.renamed")
    assert "x → y" in page
    assert "=cmd()" in page
    assert "bob@example.com" not in page
    lines = b"".join(as_alice.get(f"{AT}/audit.csv?action=source.renamed").streaming_content).decode()  # type: ignore[attr-defined]
    assert "'=cmd()" in lines
    assert "member.left" not in lines


def test_what_the_trail_can_be_filtered_by_is_what_is_in_it(acme: Workspace, alice: User) -> None:
    for action in ("source.created", "member.left", "source.created"):
        record(acme, alice, action)
    record(acme, "bootstrap", "workspace.created")
    assert known(acme, "action") == ["member.left", "source.created", "workspace.created"]
    assert known(acme, "actor") == ["alice@example.com", "bootstrap"]


def test_a_filter_that_is_not_offered_says_nothing(as_alice: Client, acme: Workspace, alice: User) -> None:
    record(acme, alice, "source.created")
    assert "source.created" in text(as_alice, f"{AT}/audit?action=nonsense&period=x&before=nonsense")


def test_an_edited_trail_does_not_verify(acme: Workspace, alice: User) -> None:
    record(acme, alice, "source.renamed", "desk-com")
    call_command("verify_audit", stdout=StringIO())
    AuditEvent.objects.update(actor="mallory@example.com")
    with pytest.raises(CommandError, match="1 entries are not as they were written"):
        call_command("verify_audit", stdout=StringIO())


@pytest.mark.parametrize("part", ["general", "access"])
def test_a_member_who_is_no_owner_sees_why_not(acme: Workspace, bob: User, as_bob: Client, part: str) -> None:
    grant(bob, acme, Role.SOURCE_ADMIN)
    assert "Only owners of the workspace may do this." in text(as_bob, f"{AT}/{part}")
    assert as_bob.post(f"{AT}/{part}", GENERAL).status_code == 403


@pytest.mark.parametrize("part", ["plan", "audit", "audit.csv"])
def test_some_parts_are_for_owners_only(acme: Workspace, bob: User, as_bob: Client, part: str) -> None:
    assert as_bob.get(f"{AT}/{part}").status_code == 403


def test_charlie_finds_nothing(acme: Workspace, as_charlie: Client) -> None:
    for part in ("general", "access", "plan", "audit", "audit.csv"):
        assert as_charlie.get(f"{AT}/{part}").status_code == 404


def test_nothing_is_changed_or_started_in_a_closing_workspace(
    as_alice: Client, acme: Workspace, alice: User
) -> None:
    source = add_source(acme)
    closing.close(acme, alice)
    answer = as_alice.post(f"/acme/sources/{source.slug}/sync")
    assert answer.status_code == 403
    assert "going to be deleted" in answer.content.decode()
    assert as_alice.post(f"{AT}/general", GENERAL | {"name": "Other"}).status_code == 403
    assert not source.syncs.exists()


def test_nothing_is_late_in_a_closing_workspace_and_all_goes_on_in_one_that_is_kept(
    as_alice: Client, acme: Workspace, alice: User
) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    source = add_source(acme, next_sync_at=yesterday)
    lake = Warehouse.objects.create(workspace=acme, kind="postgres", slug="lake", next_sync_at=yesterday)
    closing.close(acme, alice)
    assert "Everything is on time" in text(as_alice, "/acme/overview")
    closing.keep(acme, alice)
    source.refresh_from_db()
    lake.refresh_from_db()
    assert source.next_sync_at is not None
    assert source.next_sync_at <= timezone.now()
    assert lake.next_sync_at is not None
    assert lake.next_sync_at > timezone.now()


def test_work_under_way_is_stopped_before_a_workspace_is_deleted(acme: Workspace, alice: User) -> None:
    run = add_run(add_source(acme), "running")
    closing.close(acme, alice)
    Workspace.objects.update(closing_at=timezone.now())
    assert closing.delete_due() == 0
    run.refresh_from_db()
    assert run.cancel_requested
