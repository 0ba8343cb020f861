"""Browsers in which somebody has signed in before: strangers who guess at an account do not lock its owner out.

Wrong passwords are counted for each account. Those from a browser that has a cookie of an earlier sign-in to the same
account are counted apart: who tries from elsewhere uses up other tries than the owner's.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core.signing import BadSignature, TimestampSigner
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse

from workspace.cookies import full_name
from workspace.models import User

COOKIE = "known_browser"
DAYS = 180


def tries_of(request: HttpRequest, email: str) -> str:
    """Under what name this browser's wrong passwords for an account are counted.

    The address as it was sent only, whatever the Host header says: allauth would begin anew for each host.
    """
    account = email.strip().lower()
    known = _read(request.COOKIES.get(full_name(COOKIE), ""))
    return f"{account} {known}" if known.startswith(_mark(account)) else account


def remember_browsers(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: leave a cookie where somebody has just signed in."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if email := request.META.get("tributary.signed_in"):
            response.set_cookie(
                full_name(COOKIE),
                TimestampSigner(salt=COOKIE).sign(f"{_mark(email)}.{secrets.token_urlsafe(12)}"),
                max_age=DAYS * 86_400,
                secure=settings.HTTPS_ONLY,
                httponly=True,
                samesite="Lax",
            )
        return response

    return respond


@receiver(user_logged_in)
def _note(request: HttpRequest, user: User, **kwargs: Any) -> None:
    request.META["tributary.signed_in"] = user.email.lower()


def _read(cookie: str) -> str:
    try:
        return TimestampSigner(salt=COOKIE).unsign(cookie, max_age=DAYS * 86_400)
    except BadSignature:
        return ""


def _mark(account: str) -> str:
    return hashlib.sha256(account.encode()).hexdigest()[:16]
