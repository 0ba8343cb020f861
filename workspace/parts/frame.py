"""The frame around each part of Settings: the rail of parts and the breadcrumbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from workspace.access import Ability
from workspace.pages import CLOSING, Crumb, MemberRequest, member_page


@dataclass(frozen=True)
class Part:
    """A line of the rail."""

    key: str
    label: str
    for_owners: bool = False


PARTS = (
    Part("general", "General"),
    Part("access", "Access"),
    Part("plan", "Plan", for_owners=True),
    Part("audit", "Audit trail", for_owners=True),
    Part("alerts", "Alerts"),
)


def show_part(request: MemberRequest, key: str, template: str, **context: Any) -> HttpResponse:
    """A page of the part `key` of Settings; `template` extends workspace/settings/frame.html.

    Without a `title` the part's label is the heading. With one it is a page below the part.
    """
    slug = request.access.workspace.slug
    part = next(part for part in PARTS if part.key == key)
    crumbs = [Crumb("Settings", reverse("workspace:settings", args=[slug]))]
    if "title" in context:
        crumbs += [Crumb(part.label, address_of(slug, key)), Crumb(context["title"])]
    else:
        crumbs += [Crumb(part.label)]
    rail = [(part, address_of(slug, part.key), part.key == key) for part in PARTS]
    return render(request, template, {"title": part.label, "crumbs": crumbs, "rail": rail, **context})


def why_not(request: MemberRequest) -> str:
    """Why this person cannot change this part now; empty when it can."""
    if request.access.workspace.closing_at:
        return CLOSING
    return "" if request.access.owner else request.access.refusal(Ability.OWN)


def address_of(workspace_slug: str, key: str) -> str:
    """The address of a part of Settings."""
    return reverse("workspace:settings_part", args=[workspace_slug, key])


@member_page()
def first_part(request: MemberRequest) -> HttpResponse:
    """Settings begin with General."""
    return redirect(address_of(request.access.workspace.slug, "general"))
