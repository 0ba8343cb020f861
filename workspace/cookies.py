"""Cookies of our own beside Django's: their names are bound to the host where there is TLS."""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


def full_name(name: str) -> str:
    """What the browser calls the cookie."""
    return f"{settings.COOKIE_PREFIX}{name}"


class CookieMessages(CookieStorage):
    """What a page says once, on its way to the next page."""

    @property
    def cookie_name(self) -> str:  # type: ignore[override]
        """Django has a fixed one."""
        return full_name("messages")


class Messages(FallbackStorage):
    """In a cookie, or in the session what is too long for one."""

    storage_classes = (CookieMessages, SessionStorage)
