"""Our clock is wrong: what is read and what is loaded is the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.utils import timezone

from sources.tests.sandbox.test_command import running
from workspace.runs import Run
from workspace.tests.path.stretch import Stretch

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def test_a_clock_that_is_a_day_fast_or_slow_changes_no_result(make_path: Callable[..., Stretch]) -> None:
    with running("--cases", "40") as (url, _):  # a process of its own, whose clock stays right
        path = make_path(desk=SimpleNamespace(url=url, stop=lambda: None))
        path.sync()
        for number, wrong in enumerate([DAY, -DAY, timedelta(0)]):
            change = {"action": "update", "collection": "cases", "count": 5, "seed": number}
            path.control("mutate", change)
            with time_machine.travel(timezone.now() + wrong, tick=True):
                assert path.sync().status == path.flush().status == Run.Status.SUCCESS
            path.assert_hub_equals_desk()
            path.assert_warehouse_equals_hub()
