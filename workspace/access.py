"""Who may do what: the only module that decides it, for pages, fragments and the API alike.

A member's grants add up. A grant with a source holds for that source only. Without any grant a member sees that the
workspace exists and whom to ask. Somebody who is no member is told nothing: not found.

    owner              everything
    source_admin       see and change sources (all of them: also add new ones)
    source_viewer      see sources
    warehouse_admin    see and change warehouses
    warehouse_viewer   see warehouses

Connecting a source to a warehouse takes admin of both. Selective sync, schedules and access take an owner.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Exists, Q
from django.db.models.functions import JSONObject
from django.http import Http404

from workspace.models import Membership, RoleGrant, User, Workspace

Role = RoleGrant.Role


class Ability(Enum):
    """Something a person may do; the value completes the sentence "Only … may do this"."""

    SEE_SOURCE = "people who may see this source"
    ADMIN_SOURCE = "admins of this source"
    CREATE_SOURCE = "admins of all sources"
    SEE_WAREHOUSES = "people who may see warehouses"
    ADMIN_WAREHOUSES = "warehouse admins"
    CONNECT = "people who are admin of the source and of warehouses"
    OWN = "owners of the workspace"


_ROLES: dict[Ability, frozenset[str]] = {
    Ability.SEE_SOURCE: frozenset({Role.SOURCE_ADMIN, Role.SOURCE_VIEWER}),
    Ability.ADMIN_SOURCE: frozenset({Role.SOURCE_ADMIN}),
    Ability.CREATE_SOURCE: frozenset({Role.SOURCE_ADMIN}),
    Ability.SEE_WAREHOUSES: frozenset({Role.WAREHOUSE_ADMIN, Role.WAREHOUSE_VIEWER}),
    Ability.ADMIN_WAREHOUSES: frozenset({Role.WAREHOUSE_ADMIN}),
    Ability.OWN: frozenset(),
}


@dataclass(frozen=True)
class Grant:
    """A role, for one source or (None) for everything."""

    role: str
    source_id: UUID | None = None


class Access:
    """What one person may do in one workspace, as of this request."""

    def __init__(
        self, user: User, workspace: Workspace, grants: Iterable[Grant], two_factors: bool = True
    ) -> None:
        self.user = user
        self.workspace = workspace
        self.grants = frozenset(grants)
        self.two_factors = two_factors
        """Whether the person signs in with a second factor."""

    @property
    def lacks_factor(self) -> bool:
        """Whether nothing is shown before the person has set up its second factor."""
        return self.workspace.two_factors and not self.two_factors

    @cached_property
    def owner(self) -> bool:
        """Whether everything is allowed."""
        return any(grant.role == Role.OWNER for grant in self.grants)

    def may(self, ability: Ability, source_id: UUID | None = None) -> bool:
        """Whether it is allowed; `source_id` for what concerns one source (SEE_SOURCE, ADMIN_SOURCE, CONNECT)."""
        if self.owner:
            return True
        if ability is Ability.CONNECT:
            return self.may(Ability.ADMIN_SOURCE, source_id) and self.may(Ability.ADMIN_WAREHOUSES)
        scopes = {None} if ability is Ability.CREATE_SOURCE else {None, source_id}
        roles = _ROLES[ability]
        return any(grant.role in roles and grant.source_id in scopes for grant in self.grants)

    def require(self, ability: Ability, source_id: UUID | None = None) -> None:
        """Raise Refused unless it is allowed."""
        if not self.may(ability, source_id):
            raise Refused(self, ability)

    @cached_property
    def sees_all_sources(self) -> bool:
        """Whether every source of the workspace may be seen, future ones too."""
        return self.may(Ability.SEE_SOURCE)

    @cached_property
    def sees_warehouses(self) -> bool:
        """Whether warehouses and what flows into them may be seen."""
        return self.may(Ability.SEE_WAREHOUSES)

    @cached_property
    def creates_sources(self) -> bool:
        """Whether new sources may be added."""
        return self.may(Ability.CREATE_SOURCE)

    @cached_property
    def admins_warehouses(self) -> bool:
        """Whether warehouses may be added and changed."""
        return self.may(Ability.ADMIN_WAREHOUSES)

    @property
    def source_ids(self) -> list[UUID]:
        """Sources that may be seen by grants of their own."""
        return [grant.source_id for grant in self.grants if grant.source_id]

    def sources(self, queryset: Any = None) -> Any:
        """The workspace's sources that may be seen, or those among `queryset`."""
        sources = self.workspace.sources.all() if queryset is None else queryset
        return sources if self.sees_all_sources else sources.filter(pk__in=self.source_ids)

    def warehouses(self, queryset: Any = None) -> Any:
        """The workspace's warehouses that may be seen: all or none."""
        warehouses = self.workspace.warehouses.all() if queryset is None else queryset
        return warehouses if self.sees_warehouses else warehouses.none()

    def refusal(self, ability: Ability) -> str:
        """Why something is greyed, and whom to ask."""
        owners = [owner.email for owner in owners_of(self.workspace)[:3]]
        ask = f" Ask {', '.join(owners)}." if owners else ""
        return f"Only {ability.value} may do this.{ask}"


class Refused(Exception):
    """A member asked for something that its grants do not allow; the page says why and whom to ask."""

    def __init__(self, access: Access, ability: Ability) -> None:
        super().__init__(ability.value)
        self.access = access
        self.ability = ability


def access_of(user: User, workspace_slug: str) -> Access:
    """What this person may do in the workspace of this slug; raises Http404 for who is no member of it.

    A workspace that does not exist and one of other people look the same.
    """
    memberships = Membership.objects.filter(user=user, workspace__slug=workspace_slug)
    held = ArrayAgg(
        JSONObject(role="grants__role", source="grants__source_id"), filter=Q(grants__isnull=False)
    )
    protected = Exists(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP))
    found = memberships.select_related("workspace").annotate(held=held, protected=protected)
    membership = found.first()
    if membership is None:
        raise Http404("There is no such workspace, or you are not a member of it.")
    grants = [
        Grant(one["role"], UUID(one["source"]) if one["source"] else None) for one in membership.held or []
    ]
    return Access(user, membership.workspace, grants, membership.protected)


def owners_of(workspace: Workspace) -> list[User]:
    """Active owners, the longest-standing first."""
    owners = User.objects.filter(
        is_active=True, memberships__workspace=workspace, memberships__grants__role=Role.OWNER
    )
    return list(owners.order_by("memberships__created_at").distinct())
