"""Signing in, done by django-allauth: what we make of it, and which of its pages there are."""

from __future__ import annotations

import logging
from collections.abc import Callable
from smtplib import SMTPException
from typing import Any

from allauth.account import views as account
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url

from workspace.known_browsers import tries_of
from workspace.models import User
from workspace.secrets import open_sealed, seal

log = logging.getLogger(__name__)

SEALED_FOR = "mfa"
"""What seeds of one-time codes are bound to: allauth does not tell the row they are for."""


class OnlyInvited(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up: accounts come from invitations, `bootstrap` and the first run of an installation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to where one came from."""
        return resolve_url("profile")

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Under what name wrong passwords are counted."""
        return tries_of(request, credentials.get("email") or credentials.get("username") or "")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send it; a mail server that is away is ours to notice, and the page says the same either way."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            log.error("Mail %s could not be sent: %s", template_prefix, type(error).__name__)


class SealedAuthenticators(DefaultMFAAdapter):  # type: ignore[misc]
    """Seeds of one-time codes are kept like any other credential."""

    def encrypt(self, text: str) -> str:
        """Sealed for the database."""
        return seal({"text": text}, SEALED_FOR).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The text that was sealed."""
        return str(open_sealed(encrypted_text.encode(), SEALED_FOR)["text"])


@login_not_required
def log_in(request: HttpRequest) -> HttpResponse:
    """Allauth's page; in an empty installation there is nobody who could."""
    if request.method == "GET" and not User.objects.exists():
        return redirect("first_workspace")
    answer: HttpResponse = account.login(request)
    return answer


@login_not_required
def not_here(request: HttpRequest) -> HttpResponse:
    """A page that allauth wants to name and we do not have."""
    raise Http404


def lead_fragments_to_sign_in(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: where a session has ended, htmx loads the whole page again instead of a form inside of it."""
    sign_in = resolve_url("account_login")

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        lost = response.status_code == 302 and response["Location"].startswith(sign_in)
        if lost and request.headers.get("HX-Request") == "true":
            return HttpResponse(headers={"HX-Refresh": "true"})
        return response

    return respond
