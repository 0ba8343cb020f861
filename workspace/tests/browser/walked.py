"""One look at every page, by axe and HTML_CodeSniffer: at 1440 px in light and in dark, and at 320 px."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ViewportSize

from workspace.tests.browser.visitor import Visitor
from workspace.walk import Page

WIDE, NARROW = ViewportSize(width=1440, height=900), ViewportSize(width=320, height=640)
SNIFFER = Path(__file__).parent / "vendor" / "htmlcs-2.6.0.js"
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}


@dataclass(frozen=True)
class Look:
    """What was seen of one page; every list is empty when all is well."""

    page: Page
    headings: int
    light: list[str]
    dark: list[str]
    sniffed: list[str]
    too_wide: list[str]

    def __str__(self) -> str:
        return f"{self.page.name} ({self.page.path})"


def look_at(visitor: Visitor, page: Page) -> Look:
    """Open the page and look at it in every way; the window is left wide and light."""
    window = visitor.page
    visitor.go(page.path)
    window.evaluate(_SETTLE)
    headings = window.locator("h1").count()
    light, sniffed = list(violations(visitor)), sniff(visitor)
    window.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    window.evaluate(_SETTLE)
    dark, sniffed = list(violations(visitor)), [*sniffed, *sniff(visitor)]
    window.set_viewport_size(NARROW)
    window.evaluate(_SETTLE)
    too_wide = window.evaluate(_TOO_WIDE)
    window.set_viewport_size(WIDE)
    return Look(page, headings, light, dark, sniffed, too_wide)


def violations(visitor: Visitor) -> Iterator[str]:
    """What axe finds, a line for each element."""
    for found in Axe().run(visitor.page, options=RULES).response["violations"]:
        for node in found["nodes"]:
            summary = " ".join(node["failureSummary"].split())
            yield f"{found['id']}: {node['html'][:160]} {summary[:300]}"


def sniff(visitor: Visitor) -> list[str]:
    """The errors that HTML_CodeSniffer finds by WCAG AA, a line for each; what people should look at is left out."""
    if not visitor.page.evaluate("'HTMLCS' in window"):
        visitor.page.evaluate(_sniffer())
    found: list[str] = visitor.page.evaluate(_SNIFF)
    return found


@cache
def _sniffer() -> str:
    return SNIFFER.read_text()


# Letters and colours as they stay: the font is there, and whatever ends of itself has ended.
_SETTLE = """() => Promise.allSettled([document.fonts.ready, ...document.getAnimations()
    .filter((moving) => moving.effect.getComputedTiming().endTime !== Infinity).map((moving) => moving.finished)])
    .then(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve()))))"""

_SNIFF = """() => new Promise((resolve, reject) => HTMLCS.process("WCAG2AA", document, () => resolve(
    HTMLCS.getMessages().filter(({type}) => type === HTMLCS.ERROR).map(({code, msg, element}) =>
        `${code.replace("WCAG2AA.", "")}: ${(element.outerHTML || "document").slice(0, 160)} ${msg.slice(0, 300)}`
    )), reject))"""

_TOO_WIDE = """() => {
    const page = document.documentElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    const inside = (element) => element.closest(".table-responsive, pre, .rail-list, .tabs, .parts-list");
    const wide = [...document.body.querySelectorAll("*")].filter(
        (element) => element.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true})
            && element.getBoundingClientRect().right > page.clientWidth + 1 && !inside(element));
    return wide.slice(0, 4).map((element) => element.cloneNode().outerHTML.slice(0, 160));
}"""
