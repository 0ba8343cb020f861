"""From a list request to the bytes of a page."""

from collections.abc import Iterable

import orjson

from sources.sandbox.hal import PageLinks, page_body
from sources.sandbox.query import understood
from sources.sandbox.request import Request
from sources.sandbox.rules import Rules, rules
from sources.sandbox.search import searched
from sources.sandbox.selection import select, windowed
from sources.sandbox.shape import Resolve, Shape
from sources.sandbox.spoil import Quirks
from sources.sandbox.store import Store
from sources.sandbox.targets import Listing, Made


def stored_page(
    store: Store, listing: Listing, request: Request, quirks: Quirks, resolve: Resolve
) -> list[bytes]:
    """A page of stored objects, joined from the spool; parsed only for `fields` and `embed`."""
    limits = rules(listing.collection)
    query = understood(request.params, limits, since_id_excludes=quirks.since_id_excludes)
    owners, conditions = listing.owners, listing.conditions
    if listing.search:
        query, searched_owners, more = searched(store, listing.collection, request.params, query)
        owners, conditions = _both(owners, searched_owners), (*conditions, *more)
    view = select(store, windowed(query, listing.collection, owners, conditions), query.descending)
    slots = view.page(quirks.shown_page(query.page), query.per_page)
    entries = store.spool.joined(store[listing.collection].deliver(slots))
    shape = Shape.of(request.params, listing.collection, leave_ids_out=quirks.no_ids)
    if shape:
        entries = [shape.entries(b"".join(entries), resolve)]
    links = PageLinks(listing.path, _echoed(request, listing), query.per_page)
    next_href = quirks.next_href(links, query.page)
    return page_body(links, query.page, query.per_page, view.total, entries, next_href)


def made_page(made: Made, request: Request) -> list[bytes]:
    """A page of made-up objects."""
    query = understood(request.params, Rules())
    first = (query.page - 1) * query.per_page
    shown = made.entries[first : first + query.per_page]
    entries = b",".join(orjson.dumps(entry) for entry in shown)
    links = PageLinks(made.path, request.pairs, query.per_page)
    return page_body(links, query.page, query.per_page, len(made.entries), [entries])


def _both(one: frozenset[int] | None, other: frozenset[int] | None) -> frozenset[int] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _echoed(request: Request, listing: Listing) -> Iterable[tuple[str, str]]:
    """The parameters as page links repeat them: searches took the quotes off single fields (recorded)."""
    if not listing.search:
        return request.pairs
    return [(name, value if name == "q" else value.strip('"')) for name, value in request.pairs]
