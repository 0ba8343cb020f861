"""A person's own page: what others see of it, and its time zone."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from workspace.models import User
from workspace.zones import TimeZoneField


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person may say about itself."""

    class Meta:
        model = User
        fields = ("name", "time_zone")
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"] = TimeZoneField(
            current=self.instance.time_zone, help_text="Times are shown to you in it."
        )


def profile(request: HttpRequest) -> HttpResponse:
    """Name and time zone, with the ways to password and two-factor sign-in."""
    form = ProfileForm(request.POST or None, instance=cast(User, request.user))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("profile")
    return render(request, "account/profile.html", {"form": form, "title": "Profile"})
