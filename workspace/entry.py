"""The front door: where somebody lands who comes without an address, and where a workspace begins."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.utils import perform_login
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from workspace.founding import AlreadyFounded, found_installation, found_workspace
from workspace.models import User, Workspace
from workspace.zones import TimeZoneField

REGION_HELP = "Where it is run. Some sources are not offered in the European Union."


class PasswordFields(forms.Form):
    """A new password, typed once: whoever mistypes it asks for another by e-mail."""

    password = forms.CharField(
        strip=False,
        help_text=password_validators_help_text_html(),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def validate_for(self, user: User) -> None:
        """Complain where the validators of the installation do."""
        try:
            validate_password(self.cleaned_data.get("password", ""), user)
        except forms.ValidationError as error:
            self.add_error("password", error)


class NewWorkspaceForm(forms.Form):
    """What a workspace begins with."""

    workspace = forms.CharField(
        label="Workspace", max_length=100, help_text="The name of your team or company."
    )
    region = forms.ChoiceField(choices=Workspace.Region.choices, help_text=REGION_HELP)
    time_zone = TimeZoneField(
        detect=True, help_text="Schedules are read in it. You can change it at any time in Settings."
    )

    def workspace_fields(self) -> dict[str, str]:
        """As the founding functions take them."""
        data = self.cleaned_data
        return {"name": data["workspace"], "region": data["region"], "time_zone": data["time_zone"]}


class FirstForm(PasswordFields, NewWorkspaceForm):
    """The first account and the first workspace."""

    name = forms.CharField(max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(
        max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"}), label="Email"
    )
    field_order = ("name", "email", "password", "workspace", "region", "time_zone")

    def clean(self) -> dict[str, Any]:
        """The password must not resemble the person."""
        data = self.cleaned_data
        self.validate_for(User(email=data.get("email", ""), name=data.get("name", "")))
        return data


@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """The overview of the first workspace of this person; without one, the page that makes one."""
    if not request.user.is_authenticated:
        return redirect("account_login" if User.objects.exists() else "first_workspace")
    workspace = (
        Workspace.objects.filter(memberships__user=request.user).order_by("memberships__created_at").first()
    )
    return redirect("workspace:overview", workspace.slug) if workspace else redirect("new_workspace")


@login_not_required
@never_cache
@sensitive_post_parameters("password")
def first_workspace(request: HttpRequest) -> HttpResponse:
    """The first run: whoever installed the product becomes its operator. Closed as soon as there is an account."""
    if User.objects.exists():
        return redirect("home")
    form = FirstForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            workspace = found_installation(
                data["email"], data["password"], data["name"], **form.workspace_fields()
            )
        except AlreadyFounded:
            return redirect("home")
        owner = User.objects.get(memberships__workspace=workspace)
        return enter(request, owner, resolve_url("workspace:overview", workspace.slug))
    return render(request, "workspace/first.html", {"form": form, "title": "Welcome to Tributary"})


def new_workspace(request: HttpRequest) -> HttpResponse:
    """Another workspace, or the first of somebody who was in none; its maker owns it."""
    form = NewWorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        workspace = found_workspace(cast(User, request.user), **form.workspace_fields())
        return redirect("workspace:overview", workspace.slug)
    return render(request, "workspace/new.html", {"form": form, "title": "New workspace"})


def enter(request: HttpRequest, user: User, url: str) -> HttpResponse:
    """Sign this person in, with a second factor where the account has one, and go to the address."""
    answer: HttpResponse = perform_login(request, user, email_verification="none", redirect_url=url)
    return answer
