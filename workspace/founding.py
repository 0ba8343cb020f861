"""New workspaces, and the first account of an empty installation."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from workspace import audit
from workspace.models import FormerSlug, Membership, RoleGrant, User, Workspace
from workspace.naming import RESERVED_SLUGS, slug_of, unused

FOUNDING_LOCK = 7_041_861


class AlreadyFounded(Exception):
    """The installation has accounts; it is no longer anybody's."""


def found_installation(email: str, password: str, person: str, **workspace: str) -> Workspace:
    """The first account, operator of the installation, with the first workspace; once."""
    with transaction.atomic():
        lock_founding()
        if User.objects.exists():
            raise AlreadyFounded
        owner = User.objects.create_superuser(
            email, password, name=person, time_zone=workspace.get("time_zone", "UTC")
        )
        return found_workspace(owner, **workspace)


def found_workspace(
    owner: User, name: str, *, region: str, time_zone: str, slug: str = "", by: User | str = ""
) -> Workspace:
    """A workspace with its owner; without a `slug` one is derived from the name.

    `by` is who made it where that is not the owner. Raises ValidationError for what cannot be.
    """
    with transaction.atomic():
        lock_founding()
        slug = slug or unused(slug_of(name), slug_taken, "-")
        validate_slug(slug)
        workspace = Workspace(name=name, slug=slug, region=region, time_zone=time_zone)
        workspace.full_clean()
        workspace.save()
        membership = Membership.objects.create(user=owner, workspace=workspace)
        RoleGrant.objects.create(membership=membership, role=RoleGrant.Role.OWNER)
        facts = {"name": name, "region": region, "time_zone": time_zone, "plan": workspace.plan}
        audit.record(workspace, by or owner, "workspace.created", slug, owner=owner.email, **facts)
    return workspace


def validate_slug(slug: str, workspace: Workspace | None = None) -> None:
    """Raises ValidationError for a slug that is no slug, ours, or another workspace's, also in the past."""
    if slug != slug_of(slug):
        raise ValidationError(f"{slug} cannot be a workspace's slug; try {slug_of(slug)}.")
    if slug_taken(slug, workspace):
        raise ValidationError(f"{slug} is taken.")


def slug_taken(slug: str, workspace: Workspace | None = None) -> bool:
    """Whether addresses with this slug lead elsewhere than to the `workspace`."""
    if slug in RESERVED_SLUGS:
        return True
    named, formerly = Workspace.objects.filter(slug=slug), FormerSlug.objects.filter(slug=slug)
    if workspace:
        named, formerly = named.exclude(pk=workspace.pk), formerly.exclude(workspace=workspace)
    return named.exists() or formerly.exists()


def lock_founding() -> None:
    """One founder at a time, so that nobody takes a slug or the installation between a look and a write."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FOUNDING_LOCK])
