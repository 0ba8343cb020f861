"""Accepting an invitation, as a new person or as one that has an account."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from workspace import invitations
from workspace.entry import PasswordFields, enter
from workspace.errors import ConfigError
from workspace.models import Invitation, User
from workspace.zones import TimeZoneField


class NewPersonForm(PasswordFields):
    """An account for the invited address."""

    name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    time_zone = TimeZoneField(detect=True, help_text="Times are shown to you in it.")
    field_order = ("name", "password", "time_zone")

    def __init__(self, email: str, data: Any = None) -> None:
        super().__init__(data)
        self.email = email

    def clean(self) -> dict[str, Any]:
        """The password must not resemble the person."""
        self.validate_for(User(email=self.email, name=self.cleaned_data.get("name", "")))
        return self.cleaned_data

    def create(self) -> User:
        """The account."""
        data = self.cleaned_data
        return User.objects.create_user(
            self.email, data["password"], name=data["name"], time_zone=data["time_zone"]
        )


@login_not_required
@never_cache
@sensitive_post_parameters("password")
def accept_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What the link of an invitation opens: the way in, or why there is none."""
    invitation = invitations.find(token)
    if invitation is None:
        raise Http404
    state = invitations.state(invitation)
    if state != "open":
        return _show(request, invitation, state, status=410)
    if request.user.is_authenticated:
        return _as_signed_in(request, invitation)
    if User.objects.filter(email=invitation.email).exists():
        return _show(request, invitation, "known")
    return _as_new_person(request, invitation)


def _as_signed_in(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    user = cast(User, request.user)
    if user.email.lower() != invitation.email:
        return _show(request, invitation, "other")
    if request.method != "POST":
        return _show(request, invitation, "open")
    try:
        invitations.accept(invitation, user)
    except ConfigError:  # used or revoked a moment ago
        return redirect(request.path)
    return redirect("workspace:overview", invitation.workspace.slug)


def _as_new_person(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = NewPersonForm(invitation.email, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _show(request, invitation, "new", form=form)
    try:
        user = invitations.accept_as_new(invitation, form.create)
    except ConfigError:
        return redirect(request.path)
    return enter(request, user, resolve_url("workspace:overview", invitation.workspace.slug))


def _show(
    request: HttpRequest, invitation: Invitation, case: str, status: int = 200, **more: Any
) -> HttpResponse:
    context = {"invitation": invitation, "case": case, "title": f"Join {invitation.workspace.name}", **more}
    return render(request, "workspace/invitation.html", context, status=status)
