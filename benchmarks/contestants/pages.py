"""Pages of cases over one kept-alive connection, as cheaply as Python fetches them."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlsplit

import orjson


def read_pages(site: str, since: str) -> Iterator[list[dict[str, Any]]]:
    """The entries of each page, following its link to the next."""
    line = HTTPConnection(urlsplit(site).netloc)
    target = f"/cases?page=1&since={quote(since)}" if since else "/cases?page=1"
    while target:
        line.request("GET", target)
        page = orjson.loads(line.getresponse().read())
        yield page["_embedded"]["entries"]
        following = page["_links"]["next"]
        target = following["href"] if following else ""
