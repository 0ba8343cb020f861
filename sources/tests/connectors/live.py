"""A live account for each connector, so that all of them can be held to one contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from sources.sandbox.generator import generate
from sources.sandbox.server import Sandbox


@dataclass(frozen=True)
class LiveAccount:
    """What the contract needs to know of an account."""

    form: Mapping[str, Any]
    """What a customer types."""
    wrong: Mapping[str, Any]
    """What they might type instead, and be told so."""
    hosts: frozenset[str]
    """Hosts of the server, allowed to be private."""
    ids: Mapping[str, set[str]]
    """The ids of all objects, by collection."""


@contextmanager
def desk_account() -> Iterator[LiveAccount]:
    """A Desk sandbox of some hundred cases."""
    items = list(generate(700, seed=11))
    ids: dict[str, set[str]] = {}
    for collection, body in items:
        ids.setdefault(collection, set()).add(body["_links"]["self"]["href"].rpartition("/")[2])
    with Sandbox(items) as sandbox:
        form = {"subdomain": sandbox.url, "email": "admin@example.com", "password": "desk-sandbox"}
        hosts = frozenset({sandbox.url.removeprefix("http://")})
        yield LiveAccount(form, {**form, "password": "guess"}, hosts, ids)


ACCOUNTS: dict[str, Callable[[], AbstractContextManager[LiveAccount]]] = {"desk": desk_account}
"""By kind of connector."""
