"""Installations, browsers and people for the tests of pages.

Everything here lives as long as this folder's tests run: Playwright leaves an event loop running in the thread, with
which other tests' database calls would be refused.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from pytest_django.plugin import DjangoDbBlocker

from workspace.tests.browser.installation import Ground, Installation, drop_database, installation, lay_ground
from workspace.tests.browser.visitor import Visitor, visit

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All in one worker: they share a browser and an installation."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """A migrated database to copy, and the static files."""
    ground = lay_ground(tmp_path_factory.mktemp("browser"))
    yield ground
    drop_database(ground.template)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """CHROMIUM, or the one on the PATH."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert program, "There is no Chromium: `make chromium` installs it."
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # its event loop runs in this thread, ours does not
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def site(ground: Ground) -> Iterator[Installation]:
    """The installation that most tests share."""
    with installation(ground) as site:
        yield site


@pytest.fixture
def new_site(ground: Ground) -> Iterator[Installation]:
    """One where nobody has ever been."""
    with installation(ground) as site:
        yield site


@pytest.fixture
def database(site: Installation, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Models of the test itself work in the shared installation."""
    with django_db_blocker.unblock(), site.as_default_database():
        yield


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """A function that opens a browser of its own for somebody; see `visit`. Complaints of its pages fail the test."""
    opened: list[Visitor] = []

    def open_for(site: Installation, email: str = "", **options: Any) -> Visitor:
        opened.append(visit(chromium, site, email, **options))
        return opened[-1]

    yield open_for
    for visitor in opened:
        visitor.context.close()
    assert [complaint for visitor in opened for complaint in visitor.complaints] == []
