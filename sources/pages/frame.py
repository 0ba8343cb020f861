"""What every page of one source shares: finding it, its breadcrumbs and tabs, what the person may do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse

from sources.models import Source, SourceSync
from workspace.access import Ability, Access
from workspace.pages import Crumb, MemberRequest, Tab

SIBLINGS = 30
"""How many other sources the breadcrumb offers to switch to."""

TABS = (("Overview", "overview"), ("Collections", "collections"), ("Schema", "schema"))


@dataclass(frozen=True)
class Leave:
    """Whether something is allowed here, and the sentence why not beside the greyed control."""

    allowed: bool
    why: str = ""


def leave(access: Access, ability: Ability, source_id: UUID | None = None) -> Leave:
    """Whether this person may do this."""
    allowed = access.may(ability, source_id)
    return Leave(allowed, "" if allowed else access.refusal(ability))


def find_source(request: MemberRequest, slug: str) -> Source:
    """The source of this slug; Http404 when there is none or this person may not see it."""
    sources = request.access.workspace.sources.select_related("schema")
    source: Source = get_object_or_404(request.access.sources(sources), slug=slug)
    source.workspace = request.access.workspace
    return source


def last_sync(source: Source) -> SourceSync | None:
    """The newest sync, under way or ended."""
    return source.syncs.select_related("started_by").order_by("-queued_at", "-pk").first()


def address(source: Source, page: str, *more: object) -> str:
    """The address of a page of this source."""
    return reverse(f"sources:{page}", args=[source.workspace.slug, source.slug, *more])


def source_context(
    request: MemberRequest, source: Source, tab: str, *crumbs: Crumb, title: str = ""
) -> dict[str, Any]:
    """What templates of a source's pages need: `crumbs` come after the source's own."""
    access = request.access
    return {
        "source": source,
        "connector": source.connector,
        "title": title or source.name,
        "crumbs": [_root(access), _crumb(access, source), *crumbs],
        "tabs": _tabs(source, tab),
        "admin": leave(access, Ability.ADMIN_SOURCE, source.pk),
    }


def _root(access: Access) -> Crumb:
    return Crumb("Sources", reverse("sources:list", args=[access.workspace.slug]))


def _crumb(access: Access, source: Source) -> Crumb:
    siblings: QuerySet[Source] = access.sources().exclude(status=Source.Status.SETUP).exclude(pk=source.pk)
    names = siblings.order_by("name").values_list("name", "slug")[:SIBLINGS]
    others = [(name, reverse("sources:overview", args=[access.workspace.slug, slug])) for name, slug in names]
    return Crumb(source.name, address(source, "overview"), others)


def _tabs(source: Source, current: str) -> list[Tab]:
    tabs = [Tab(label, address(source, page), page == current) for label, page in TABS]
    return [*tabs, Tab("Settings", address(source, "settings", "basic"), current == "settings")]
