"""A server that is never the limit: answers are joined from JSON that was rendered before anybody asked.

GET  /api/v2/cases/search   as Desk's API does, as far as the connector asks
GET  /cases?page=N          plain pages of 100, [&since=STAMP] only what changed since: what other tools are given
POST /change?every=N        the next round of changes; answers with the first of its times
GET  /requests              how many pages were asked for since the last such question
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import formatdate
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import uvloop

from benchmarks.cases import Cases

PAGE = 100


class Site:
    """What is served, and how often it was asked for."""

    def __init__(self, cases: Cases) -> None:
        self.cases = cases
        self.requests = 0

    def answer(self, method: str, target: str) -> bytes:
        """The body for a request."""
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        if parts.path == "/change" and method == "POST":
            return self.cases.change(int(query["every"])).encode()
        if parts.path == "/requests":
            asked, self.requests = self.requests, 0
            return str(asked).encode()
        self.requests += 1
        if parts.path == "/cases":
            return self._plain(parts.path, query)
        if parts.path == "/api/v2/cases/search":
            return self._desk(parts.path, query)
        return self._page(parts.path, query, range(0))

    def _plain(self, path: str, query: dict[str, str]) -> bytes:
        places = (
            self.cases.changed_since(query["since"]) if query.get("since") else range(len(self.cases.ids))
        )
        return self._page(path, query, places)

    def _desk(self, path: str, query: dict[str, str]) -> bytes:
        places: Sequence[int] = self.cases.after_id(int(query.get("since_id", 0)))
        if "since_updated_at" in query:
            moment = datetime.fromtimestamp(int(query["since_updated_at"]), UTC)
            places = self.cases.changed_since(f"{moment:%Y-%m-%dT%H:%M:%SZ}")
        if query.get("sort_direction") == "desc":
            places = places[::-1]
        return self._page(path, query, places)

    def _page(self, path: str, query: dict[str, str], places: Sequence[int]) -> bytes:
        page, size = int(query.get("page", 1)), int(query.get("per_page", PAGE))
        begin = (page - 1) * size
        shown = places[begin : begin + size]
        more = begin + size < len(places)
        here = self._link(path, query, page)
        following = self._link(path, query, page + 1) if more else b"null"
        entries = b",".join([self.cases.rendered[place] for place in shown])
        head = b'{"total_entries":%d,"page":%d,"_links":{"self":%b,"next":%b},' % (
            len(places), page, here, following,
        )  # fmt: skip
        return b'%b"_embedded":{"entries":[%b]}}' % (head, entries)

    @staticmethod
    def _link(path: str, query: dict[str, str], page: int) -> bytes:
        address = f"{path}?{urlencode({**query, 'page': page}, quote_via=quote)}"
        return b'{"href":"%b","class":"page"}' % address.encode()


class Line(asyncio.Protocol):
    """A kept-alive connection."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request; bodies are not expected."""
        self._waiting += data
        while b"\r\n\r\n" in self._waiting:
            head, _, self._waiting = self._waiting.partition(b"\r\n\r\n")
            method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
            body = self._site.answer(method, target)
            self._transport.write(  # type: ignore[attr-defined]
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: %b\r\nContent-Length: %d\r\n\r\n%b"
                % (formatdate(usegmt=True).encode(), len(body), body)
            )


async def serve(count: int) -> None:
    """Serve so many cases on a free port, which is printed once everything is ready."""
    site = Site(Cases(count))
    server = await asyncio.get_running_loop().create_server(lambda: Line(site), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
