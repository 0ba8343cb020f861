"""Files that pages load: named by their content, kept for ever, small on the wire."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable

from workspace.tests.browser.installation import Installation
from workspace.tests.browser.visitor import Visitor


def test_a_missing_page_is_our_own_with_its_files(
    site: Installation, visitor: Callable[..., Visitor]
) -> None:
    nobody = visitor(site)
    assert nobody.go("/no-such-page").status == 404
    assert nobody.page.locator("h1").count() == 1
    ours = nobody.page.evaluate("[...document.styleSheets].map(sheet => sheet.cssRules.length)")
    assert ours
    assert all(ours)


def test_files_are_named_by_their_content_and_kept_for_ever(
    site: Installation, visitor: Callable[..., Visitor]
) -> None:
    nobody = visitor(site)
    nobody.go("/no-such-page")
    loaded = nobody.page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    files = [url for url in loaded if "/static/" in url]
    assert len(files) > 3
    for url in files:
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", url), url
        with urllib.request.urlopen(url, timeout=60) as answer:
            assert "immutable" in answer.headers["Cache-Control"], url
