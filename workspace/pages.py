"""What every page of a workspace shares: who asks, what it may do, breadcrumbs, paging by key."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast
from urllib.parse import urlencode

from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from workspace.access import Ability, Access, Refused, access_of
from workspace.confirming import Unconfirmed, lead_to_confirmation
from workspace.models import User, Workspace

P = ParamSpec("P")
T = TypeVar("T", bound=Any)


class MemberRequest(HttpRequest):
    """A request of a member of the workspace in the address."""

    user: User
    access: Access


CLOSING = "This workspace is going to be deleted. An owner can keep it; until then nothing is changed in it."

View = Callable[Concatenate[MemberRequest, P], HttpResponseBase]


def member_page(
    ability: Ability | None = None, *, while_closing: bool = False
) -> Callable[[View[P]], Callable[..., HttpResponseBase]]:
    """Make a view a page of the workspace `workspace_slug` of its address, which it is not handed.

    The view finds `request.access`. With an `ability` the page is refused to members without it; what concerns one
    source is checked by the view itself with `request.access.require`. Where the workspace asks for it, nothing is
    shown to people without a second factor. In a workspace that is going to be deleted
    nothing is changed or started, but by pages that say so with `while_closing`.
    """

    def decorate(view: View[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def page(request: HttpRequest, workspace_slug: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if "\0" in request.path or "%00" in request.META["QUERY_STRING"]:
                raise BadRequest("No text that the database keeps has such a character.")
            member = cast(MemberRequest, request)
            try:
                member.access = access_of(cast(User, request.user), workspace_slug)
            except Http404:
                return _lead_on(member, workspace_slug)
            if member.access.lacks_factor:
                return render(request, "workspace/two_factors.html", status=403)
            try:
                if ability is not None:
                    member.access.require(ability)
                if member.access.workspace.closing_at and request.method == "POST" and not while_closing:
                    return _refuse(member, CLOSING)
                return view(member, *args, **kwargs)
            except Refused as refused:
                return _refuse(member, refused.access.refusal(refused.ability))
            except Unconfirmed:
                return lead_to_confirmation(request, fragment=is_fragment(request))

        return page

    return decorate


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page."""
    headers = request.headers
    whole = "HX-Boosted" in headers or "HX-History-Restore-Request" in headers
    return headers.get("HX-Request") == "true" and not whole


@dataclass(frozen=True)
class Crumb:
    """A step of the breadcrumbs; `siblings` are what one can switch to there, as (label, address)."""

    label: str
    url: str = ""
    siblings: Sequence[tuple[str, str]] = field(default=())


@dataclass(frozen=True)
class Tab:
    """A tab of a page."""

    label: str
    url: str
    current: bool = False


@dataclass(frozen=True)
class Slab(Generic[T]):
    """One page of a long list, and the addresses of its neighbours (empty: there is none)."""

    rows: list[T]
    newer: str = ""
    older: str = ""


Key = tuple[datetime, str]
"""A position in a list: a moment, and the id that decides among equal moments."""


def page_by_time(
    queryset: QuerySet[Any], request: HttpRequest, size: int = 25, moment: str = "queued_at"
) -> Slab[Any]:
    """A page of rows, newest first by (`moment`, id), found by key: no page costs more than the first.

    The key travels in the address as `before` or `after`; one that nobody handed out shows the first page.
    """

    def fetch(key: Key | None, newer: bool, limit: int) -> list[Any]:
        found = queryset.filter(_beyond(moment, "gt" if newer else "lt", key)) if key else queryset
        order = (moment, "pk") if newer else (f"-{moment}", "-pk")
        return list(found.order_by(*order)[:limit])

    return page_by_key(fetch, request, size, moment, queryset.model._meta.pk.to_python)


def page_by_key(
    fetch: Callable[[Key | None, bool, int], list[T]],
    request: HttpRequest,
    size: int = 25,
    moment: str = "queued_at",
    to_pk: Callable[[str], Any] = str,
) -> Slab[T]:
    """A page of what `fetch` finds from a key on: older rows, newest first, or newer ones, oldest first."""
    before, after = (read_key(request.GET.get(side), to_pk) for side in ("before", "after"))
    if after and not before:
        rows = fetch(after, True, size + 1)
        more, rows = len(rows) > size, rows[:size][::-1]
        return _slab(rows, request, moment, newer=more, older=True)
    rows = fetch(before, False, size + 1)
    return _slab(rows[:size], request, moment, newer=bool(before), older=len(rows) > size)


def write_key(at: datetime, pk: object) -> str:
    """A position in a list, for an address."""
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), str(pk)]).encode()).decode().rstrip("=")


def read_key(text: str | None, to_pk: Callable[[str], Any] = str) -> Key | None:
    """The position that `write_key` wrote; None for anything else, such as an id that `to_pk` refuses."""
    try:
        at, pk = json.loads(base64.urlsafe_b64decode(f"{text or ''}==="))
        to_pk(pk)
        moment = datetime.fromisoformat(at)
        return (moment, str(pk)) if moment.tzinfo else None
    except (ValueError, TypeError, ValidationError, RecursionError):
        return None


def address_with(request: HttpRequest, **changes: str) -> str:
    """This page's address with other query values; an empty one is left out."""
    query = {name: value for name, value in request.GET.dict().items() if name not in ("before", "after")}
    query |= changes
    return f"{request.path}?{urlencode({name: value for name, value in query.items() if value})}"


def _beyond(moment: str, side: str, key: Key) -> Q:
    at, pk = key
    # The first condition alone bounds the index; the second decides among equal moments.
    return Q(**{f"{moment}__{side}e": at}) & (Q(**{f"{moment}__{side}": at}) | Q(**{f"pk__{side}": pk}))


def _slab(rows: list[T], request: HttpRequest, moment: str, *, newer: bool, older: bool) -> Slab[T]:
    if not rows:
        return Slab(rows, address_with(request) if newer else "", "")
    first, last = (write_key(getattr(row, moment), row.pk) for row in (rows[0], rows[-1]))
    return Slab(
        rows,
        address_with(request, after=first) if newer else "",
        address_with(request, before=last) if older else "",
    )


def _lead_on(request: MemberRequest, former: str) -> HttpResponse:
    """From an address with a slug that the workspace had before to the present one; Http404 for all others."""
    moved = Workspace.objects.filter(former_slugs__slug=former, memberships__user=request.user).first()
    if moved is None or request.method != "GET":
        raise Http404("There is no such workspace, or you are not a member of it.")
    return redirect(request.get_full_path().replace(f"/{former}/", f"/{moved.slug}/", 1))


def _refuse(request: MemberRequest, reason: str) -> HttpResponse:
    return render(request, "workspace/refused.html", {"reason": reason}, status=403)
