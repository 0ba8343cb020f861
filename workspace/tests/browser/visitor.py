"""Somebody in front of a browser window, and what the window complains about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

from workspace.confirming import signed_in_now
from workspace.models import User
from workspace.tests.browser.installation import PATIENCE, Installation


@dataclass
class Visitor:
    """A window of its own: cookies, one page, and `complaints` of scripts, of the content policy, of the server."""

    site: Installation
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Response:
        """Open a page of the installation."""
        response = self.page.goto(self.site.url + path)
        assert response is not None, path
        return response

    def fill(self, **labels: str) -> None:
        """Type into the fields of these labels."""
        for label, value in labels.items():
            self.page.get_by_label(label, exact=True).fill(value)

    def press(self, name: str) -> None:
        """Click the button, or the link that looks like one."""
        button = self.page.get_by_role("button", name=name, exact=True)
        link = self.page.get_by_role("link", name=name, exact=True)
        button.or_(link).first.click()


def visit(browser: Browser, site: Installation, email: str = "", **options: Any) -> Visitor:
    """A window for the person of this address, signed in already; for nobody in particular without one.

    `options` are those of a browser context: viewport, color_scheme, java_script_enabled …
    """
    context = browser.new_context(reduced_motion="reduce", **options)
    context.set_default_timeout(PATIENCE * 1000)
    if email:
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": _session(email), "url": site.url}]
        )
    visitor = Visitor(site, context, context.new_page())
    _listen(visitor)
    return visitor


def _listen(visitor: Visitor) -> None:
    def said(message: ConsoleMessage) -> None:
        # That an answer was 404 or 403 is what some tests ask for.
        if message.type == "error" and "Failed to load resource" not in message.text:
            visitor.complaints.append(f"{visitor.page.url}: {message.text}")

    def answered(response: Response) -> None:
        missing = response.status == 404 and response.request.resource_type != "document"
        if response.status >= 500 or missing:
            visitor.complaints.append(f"{response.status} for {response.url}")

    visitor.page.on("console", said)
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(f"{visitor.page.url}: {error}"))
    visitor.page.on("response", answered)


def _session(email: str) -> str:
    """As if the person had signed in a moment ago."""
    user, store = User.objects.get(email=email), SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.update(signed_in_now(user, ahead=86_400))
    store.save()
    return str(store.session_key)
