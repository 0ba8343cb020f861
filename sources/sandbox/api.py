"""Desk API v2: from a request to the answer Desk would give."""

from sources.sandbox.answers import Answer, Refusal, Tag, found, not_allowed
from sources.sandbox.auth import Door, Login
from sources.sandbox.faults import Quirks
from sources.sandbox.limits import MinuteLimit
from sources.sandbox.lists import made_page, stored_page
from sources.sandbox.request import Request
from sources.sandbox.routes import target, thing
from sources.sandbox.shape import Shape
from sources.sandbox.store import Store
from sources.sandbox.targets import Listing, Made, Target


class DeskApi:
    """Answers requests for one site. Every answer, a 401 too, counts towards the rate limit."""

    def __init__(self, store: Store, door: Door, limit: MinuteLimit) -> None:
        self.store, self.door, self.limit = store, door, limit

    def answer(self, request: Request) -> Answer:
        """The answer with the headers that every answer has."""
        within, headers = self.limit.take()
        try:
            if not within:
                raise Refusal(429, "Too Many Requests")
            answer = self._answer(request)
        except Refusal as refusal:
            answer = refusal.answer(writing=request.intent not in ("GET", "HEAD"))
        answer.headers = [*headers, *answer.headers]
        return answer

    def _answer(self, request: Request) -> Answer:
        login = self.door.who(request)
        if login is None:
            raise Refusal(401, "Unauthorized")
        segments = request.segments
        if segments is None:
            raise Refusal(404, "Resource Not Found")
        if request.intent not in ("GET", "HEAD"):
            raise not_allowed()
        with self.store.lock:
            return self._read(request, target(self.store, segments, request.params, login), login, Quirks())

    def _read(self, request: Request, asked: Target, login: Login, quirks: Quirks) -> Answer:
        def resolve(href: str) -> bytes | None:
            return thing(self.store, href, login)

        if isinstance(asked, Listing):
            pieces, tag = stored_page(self.store, asked, request, quirks, resolve), _list_tag(asked)
        elif isinstance(asked, Made):
            pieces, tag = made_page(asked, request), asked.tag
        else:
            body, tag = asked.body, asked.tag
            shape = Shape.of(request.params, (request.segments or ("",))[0], leave_ids_out=quirks.no_ids)
            pieces = [shape.entries(body, resolve) if shape else body]
        answer = found(pieces, tag, self.store.version, request.header(b"if-none-match"))
        answer.chunked = isinstance(asked, Listing) and tag is Tag.NONE
        return answer


def _list_tag(listing: Listing) -> Tag:
    """Cases came without etag in 2016, articles with weak ones, the list of users with the site's version."""
    if listing.collection == "cases":
        return Tag.NONE
    return {"articles": Tag.WEAK, "users": Tag.SITE}.get(listing.collection, Tag.BODY)
