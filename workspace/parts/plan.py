"""The plan of a workspace: what it allows, what is used of it, and changing it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect

from workspace.access import Ability
from workspace.changing import change_workspace, obstacles
from workspace.pages import MemberRequest, member_page
from workspace.parts.frame import address_of, show_part
from workspace.plans import told


@member_page(Ability.OWN)
def show_plan(request: MemberRequest) -> HttpResponse:
    """All plans side by side; the ones that can be chosen have a button."""
    workspace = request.access.workspace
    if request.method == "POST" and request.POST.get("plan") in settings.PLANS:
        try:
            followed = change_workspace(workspace, {"plan": request.POST["plan"]}, request.user)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(
                request, " ".join([f"The plan is {workspace.allowance['label']} now.", *followed])
            )
        return redirect(address_of(workspace.slug, "plan"))
    plans = [
        _told(key, plan, workspace.plan, obstacles(workspace, key)) for key, plan in settings.PLANS.items()
    ]
    used, limit = workspace.warehouses.count(), workspace.allowance["warehouses"]
    context = {"plans": plans, "used": used, "limit": limit, "sources": workspace.sources.count()}
    return show_part(request, "plan", "workspace/settings/plan.html", **context)


def _told(key: str, plan: dict[str, Any], current: str, obstacle: str) -> dict[str, Any]:
    obstacle = "" if key == current else obstacle
    return {**plan, "key": key, "lines": told(plan), "current": key == current, "obstacle": obstacle}
