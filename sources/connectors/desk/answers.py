"""An answer of the API that lists objects, checked before anybody relies on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from sources.connectors.desk.failures import malformed
from sources.connectors.desk.transport import Reply
from workspace.errors import TransientError
from workspace.payload import parse


@dataclass(frozen=True, slots=True)
class Listing:
    """One page as the API gives it: HAL with `total_entries`, `_links` and `_embedded.entries`."""

    entries: list[Any]
    total: int
    links: dict[str, Any]
    clock: datetime
    """The server's own time: nothing in the answer can have happened later."""

    @property
    def more(self) -> bool:
        """Whether the API has a next page."""
        return self.links["next"] is not None


def parse_object(reply: Reply, host: str, path: str) -> dict[str, Any]:
    """The JSON object of an answer; raises TransientError for HTML, a cut body and everything else."""
    try:
        value = parse(reply.body)
    except (ValueError, RecursionError):
        raise malformed(host, path, "is not JSON") from None
    if not isinstance(value, dict):
        raise malformed(host, path, "is not a JSON object")
    return value


def parse_listing(reply: Reply, base_url: str, path: str) -> Listing:
    """A listing with everything the reading relies on; raises TransientError for all else."""
    host = urlsplit(base_url).netloc
    value = parse_object(reply, host, path)
    embedded, links, total = value.get("_embedded"), value.get("_links"), value.get("total_entries")
    entries = embedded.get("entries") if isinstance(embedded, dict) else None
    if not isinstance(entries, list) or type(total) is not int or total < 0:
        raise malformed(host, path, "lists no entries")
    if not isinstance(links, dict) or "next" not in links:
        raise malformed(host, path, "does not say whether there is more")
    if links["next"] is not None:
        _check_next(_href(links["next"]), _href(links.get("self")), base_url, path)
    return Listing(entries, total, links, _clock(reply))


def check_next_page(listing: Listing, base_url: str, path: str, page: int) -> int | None:
    """The entries per page the server grants; None when it does not say.

    Raises TransientError unless this is the page asked for and `next` leads to the one after it, in the same
    list.
    """
    host = urlsplit(base_url).netloc
    here, granted = _position(_href(listing.links.get("self")), path)
    if here not in (page, None):
        raise TransientError(f"{host} repeats page {here} of {path} for page {page}.", code="repeated_page")
    if listing.more:
        href = _href(listing.links["next"])
        following, size = _position(href, path)
        if following != page + 1 or granted not in (size, None):
            raise TransientError(
                f"{host} leads from page {page} of {path} to {href!r}.", code="bad_next_link"
            )
    return granted


def _check_next(href: str, here: str, base_url: str, path: str) -> None:
    """A link to another host or to the page it is on is never followed."""
    try:
        target = urlsplit(urljoin(base_url, href))
        same = (target.scheme, target.netloc) == urlsplit(base_url)[:2]
    except ValueError:
        same = False
    if not same or href == here:
        host, where = urlsplit(base_url).netloc, "itself" if same else f"another host, {href!r}"
        raise TransientError(f"{host} leads from {path} to {where}.", code="bad_next_link")


def _href(link: Any) -> str:
    href = link.get("href") if isinstance(link, dict) else None
    return href if isinstance(href, str) else ""


def _position(href: str, path: str) -> tuple[int | None, int | None]:
    """`page` and `per_page` of a link into the list at `path`."""
    parts = urlsplit(href)
    if parts.path != path:
        return None, None
    query = parse_qs(parts.query)
    return _number(query.get("page")), _number(query.get("per_page"))


def _number(values: list[str] | None) -> int | None:
    return int(values[0]) if values and values[0].isdecimal() else None


def _clock(reply: Reply) -> datetime:
    try:
        said = parsedate_to_datetime(reply.headers["Date"])
    except (KeyError, ValueError):
        return datetime.now(UTC)
    return said if said.tzinfo else said.replace(tzinfo=UTC)
