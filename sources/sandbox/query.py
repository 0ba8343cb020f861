"""The parameters of a list: which page, how long, in what order, between which ids and moments."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from sources.sandbox.answers import Refusal, invalid
from sources.sandbox.rules import DEFAULT_PER_PAGE, PAGE_CAP, PAGE_TOO_HIGH, Rules
from sources.sandbox.stamps import seconds_of
from sources.sandbox.whole import whole


class Window(NamedTuple):
    """Both ends are included; None leaves a side open."""

    since: int | None = None
    until: int | None = None

    @property
    def open(self) -> bool:
        """Whether everything lies in it."""
        return self.since is None and self.until is None

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int):
            return False
        return (self.since is None or value >= self.since) and (self.until is None or value <= self.until)


OPEN = Window()


@dataclass(frozen=True)
class Query:
    """A list request understood."""

    page: int
    per_page: int
    sort: str
    descending: bool
    ids: Window
    created: Window
    updated: Window

    def within(self, stamp: str, window: Window) -> "Query":
        """The same list cut to a window of `created_at` or `updated_at`."""
        return replace(self, created=window) if stamp == "created_at" else replace(self, updated=window)


def understood(params: Mapping[str, str], rules: Rules, *, since_id_excludes: bool = False) -> Query:
    """What these parameters mean for a list with these rules.

    `since_id` compares with >=, as two clients found, or with >, as the documentation said.
    Refusal (422) for a page above the cap and for an id or moment that cannot be read.
    """
    page = _number(params.get("page"), 1)
    if page > PAGE_CAP:
        raise Refusal(422, PAGE_TOO_HIGH)
    per_page = min(_number(params.get("per_page"), DEFAULT_PER_PAGE), rules.most_per_page)
    sort = params.get("sort_field", "id").lower()
    ids = _window(params, rules, "id")
    if since_id_excludes and ids.since is not None:
        ids = Window(ids.since + 1, ids.until)
    descending = params.get("sort_direction", "").lower() == "desc"
    return Query(
        page,
        per_page,
        sort if sort in rules.sorts else "id",
        descending,
        ids,
        _window(params, rules, "created_at"),
        _window(params, rules, "updated_at"),
    )


def _number(text: str | None, otherwise: int) -> int:
    return whole(text) or otherwise


def _window(params: Mapping[str, str], rules: Rules, name: str) -> Window:
    if name not in rules.windows:
        return OPEN
    since, until = (_bound(params, f"{side}_{name}") for side in ("since", "max"))
    return Window(since, until) if since is not None or until is not None else OPEN


def _bound(params: Mapping[str, str], name: str) -> int | None:
    """Unix seconds in every client known to have run, ISO 8601 in one (php); an id is a number."""
    text = params.get(name, "")
    if not text:
        return None
    value = moment(text)
    if value is None or (name.endswith("_id") and whole(text) is None):
        raise invalid({name: ["invalid"]})
    return value


def moment(text: str) -> int | None:
    """The unix seconds meant by a number or by a stamp like 2016-11-22T08:30:00Z; None if neither."""
    number = whole(text.removeprefix("-"))
    if number is None:
        return seconds_of(text) or None
    return -number if text.startswith("-") else number
