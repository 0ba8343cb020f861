"""The front door: where somebody lands who comes without an address."""

from __future__ import annotations

from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from workspace.models import User, Workspace


def home(request: HttpRequest) -> HttpResponse:
    """The overview of the first workspace of this person; without one, the page that makes one."""
    workspace = (
        Workspace.objects.filter(memberships__user=cast(User, request.user))
        .order_by("memberships__created_at")
        .first()
    )
    return redirect("workspace:overview", workspace.slug) if workspace else redirect("new_workspace")


def not_yet(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """A page whose address is known before the page is."""
    raise Http404
