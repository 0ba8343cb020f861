"""Time passing on the site."""

import threading
import time
from typing import Any

import pytest

from sources.sandbox.generator import generate
from sources.sandbox.live import Life
from sources.sandbox.server import Sandbox
from sources.tests.sandbox.conftest import asker


def wait_until(true: Any) -> None:
    deadline, pause = time.monotonic() + 20, threading.Event()
    while not true():
        assert time.monotonic() < deadline, "It did not happen in time."
        pause.wait(0.01)


def test_cases_come_move_and_vanish_as_time_passes() -> None:
    with Sandbox(generate(300, seed=5)) as site:
        before = {entry["id"]: entry for entry in site.truth("cases")}
        for _ in range(150):
            site.life.step()
        after = {entry["id"]: entry for entry in site.truth("cases")}
    kept = before.keys() & after.keys()
    assert after.keys() - before.keys()
    assert before.keys() - after.keys()
    assert any((before[own]["priority"], after[own]["priority"]) == (2, 4) for own in kept)
    assert any(before[own]["status"] != "deleted" == after[own]["status"] for own in kept)
    assert any(
        before[own] != after[own] and before[own]["updated_at"] == after[own]["updated_at"] for own in kept
    )


def test_time_passes_while_the_site_is_read_and_stops_when_told() -> None:
    with Sandbox(generate(50, seed=5)) as site:
        ask = asker(site)
        ask("/_sandbox/live", "PUT", {"every": 0.01})
        wait_until(lambda: ask("/cases").status == 200 and ask("/_sandbox/").json["live_steps"] > 5)
        assert ask("/_sandbox/live", "PUT", {"on": False}).json["live"] is False
        assert ask("/_sandbox/").json["live_steps"] == site.life.steps


@pytest.mark.parametrize("sent", [[], {"every": "often"}])
def test_a_pace_that_makes_no_sense_is_refused(site: Sandbox, sent: Any) -> None:
    assert asker(site)("/_sandbox/live", "PUT", sent).status == 400


def test_every_page_is_whole_while_objects_change() -> None:
    with Sandbox(generate(400, seed=6)) as site:
        ask, life = asker(site), Life(site.store, every=0.001)
        life.start()
        for page in range(1, 60):
            reply = ask(f"/cases?sort_field=updated_at&per_page=20&page={page % 10 + 1}").json
            stamps = [entry["updated_at"] for entry in reply["_embedded"]["entries"]]
            assert (len(stamps), stamps) == (20, sorted(stamps))
        life.stop()
