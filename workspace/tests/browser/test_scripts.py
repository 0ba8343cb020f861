"""Scripts in every text that a vendor or a member can supply, opened in Chromium: none runs, all are shown.

Once as visitors see the pages, where a breach of the content policy is a complaint; and once with the policy switched
off, where a script that got into a page would run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser
from pytest_django.plugin import DjangoDbBlocker

from workspace.tests.browser.hostile import OWNER, PLACES, at, first_number, hostile_workspace, payloads
from workspace.tests.browser.installation import Installation
from workspace.tests.browser.test_pages import signed_in
from workspace.tests.browser.visitor import Visitor, visit
from workspace.walk import walk

START = "/hostile/overview"
TRAP = "window.ran = []; for (const name of ['alert', 'confirm', 'prompt']) window[name] = (n) => ran.push(n)"
"""Every payload calls alert with its number."""

POINT = """() => document.querySelectorAll("[title], [data-bs-toggle], summary").forEach((element) => {
    for (const kind of ["mouseenter", "mouseover", "focusin"])
        element.dispatchEvent(new MouseEvent(kind, {bubbles: true}));
})"""
"""What a pointer over everything that shows something then does."""

HANDLERS = """() => [...document.querySelectorAll("*")].filter((element) =>
    element.getAttributeNames().some((name) => /^(on|srcdoc|(data-)?hx-on)/.test(name))
        || /^(javascript|data|vbscript):/.test(element.protocol ?? "")).map((element) => element.outerHTML)"""
"""Elements that would run something sooner or later: there is not one in our pages."""

SHOWN = """() => [...document.documentElement.outerHTML.matchAll(/alert\\((\\d+)\\)/g)].map((found) => +found[1])"""


@dataclass
class Seen:
    """What came of opening pages."""

    pages: int = 0
    ran: list[str] = field(default_factory=list)
    handlers: list[str] = field(default_factory=list)
    shown: set[int] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def look(self, visitor: Visitor, path: str) -> None:
        """Open a page, point at everything, and note."""
        visitor.go(path)
        self.note(visitor, path)

    def note(self, visitor: Visitor, path: str) -> None:
        """What has become of the page in the window."""
        page = visitor.page
        page.evaluate(POINT)
        self.pages += 1
        self.ran += [f"{path}: {number}" for number in page.evaluate("ran")]
        self.handlers += [f"{path}: {element[:200]}" for element in page.evaluate(HANDLERS)]
        self.shown |= set(page.evaluate(SHOWN))


def open_window(chromium: Browser, site: Installation, email: str = "", *, guarded: bool) -> Visitor:
    """A window in which alert is ours; `guarded` by the content policy or not."""
    window = visit(chromium, site, email, bypass_csp=not guarded)
    window.context.add_init_script(TRAP)
    return window


def addresses_with_payloads() -> Iterator[str]:
    """What a link from elsewhere could hold."""
    for payload in payloads()[::7]:
        yield f"/hostile/search?q={quote(payload, safe='')}"
        yield f"/hostile/overview?status={quote(payload, safe='')}&q={quote(payload, safe='')}"
        yield f"/hostile/settings/audit?actor={quote(payload, safe='')}"
    yield f"/hostile/{quote(payloads()[11])}"
    yield "/accounts/login/?next=javascript:alert(1)"


def addresses_of_records() -> Iterator[str]:
    """Pages of the vendor's records, of which a walk tries the first it meets."""
    cases = "/hostile/sources/desk/collections/cases"
    yield from (cases, f"{cases}/objects/1", f"{cases}/objects/{quote(at('object id'))}")


@pytest.fixture(scope="module")
def paths(site: Installation, django_db_blocker: DjangoDbBlocker) -> Iterator[list[str]]:
    """Every page of the hostile workspace, as long as it stands."""
    with django_db_blocker.unblock(), site.as_default_database():
        hostile_workspace()
        found = walk(signed_in(OWNER), START, samples=1)
        whole = [page.path for page in found.pages if page.is_whole]
        yield [*whole, *addresses_of_records(), *addresses_with_payloads()]


@pytest.fixture(scope="module", params=[True, False], ids=["guarded", "unguarded"])
def seen(request: pytest.FixtureRequest, site: Installation, chromium: Browser, paths: list[str]) -> Seen:
    """All pages with and without the policy."""
    seen, window = Seen(), open_window(chromium, site, OWNER, guarded=request.param)
    for path in paths:
        seen.look(window, path)
    seen.complaints = window.complaints
    window.context.close()
    return seen


def test_no_script_runs(seen: Seen) -> None:
    assert seen.pages > 60
    assert seen.ran == []


def test_no_page_has_an_element_that_would_run_one(seen: Seen) -> None:
    assert seen.handlers == []


def test_no_page_breaks_the_content_policy(seen: Seen) -> None:
    assert seen.complaints == []


def test_every_payload_is_shown_as_text(seen: Seen) -> None:
    hidden = {name for number, name in enumerate(PLACES, first_number()) if number not in seen.shown}
    assert hidden == set()
    assert set(range(first_number())) <= seen.shown


def test_a_page_that_let_them_through_would_be_noticed(site: Installation, chromium: Browser) -> None:
    seen, window = Seen(), open_window(chromium, site, guarded=False)
    window.go("/accounts/login/")
    for payload in payloads():
        window.page.evaluate("html => document.body.append(document.createRange()"
                             ".createContextualFragment(html))", payload)  # fmt: skip
    window.page.wait_for_function("new Set(ran).size > 40")
    seen.note(window, "leaking")
    assert len(seen.handlers) > 60
    window.context.close()


def test_the_content_policy_would_stop_them(site: Installation, chromium: Browser) -> None:
    seen, window = Seen(), open_window(chromium, site, guarded=True)
    window.go("/accounts/login/")
    window.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src onerror=alert(1)>')")
    window.page.wait_for_function("document.images[0].complete")
    seen.note(window, "leaking")
    assert seen.ran == []
    assert any("Content Security Policy" in complaint for complaint in window.complaints)
    window.context.close()
