"""Backfills: every row is written again from the Hub, whatever happens meanwhile."""

from __future__ import annotations

import pytest

from warehouses.select import change_selection
from warehouses.tests.flush.conftest import Flow
from workspace.runs import request_cancel
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_property_turned_on_while_another_is_being_filled_is_filled_whole(
    flow: Flow, small_slices: None
) -> None:
    flow.put(*[entry(f"{number:02}", severity=1, topic="x") for number in range(30)])
    change_selection(flow.fresh(), [], {"cases": ["severity", "topic"]})
    flow.flush()
    change_selection(flow.fresh(), [], {"cases": ["topic"]})
    request_cancel(flow.flush(seconds=1e-9, turns=1))
    change_selection(flow.fresh(), [], {})
    flow.flush()
    assert (flow.values("severity"), flow.values("topic")) == ([1] * 30, ["x"] * 30)


@pytest.mark.parametrize("filled", [True, False], ids=["filled before", "never filled"])
def test_a_property_turned_on_during_a_flush_is_filled_for_every_row(flow: Flow, filled: bool) -> None:
    flow.put(*[entry(str(number), severity=1) for number in range(3)])
    change_selection(flow.fresh(), [], {"cases": ["severity"]})
    if filled:
        flow.flush()
        flow.put(entry("3", severity=1))
    flow.flush(watch=lambda *slice_: change_selection(flow.fresh(), [], {}))
    flow.flush()
    assert flow.values("severity") == [1] * (4 if filled else 3)
