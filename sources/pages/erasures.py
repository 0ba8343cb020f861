"""Erasing an object: the page that asks once more, and how far each erasure of a source has come."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from sources.erasing import ask, count_referring
from sources.models import Source
from sources.pages.collections import find_collection
from sources.pages.frame import address, find_source, source_context
from workspace.access import Ability
from workspace.hub.models import Erasure, Object
from workspace.pages import Crumb, MemberRequest, member_page, page_by_time

COUNTING = 2.0
"""Seconds that the page takes to count what refers to a person; the erasure itself looks at everything."""


class EraseForm(forms.Form):
    """The id, typed."""

    confirmation = forms.CharField(
        label="Type the id of the object", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


@member_page()
def erase_object(request: MemberRequest, slug: str, collection: str, object_id: str) -> HttpResponse:
    """Ask once more, then begin."""
    source = find_source(request, slug)
    request.access.require(Ability.OWN, source.pk)
    one = get_object_or_404(Object, collection=find_collection(source, collection), object_id=object_id)
    form = EraseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["confirmation"] == one.object_id:
            ask(source, collection, one.object_id, request.user)
            messages.success(request, "The object is being erased, and refused from now on.")
            return redirect(address(source, "settings", "erasures"))
        form.add_error("confirmation", "This is not the id of the object.")
    counts, complete = count_referring(source, collection, one.object_id, COUNTING)
    crumbs = [Crumb(object_id, address(source, "object", collection, object_id)), Crumb("Erase")]
    context = source_context(request, source, "collections", *crumbs, title=f"Erase {collection} {object_id}")
    context |= {
        "form": form,
        "collection": collection,
        "object": one,
        "referring": counts,
        "complete": complete,
        "warehouses": request.access.warehouses().filter(connections__schema=source.schema_id),
    }
    return render(request, "sources/erase.html", context)


def erasures_of(request: MemberRequest, source: Source) -> dict[str, Any]:
    """Context of the list, the latest first, with what each still waits for."""
    slab = page_by_time(
        source.schema.erasures.select_related("collection").prefetch_related("removals"),
        request,
        moment="asked_at",
    )
    connections = list(source.schema.connections.select_related("warehouse"))
    rows = [(one, sum(one.counts.values()), _state(request, one, connections)) for one in slab.rows]
    return {"slab": slab, "rows": rows, "waiting": any(one.ended_at is None for one in slab.rows)}


def _state(request: MemberRequest, erasure: Erasure, connections: list[Any]) -> str:
    if erasure.ended_at:
        return "Erased everywhere"
    if not erasure.erased_at:
        return "Looking for what refers to it" if erasure.progress else "About to begin"
    done = {removal.connection_id for removal in erasure.removals.all()}
    names = [_waiting(connection) for connection in connections if connection.pk not in done]
    if not request.access.sees_warehouses:
        return "Erased here; waits for a warehouse"
    return f"Erased here; waits for {', '.join(names)}" if names else "Erased here"


def _waiting(connection: Any) -> str:
    if not connection.warehouse.enabled:
        return f"{connection.warehouse.name} (turned off)"
    return f"{connection.warehouse.name}{'' if connection.enabled else ' (the connection is turned off)'}"
