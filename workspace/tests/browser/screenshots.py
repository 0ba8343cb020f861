"""`make screenshots`: every page of an installation with some history, as people see it, into docs/screenshots.

Wide and narrow in light, five main pages in dark as well. Pages are cut off where they go on for long.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import django
from django.conf import settings

# The pages that this process walks through are not looked at: they link files by their plain names.
plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
settings.ALLOWED_HOSTS = ["*"]
django.setup()

from playwright.sync_api import Browser, sync_playwright  # noqa: E402

from workspace.models import Workspace  # noqa: E402
from workspace.tests.browser.conftest import FLAGS  # noqa: E402
from workspace.tests.browser.installation import (  # noqa: E402
    Installation,
    drop_database,
    installation,
    lay_ground,
)
from workspace.tests.browser.test_pages import OWNER, START, add_what_waits, signed_in  # noqa: E402
from workspace.tests.browser.visitor import Visitor, visit  # noqa: E402
from workspace.tests.browser.walked import NARROW, WIDE  # noqa: E402
from workspace.walk import Page, walk  # noqa: E402

SEED = ("--sources", "8", "--warehouses", "2", "--runs", "3000", "--objects", "9000", "--audit", "60")
MAIN = ("workspace:overview", "sources:list", "sources:overview", "warehouses:overview", "workspace:health")
LONGEST = 1_600
QUALITY = 72


def main(folder: Path) -> int:
    """Make an installation, walk through it, keep what is seen."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as ground_folder, sync_playwright() as playwright:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's event loop runs in this thread
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        ground = lay_ground(Path(ground_folder))
        try:
            with installation(ground) as site:
                take_all(browser, site, folder)
        finally:
            drop_database(ground.template)
            browser.close()
    return 0


def take_all(browser: Browser, site: Installation, folder: Path) -> None:
    """All pages of the site map to which links lead, for the owner."""
    site.manage("seed_history", "--owner", OWNER, *SEED)
    with site.as_default_database():
        add_what_waits(Workspace.objects.get(slug="history"))
        found = walk(signed_in(OWNER), START, samples=1).pages
        pages = {page.name: page for page in found if page.is_whole and "?" not in page.name}
        for look, size, scheme in (
            ("wide", WIDE, "light"),
            ("narrow", NARROW, "light"),
            ("dark", WIDE, "dark"),
        ):
            window = visit(browser, site, OWNER, viewport=size, color_scheme=scheme)
            for page in pages.values():
                if look != "dark" or page.name in MAIN:
                    take(window, page, folder / look)
            window.context.close()


def take(window: Visitor, page: Page, folder: Path) -> None:
    """One picture."""
    window.go(page.path)
    folder.mkdir(parents=True, exist_ok=True)
    size = window.page.viewport_size or WIDE
    height = window.page.evaluate("document.documentElement.scrollHeight")
    window.page.set_viewport_size({"width": size["width"], "height": min(max(height, 640), LONGEST)})
    name = re.sub(r"\W+", "-", page.name)
    window.page.screenshot(path=folder / f"{name}.jpg", type="jpeg", quality=QUALITY, animations="disabled")
    window.page.set_viewport_size({"width": size["width"], "height": size["height"]})


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
