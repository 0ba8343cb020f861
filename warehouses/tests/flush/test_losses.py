"""What somebody drops in the warehouse is filled again, once."""

from __future__ import annotations

import pytest

from warehouses.tests.flush.conftest import Flow, codes
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def without_topic(flow: Flow) -> Flow:
    """Thirty cases none of which has a topic any more; the column that once held one was dropped."""
    flow.put(*[entry(f"{number:02}", severity=1, topic="x") for number in range(30)])
    flow.flush()
    flow.put(*[entry(f"{number:02}", "2021-01-01T00:00:00Z", severity=2) for number in range(30)])
    flow.flush()
    flow.alter("DROP COLUMN topic")
    return flow


def test_a_dropped_column_that_no_object_fills_any_more_is_mourned_once(without_topic: Flow) -> None:
    flow = without_topic
    runs = []
    for year in (2022, 2023):
        flow.put(entry("00", f"{year}-01-01T00:00:00Z", severity=year))
        runs.append(flow.flush())
    assert [(run.rows, codes(run)) for run in runs] == [(30, ["refilled"]), (1, [])]


def test_filling_again_slice_by_slice_comes_to_an_end(without_topic: Flow, small_slices: None) -> None:
    flow = without_topic
    flow.put(entry("00", "2022-01-01T00:00:00Z", severity=3))
    run = flow.flush(seconds=1e-9, turns=8)
    assert (run.status, run.rows, codes(run)) == ("success", 30, ["refilled"])
