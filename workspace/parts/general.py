"""General settings of a workspace: name, slug, region, time zone, and its end."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from workspace import closing
from workspace.access import Ability
from workspace.changing import change_workspace
from workspace.errors import ConfigError
from workspace.models import Workspace
from workspace.pages import MemberRequest, member_page
from workspace.parts.frame import address_of, show_part, why_not
from workspace.zones import TimeZoneField


class GeneralForm(forms.Form):
    """What a workspace is."""

    name = forms.CharField(label="Name", max_length=100)
    slug = forms.SlugField(
        label="Slug",
        max_length=60,
        help_text="The first part of all addresses; the old ones lead to the new ones.",
    )
    region = forms.ChoiceField(
        label="Region",
        choices=Workspace.Region.choices,
        help_text="Some sources are not offered in the European Union.",
    )

    def __init__(self, *args: object, workspace: Workspace, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        help_text = "Hours of warehouse schedules are read in it."
        self.fields["time_zone"] = TimeZoneField(current=workspace.time_zone, help_text=help_text)


@member_page()
def show_general(request: MemberRequest) -> HttpResponse:
    """The form, and the way to delete the workspace."""
    workspace = request.access.workspace
    start = {name: getattr(workspace, name) for name in ("name", "slug", "region", "time_zone")}
    form = GeneralForm(request.POST or None, initial=start, workspace=workspace)
    if request.method == "POST":
        request.access.require(Ability.OWN)
        if form.is_valid():
            try:
                told = change_workspace(workspace, form.cleaned_data, request.user)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, " ".join(["Saved.", *told]))
                return redirect(address_of(workspace.slug, "general"))
        workspace.refresh_from_db()
    return show_part(
        request, "general", "workspace/settings/general.html", form=form, why_not=why_not(request)
    )


@require_POST
@member_page(Ability.OWN)
def close_workspace(request: MemberRequest) -> HttpResponse:
    """Begin the five days, once the slug has been typed."""
    workspace = request.access.workspace
    if request.POST.get("confirmation", "").strip() != workspace.slug:
        messages.error(request, f"Nothing was deleted: type {workspace.slug} to confirm.")
    else:
        closing.close(workspace, request.user)
        messages.success(
            request, "The workspace will be deleted in five days. Until then any owner can keep it."
        )
    return redirect(address_of(workspace.slug, "general"))


@require_POST
@member_page(Ability.OWN, while_closing=True)
def keep_workspace(request: MemberRequest) -> HttpResponse:
    """Think better of it."""
    try:
        closing.keep(request.access.workspace, request.user)
    except ConfigError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, "The workspace stays.")
    return redirect(address_of(request.access.workspace.slug, "general"))
