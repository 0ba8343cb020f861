"""What tests of people share."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from workspace.models import User

PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(autouse=True)
def _limits_of_its_own(settings: Settings) -> Iterator[None]:
    """Tries are counted per caller's address, which all tests share: here in the memory of this process."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def browser() -> Client:
    """Nobody is signed in here."""
    return Client()


def log_in(browser: Client, email: str, password: str = PASSWORD, then: str = "") -> str:
    """Send the form; the address where it leads, or nothing when it stays."""
    answer = browser.post("/accounts/login/", {"login": email, "password": password, "next": then})
    return answer["Location"] if answer.status_code == 302 else ""


def with_authenticator(user: User) -> Authenticator:
    """Two-factor sign-in of this person is on, with SECRET."""
    return TOTP.activate(user, SECRET).instance


def code_now(secret: str = SECRET) -> str:
    """What the authenticator app shows; let the clock stand still where two are needed."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
