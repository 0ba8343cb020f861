"""One thread makes, another takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from workspace.ahead import Ahead


def test_items_come_in_order() -> None:
    with Ahead(iter(range(50)), 3) as ahead:
        assert list(ahead) == list(range(50))


def test_a_failure_comes_after_what_was_made_before_it() -> None:
    def produce() -> Iterator[int]:
        yield 1
        raise ValueError("the vendor is away")

    taken: list[int] = []
    with pytest.raises(ValueError, match="the vendor is away"), Ahead(produce(), 3) as ahead:
        taken.extend(ahead)
    assert taken == [1] or not taken


def test_the_producer_never_runs_further_ahead_than_allowed() -> None:
    made = []

    def produce() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    with Ahead(produce(), 4) as ahead:
        next(iter(ahead))
        assert len(made) <= 1 + 4 + 1
    assert len(made) < 100


def test_leaving_early_ends_the_producer() -> None:
    with Ahead(iter(range(10**9)), 2) as ahead:
        next(iter(ahead))
    assert not [thread for thread in threading.enumerate() if thread.name == "ahead"]


def test_ready_gives_what_is_there_and_never_waits() -> None:
    gate = threading.Event()

    def produce() -> Iterator[int]:
        yield 1
        gate.wait()
        yield 2

    with Ahead(produce(), 4) as ahead:
        first = next(iter(ahead))
        assert (first, ahead.ready()) == (1, None)
        gate.set()
        assert next(iter(ahead)) == 2


def test_the_end_found_by_ready_is_still_the_end_of_the_loop() -> None:
    with Ahead(iter([1]), 4) as ahead:
        taken = list(ahead)
        assert (taken, ahead.ready()) == ([1], None)


def test_a_waiting_consumer_can_be_called_off() -> None:
    gate = threading.Event()

    def produce() -> Iterator[int]:
        gate.wait(20)
        yield 1

    def call_off() -> None:
        gate.set()
        raise TimeoutError("cancelled")

    with pytest.raises(TimeoutError), Ahead(produce(), 1, call_off) as ahead:
        next(iter(ahead))
