"""Changing what a workspace is: its name, slug, region, time zone, plan, and whether
it asks for two factors. Everything goes on record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from workspace import audit
from workspace.errors import ConfigError
from workspace.founding import lock_founding, validate_slug
from workspace.models import FormerSlug, User, Workspace
from workspace.signals import terms_changed

FIELDS = ("name", "slug", "region", "time_zone", "plan", "two_factors")


def change_workspace(workspace: Workspace, wanted: Mapping[str, Any], by: User) -> list[str]:
    """Give it these values; returns sentences about what followed from them.

    Raises ValidationError, by field, for what cannot be. Addresses with the old slug lead to the new one.
    """
    with transaction.atomic():
        lock_founding()
        before = Workspace.objects.get(pk=workspace.pk)
        changed = {name: value for name, value in wanted.items() if value != getattr(before, name)}
        _refuse(before, changed)
        if not changed:
            return []
        for name, value in changed.items():
            setattr(workspace, name, value)
        workspace.save(update_fields=list(changed))
        if "slug" in changed:
            _remember_slug(workspace, before.slug)
        told = {name: {"before": getattr(before, name), "after": value} for name, value in changed.items()}
        audit.record(workspace, by, "workspace.changed", workspace.slug, **told)
        return _tell(workspace) if {"plan", "time_zone"} & changed.keys() else []


def obstacles(workspace: Workspace, plan: str) -> str:
    """Why the workspace cannot go to this plan as it stands; empty when it can."""
    limit: int | None = settings.PLANS[plan]["warehouses"]
    have = workspace.warehouses.count()
    if limit is not None and have > limit:
        allowed = f"{limit} warehouse" if limit == 1 else f"{limit} warehouses"
        return f"It includes {allowed}, and there are {have}: remove some first."
    return ""


def _refuse(workspace: Workspace, changed: Mapping[str, Any]) -> None:
    errors: dict[str, str] = {}
    if "slug" in changed:
        try:
            validate_slug(changed["slug"], workspace)
        except ValidationError as error:
            errors["slug"] = error.messages[0]
    if "region" in changed and (why := _not_offered(workspace, changed["region"])):
        errors["region"] = why
    if "plan" in changed and (why := obstacles(workspace, changed["plan"])):
        errors["plan"] = why
    if errors:
        raise ValidationError(errors)


def _not_offered(workspace: Workspace, region: str) -> str:
    """A sentence naming the sources that could not have been added in this region."""
    names = []
    for source in workspace.sources.only("name", "kind"):
        try:
            offered = region in source.connector.regions
        except ConfigError:  # a kind that this installation no longer has
            offered = True
        if not offered:
            names.append(source.name)
    if not names:
        return ""
    label = Workspace.Region(region).label
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"Not offered in the region {label}: {', '.join(names[:3])}{more}. Delete them first."


def _remember_slug(workspace: Workspace, former: str) -> None:
    FormerSlug.objects.filter(slug=workspace.slug).delete()  # its own, taken back
    FormerSlug.objects.create(workspace=workspace, slug=former)


def _tell(workspace: Workspace) -> list[str]:
    answers = terms_changed.send(sender=Workspace, workspace=workspace)
    return [sentence for _, sentences in answers for sentence in sentences or []]
