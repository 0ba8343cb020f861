"""Every page of a workspace, found as a person finds them: by following links from one page to the next.

Pages of the site map to which no link leads are tried afterwards with what the addresses of the others hold. Only GET
requests are made; nothing is changed.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from django.http import HttpResponseBase
from django.test import Client
from django.urls import NoReverseMatch, Resolver404, URLResolver, get_resolver, resolve, reverse

NOT_WALKED = ("admin:", "account_logout")
NOT_TRIED = (*NOT_WALKED, "account_", "mfa_")
"""Signing in is a path of its own, with pages that only its steps lead to."""
TELLING = ("part", "step", "kind")
"""Arguments of addresses whose values make a page of its own: settings/general is another than settings/access."""

SITE_MAP = "the site map"

Kind = tuple[Any, ...]


@dataclass(frozen=True)
class Page:
    """One page that answered."""

    name: str
    """Its name in the site map, with the telling arguments: `workspace:settings_part general`."""
    path: str
    status: int
    is_whole: bool
    """Whether it is a page for people, and not a part of one or a file."""
    linked: bool
    """Whether another page leads to it."""


@dataclass
class Walk:
    """What was found."""

    pages: list[Page] = field(default_factory=list)
    dead: dict[str, str] = field(default_factory=dict)
    """Address → the page with the link to it, and what is wrong."""
    unwalked: dict[str, str] = field(default_factory=dict)
    """Name in the site map to which no page leads → why trying it gave no page."""


class _Links(HTMLParser):
    """The addresses in a page: of links, of parts that htmx fetches, and where forms go."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.followed: list[str] = []
        self.posted: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what this element leads to."""
        given = {name: value or "" for name, value in attrs}
        self.followed += [given[name] for name in ("href", "hx-get") if name in given and tag != "link"]
        self.posted += [given[name] for name in ("hx-post", "hx-delete") if name in given]
        if tag == "form" and given.get("action"):
            (self.posted if given.get("method") == "post" else self.followed).append(given["action"])


def walk(client: Client, start: str, samples: int = 2) -> Walk:
    """Follow links from `start` with the session of `client`, `samples` pages of each kind."""
    return _Walker(client, samples).walk(start)


class _Walker:
    def __init__(self, client: Client, samples: int) -> None:
        self.client = client
        self.samples = samples
        self.found = Walk()
        self.seen: set[str] = set()
        self.kinds: Counter[Kind] = Counter()
        self.arguments: dict[str, dict[str, Any]] = {}
        self.queue: deque[tuple[str, str]] = deque()

    def walk(self, start: str) -> Walk:
        self._note(start, "the start")
        self._follow()
        for name, arguments in _named(get_resolver()):
            if not name.startswith(NOT_TRIED) and name not in {kind[0] for kind in self.kinds}:
                self._try(name, arguments)
                self._follow()
        return self.found

    def _follow(self) -> None:
        while self.queue:
            path, origin = self.queue.popleft()
            self._visit(path, origin, linked=origin != SITE_MAP)

    def _try(self, name: str, wanted: tuple[str, ...]) -> None:
        """A page without a link to it: its address is made of arguments seen in others, of its own side first."""
        known = {**self.arguments.get("", {}), **self.arguments.get(name.rpartition(":")[0], {})}
        try:
            path = reverse(name, kwargs={argument: known[argument] for argument in wanted})
        except (KeyError, NoReverseMatch):
            self.found.unwalked[name] = "no page gave its arguments"
        else:
            self._visit(path, SITE_MAP, linked=False)

    def _visit(self, path: str, origin: str, *, linked: bool) -> None:
        response = self.client.get(path)
        if response.status_code in (301, 302, 303):
            self._note(urljoin(path, response["Location"]), origin)
        elif response.status_code == 405 and not linked:
            return  # it is there for what is posted
        elif response.status_code >= 400 and not linked:
            self.found.unwalked[_label(path)] = f"{response.status_code} for {path}"
        elif response.status_code >= 400:
            self.found.dead[path] = f"{response.status_code}, linked on {origin}"
        else:
            is_html = response.get("Content-Type", "").startswith("text/html")
            whole = is_html and "<html" in _text(response)
            self.found.pages.append(Page(_label(path), path, response.status_code, whole, linked))
            if is_html:
                self._read(path, response)

    def _read(self, path: str, response: HttpResponseBase) -> None:
        links = _Links(_text(response))
        for href in links.followed:
            self._note(urljoin(path, href), path)
        for href in links.posted:
            target = urlsplit(urljoin(path, href)).path
            try:
                self._remember(resolve(target))
            except Resolver404:
                self.found.dead[target] = f"no such address, a form of {path} goes there"

    def _note(self, url: str, origin: str) -> None:
        """Queue an address unless it leads away or enough of its kind were seen."""
        parts = urlsplit(url)
        if parts.scheme not in ("", "http", "https") or parts.netloc or parts.path.startswith("/static/"):
            return
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if path in self.seen or (parts.query and "?" in origin):
            return
        self.seen.add(path)
        try:
            match = resolve(parts.path)
        except Resolver404:
            self.found.dead[path] = f"no such address, linked on {origin}"
            return
        if match.view_name.startswith(NOT_WALKED):
            return
        self._remember(match)
        kind = (match.view_name, *_telling(match), *sorted(parse_qs(parts.query)))
        self.kinds[kind] += 1
        if self.kinds[kind] <= self.samples:
            self.queue.append((path, origin))

    def _remember(self, match: Any) -> None:
        for side in ("", match.namespace):
            self.arguments.setdefault(side, {}).update(match.kwargs)


def _text(response: HttpResponseBase) -> str:
    parts = response.streaming_content if response.streaming else [response.content]  # type: ignore[attr-defined]
    return b"".join(parts).decode(errors="replace")


def _telling(match: Any) -> list[str]:
    return [match.kwargs[name] for name in TELLING if name in match.kwargs]


def _label(path: str) -> str:
    parts = urlsplit(path)
    match = resolve(parts.path)
    query = [f"?{name}" for name in sorted(parse_qs(parts.query, keep_blank_values=True))]
    return " ".join([match.view_name, *_telling(match), *query])


def _named(
    resolver: URLResolver, prefix: str = "", outer: tuple[str, ...] = ()
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The names of the site map with their namespaces, and the arguments their addresses take."""
    for pattern in resolver.url_patterns:
        arguments = (*outer, *pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            yield from _named(
                pattern, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix, arguments
            )
        elif pattern.name:
            yield prefix + pattern.name, arguments
