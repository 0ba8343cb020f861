"""The vendor's rate limit, shared by everybody who reads a source."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
import time_machine

from sources.traffic import WINDOW, SharedTraffic

NOON = datetime(2017, 3, 1, 12, tzinfo=UTC)


class Worker(SharedTraffic):
    """Notes its waits instead of waiting."""

    def __init__(self, source_id: uuid.UUID) -> None:
        super().__init__(source_id)
        self.waits: list[float] = []

    def pause(self, seconds: float, reason: str) -> None:
        self.waits.append(seconds)


@pytest.fixture
def workers() -> tuple[Worker, Worker]:
    """Two who read the same source."""
    source_id = uuid.uuid4()
    return Worker(source_id), Worker(source_id)


def test_a_window_that_runs_low_is_waited_out_by_all_workers(workers: tuple[Worker, Worker]) -> None:
    hears, other = workers
    hears.after_answer(300, 3, 40)
    other.before_request()
    assert len(other.waits) == 1
    assert 0 < other.waits[0] <= 40


def test_a_vendor_that_says_when_instead_of_how_long_blocks_for_a_minute_at_most(
    workers: tuple[Worker, Worker],
) -> None:
    hears, other = workers
    with time_machine.travel(NOON, tick=False) as clock:
        hears.after_answer(300, 3, NOON.timestamp() + 60)
        clock.shift(WINDOW)
        hears.before_request()
        other.before_request()
    assert (hears.waits, other.waits) == ([], [])


def test_an_answer_with_room_left_ends_the_block_for_all(workers: tuple[Worker, Worker]) -> None:
    hears, other = workers
    hears.after_answer(300, 3, 60)
    hears.after_answer(300, 299, 60)
    hears.before_request()
    other.before_request()
    assert (hears.waits, other.waits) == ([], [])
