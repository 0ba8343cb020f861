"""Who changes credentials has shown who it is a short while ago: a window left open is not enough."""

from __future__ import annotations

import time
from typing import Any, cast
from urllib.parse import urlencode

from allauth.account.internal.flows import login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from workspace.models import User

SHOWN, SENT = 15 * 60, 60 * 60
"""Seconds since the last sign-in or confirmation with which a form is shown, and with which one may be sent."""


class Unconfirmed(Exception):
    """The person has to show who it is before the page."""


def require_confirmation(request: HttpRequest) -> None:
    """Raise Unconfirmed unless the person signed in, or confirmed that it is it, a short while ago.

    A form that was shown may be sent for longer, so that nobody types in vain.
    """
    records = login.get_authentication_records(request, cast(User, request.user))
    at = max((record.get("at", 0) for record in records), default=0)
    if time.time() - at > (SENT if request.method == "POST" else SHOWN):
        raise Unconfirmed


def signed_in_now(user: User, ahead: float = 0) -> dict[str, Any]:
    """What the session of a person says who has signed in this moment, for commands and tests that look at pages.

    With `ahead` it counts as that moment for so many seconds more, however long the looking takes.
    """
    records = [{"method": "password", "at": time.time() + ahead, "email": user.email}]
    return {
        login.AUTHENTICATION_METHODS_SESSION_KEY: records,
        f"{login.AUTHENTICATION_METHODS_SESSION_KEY}_user": str(user.pk),
    }


def lead_to_confirmation(request: HttpRequest, *, fragment: bool) -> HttpResponse:
    """To the page that asks for the password, and from there back to the page; what was sent is kept nowhere."""
    if request.method == "POST":
        messages.warning(request, "Nothing was saved: enter it again.")
    url = f"{reverse('account_reauthenticate')}?{urlencode({'next': request.path})}"
    return HttpResponse(headers={"HX-Redirect": url}) if fragment else redirect(url)
