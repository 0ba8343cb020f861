"""Desk API v2: from a request to the answer Desk would give."""

from collections import Counter, deque
from typing import NamedTuple

from sources.sandbox.answers import Answer, Refusal, Tag, found, not_found
from sources.sandbox.auth import Door, Login
from sources.sandbox.faults import Faults
from sources.sandbox.limits import MinuteLimit
from sources.sandbox.lists import made_page, stored_page
from sources.sandbox.request import Request
from sources.sandbox.routes import target, thing
from sources.sandbox.shape import Shape
from sources.sandbox.spoil import NONE, Quirks, instead, spoiled
from sources.sandbox.store import Store
from sources.sandbox.targets import Listing, Made
from sources.sandbox.writes import write

READING = ("GET", "HEAD")


class Asked(NamedTuple):
    """A request that was answered, for whoever wants to know what a client does."""

    method: str
    path: str
    query: str
    status: int


class DeskApi:
    """Answers requests for one site. Every answer, a 401 too, counts towards the rate limit."""

    def __init__(self, store: Store, door: Door, limit: MinuteLimit, faults: Faults) -> None:
        self.store, self.door, self.limit, self.faults = store, door, limit, faults
        self.statuses: Counter[int] = Counter()
        self.asked: deque[Asked] = deque(maxlen=1_000)

    def answer(self, request: Request) -> Answer:
        """The answer with the headers that every answer has."""
        answer = self._limited(request)
        self.statuses[answer.status] += 1
        self.asked.append(Asked(request.method, request.path, request.query, answer.status))
        return answer

    def _limited(self, request: Request) -> Answer:
        within, headers = self.limit.take()
        faults = self.faults.strike(request) if within else []
        try:
            if not within:
                raise Refusal(429, "Too Many Requests")
            answer = instead(faults) or self._answer(request, Quirks.of(faults) if faults else NONE)
        except Refusal as refusal:
            answer = refusal.answer(writing=request.intent not in READING)
        answer.headers = [*headers, *answer.headers]
        return spoiled(answer, faults) if faults else answer

    def _answer(self, request: Request, quirks: Quirks) -> Answer:
        login = self.door.who(request)
        if login is None:
            raise Refusal(401, "Unauthorized")
        if request.segments is None:
            raise not_found()
        with self.store.lock:
            if request.intent in READING:
                return self._read(request, request.segments, login, quirks)
            return write(self.store, request, request.segments)

    def _read(self, request: Request, segments: tuple[str, ...], login: Login, quirks: Quirks) -> Answer:
        def resolve(href: str) -> bytes | None:
            return thing(self.store, href, login)

        asked = target(self.store, segments, request.params, login)
        if isinstance(asked, Listing):
            pieces, tag = stored_page(self.store, asked, request, quirks, resolve), _list_tag(asked)
        elif isinstance(asked, Made):
            pieces, tag = made_page(asked, request), asked.tag
        else:
            shape = Shape.of(request.params, segments[0], leave_ids_out=quirks.no_ids)
            pieces, tag = [shape.entries(asked.body, resolve) if shape else asked.body], asked.tag
        if quirks.no_etags:
            tag = Tag.NONE if tag is Tag.NONE else Tag.UNTAGGED
        answer = found(pieces, tag, self.store.version, request.header(b"if-none-match"))
        answer.chunked = isinstance(asked, Listing) and tag is Tag.NONE
        return answer


def _list_tag(listing: Listing) -> Tag:
    """Cases came without etag in 2016, articles with weak ones, the list of users with the site's version."""
    if listing.collection == "cases":
        return Tag.NONE
    return {"articles": Tag.WEAK, "users": Tag.SITE}.get(listing.collection, Tag.BODY)
