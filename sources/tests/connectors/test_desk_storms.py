"""Chance against the reading: objects change, come late and vanish while runs break off and go on."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

from sources.connectors.base import Cursor, Page
from sources.tests.connectors.conftest import MakeSite
from sources.tests.connectors.sites import NOON, Site, thing

Stored = dict[str, dict[str, Any]]


class Weather:
    """Changes a collection of a site by chance; a clock of its own goes on with each change."""

    def __init__(self, site: Site, collection: str, chance: random.Random, clock: int) -> None:
        self.site, self.collection, self.chance, self.clock = site, collection, chance, clock
        self.highest = 400

    def blow(self) -> None:
        """Some changes, several to the second, some a little late."""
        for _ in range(self.chance.randrange(40)):
            self.clock += self.chance.random() < 0.2
            number = self.chance.randrange(1, self.highest + 1)
            if self.chance.random() < 0.2:
                self.highest += 1
                number = self.highest
            late = self.chance.randrange(20) if self.chance.random() < 0.3 else 0
            self.site.put(self.collection, number, self.clock - late, name=f"at {self.chance.random()}")


def run(weather: Weather, stored: Stored, cursor: Cursor) -> Cursor:
    """One run in changing weather that breaks off by chance, each time to go on from the last page stored."""
    while True:
        pages = weather.site.steps(weather.collection, cursor)
        for page in pages:
            store(page, stored)
            cursor = page.cursor
            if page.ends:
                return cursor
            weather.blow()
            if weather.chance.random() < 0.3:
                break


def store(page: Page, stored: Stored) -> None:
    for record in page.records:
        stored[record.id] = record.body


def truth(site: Site, collection: str) -> Iterator[tuple[str, str]]:
    for body in site.sandbox.truth(collection):
        yield str(body["id"]), body["name"]


@pytest.mark.parametrize("collection", ["cases", "customers", "companies"])
@pytest.mark.parametrize("seed", range(6))
def test_after_the_storm_everything_is_as_it_is_at_desk(
    seed: int, collection: str, make_site: MakeSite
) -> None:
    chance = random.Random(seed)
    clock = int(time.time()) if seed % 2 else NOON + 400
    site = make_site(**{collection: [thing(collection, n, NOON + n // 5) for n in range(1, 401)]})
    weather, stored, cursor = Weather(site, collection, chance, clock), Stored(), Cursor()
    for _ in range(4):
        cursor = run(weather, stored, cursor)
        weather.blow()
    for page in site.steps(collection, cursor):
        store(page, stored)
    assert {object_id: body["name"] for object_id, body in stored.items()} == dict(truth(site, collection))
