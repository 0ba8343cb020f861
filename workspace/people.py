"""Who is in a workspace and with which roles, in words too. The last owner stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction

from workspace import audit
from workspace.access import Grant, owners_of
from workspace.errors import ConfigError
from workspace.models import Membership, RoleGrant, User, Workspace

Role = RoleGrant.Role
OF_SOURCES = (Role.SOURCE_ADMIN, Role.SOURCE_VIEWER)
"""Roles that can be held for one source only."""

ROLE_WORDS = {
    Role.OWNER: "Everything: sources, warehouses, schedules, selective sync, people, plan, the workspace itself.",
    Role.SOURCE_ADMIN: "See and change {sources}.",
    Role.SOURCE_VIEWER: "See {sources} and what they brought.",
    Role.WAREHOUSE_ADMIN: "See, add and change all warehouses.",
    Role.WAREHOUSE_VIEWER: "See all warehouses and what flows into them.",
}


def grant_role(workspace: Workspace, user: User, role: str, source_id: UUID | None = None) -> bool:
    """Let this person hold the role, as a member if it was none; False if it held it before."""
    membership, _ = Membership.objects.get_or_create(user=user, workspace=workspace)
    _, new = RoleGrant.objects.get_or_create(membership=membership, role=role, source_id=source_id)
    return new


def add_role(membership: Membership, role: str, source_id: UUID | None, by: User) -> bool:
    """The same for a member by an owner, on record."""
    with transaction.atomic():
        new = grant_role(membership.workspace, membership.user, role, source_id)
        if new:
            facts = {"role": role, "source": source_id}
            audit.record(membership.workspace, by, "member.role_added", membership.user.email, **facts)
    return new


def remove_role(grant: RoleGrant, by: User) -> None:
    """Take a role away; raises ConfigError(code="last_owner") rather than leave nobody in charge."""
    membership = grant.membership
    with _one_at_a_time(membership.workspace):
        if grant.role == Role.OWNER:
            _refuse_for_last_owner(membership)
        grant.delete()
        facts = {"role": grant.role, "source": grant.source_id}
        audit.record(membership.workspace, by, "member.role_removed", membership.user.email, **facts)


def remove_member(membership: Membership, by: User) -> None:
    """Take somebody out of the workspace, or let somebody leave; the last owner cannot."""
    with _one_at_a_time(membership.workspace):
        _refuse_for_last_owner(membership)
        action = "member.left" if by == membership.user else "member.removed"
        audit.record(membership.workspace, by, action, membership.user.email)
        membership.delete()


def in_words(grants: Iterable[Grant], sources: Mapping[UUID, str]) -> list[str]:
    """What these grants allow, a sentence each; `sources` are the names of those that the reader may see."""
    held = sorted(grants, key=lambda grant: (Role.values.index(grant.role), str(grant.source_id)))
    if any(grant.role == Role.OWNER for grant in held):
        return [ROLE_WORDS[Role.OWNER]]
    words = [explain(grant.role, grant.source_id, sources) for grant in held]
    if {Role.SOURCE_ADMIN, Role.WAREHOUSE_ADMIN} <= {grant.role for grant in held}:
        words.append("Connect the sources it may change to warehouses.")
    return words


def explain(role: str, source_id: UUID | None, sources: Mapping[UUID, str]) -> str:
    """What one role allows, for all sources or one."""
    scope = "all sources"
    if source_id is not None:
        scope = f"the source {sources[source_id]}" if source_id in sources else "one source"
    if role == Role.SOURCE_ADMIN and source_id is None:
        scope += ", and add new ones"
    return ROLE_WORDS[Role(role)].format(sources=scope)


@contextmanager
def _one_at_a_time(workspace: Workspace) -> Iterator[None]:
    """Two owners who remove each other at the same moment must not both succeed."""
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).only("pk").get(pk=workspace.pk)
        yield


def _refuse_for_last_owner(membership: Membership) -> None:
    if owners_of(membership.workspace) == [membership.user]:
        message = "The last owner stays: make somebody else an owner first."
        raise ConfigError(message, code="last_owner")
