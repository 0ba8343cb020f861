"""A page of a list as HAL: five links, the total, and entries that are never parsed (desk-api 5)."""

from collections.abc import Iterable
from urllib.parse import urlencode


class PageLinks:
    """The addresses of a list's pages: the request's parameters are kept, keys sorted, commas escaped."""

    def __init__(self, path: str, pairs: Iterable[tuple[str, str]], per_page: int) -> None:
        kept = [(name, value) for name, value in pairs if name not in ("page", "per_page")]
        before = urlencode(sorted(pair for pair in kept if pair[0] < "page"))
        after = urlencode(sorted([*(pair for pair in kept if pair[0] > "page"), ("per_page", str(per_page))]))
        self._before = f"{path}?{before}{'&' if before else ''}page="
        self._after = f"&{after}"

    def href(self, page: int) -> str:
        """The address of a page, from /api/v2/ on."""
        return f"{self._before}{page}{self._after}"

    def link(self, page: int) -> bytes:
        """The link to a page as JSON."""
        return _link(self.href(page))


def _link(href: str) -> bytes:
    """The address was escaped for a URL, which leaves nothing that JSON would escape."""
    return f'{{"href":"{href}","class":"page"}}'.encode()


def page_body(
    links: PageLinks, page: int, per_page: int, total: int, entries: list[bytes], next_href: str | None = None
) -> list[bytes]:
    """The whole answer in pieces. A page beyond the last is empty and still links to the one before it.

    `next_href` is a wrong address for the next page, where that is wished.
    """
    last = max(1, -(-total // per_page))
    previous = links.link(page - 1) if page > 1 else b"null"
    following = links.link(page + 1) if page < last else b"null"
    if next_href:
        following = _link(next_href)
    head = b"".join(
        (
            b'{"total_entries":%d,"page":%d,"_links":{"self":' % (total, page),
            links.link(page),
            b',"first":',
            links.link(1),
            b',"last":',
            links.link(last),
            b',"previous":',
            previous,
            b',"next":',
            following,
            b'},"_embedded":{"entries":[',
        )
    )
    first, *rest = entries
    return [head + first, *rest, b"]}}"]
