"""Charts say in shapes, in words and in a table the same."""

from __future__ import annotations

import pytest

from workspace.charts import Series, Slot, bar_chart, round_up

GOOD, BAD = Series("succeeded", "bar-good"), Series("failed", "bar-bad")


@pytest.mark.parametrize(
    ("value", "top"),
    [(0, 1), (1, 1), (3, 4), (7, 8), (10, 10), (11, 20), (61, 80), (999, 1000), (1001, 2000)],
)
def test_the_scale_ends_at_a_number_that_reads_well(value: int, top: int) -> None:
    assert round_up(value) == top


def test_parts_of_a_bar_stand_on_each_other() -> None:
    chart = bar_chart("Runs", [GOOD, BAD], [Slot("12:00", (6, 2)), Slot("13:00", (0, 0))])
    good, bad = chart.bars[0].parts
    assert chart.top == 8
    assert (good.y, good.height) == (25.0, 75.0)
    assert (bad.y, bad.height) == (0.0, 25.0)
    assert chart.bars[1].parts == []


def test_a_chart_is_also_a_sentence() -> None:
    chart = bar_chart("Runs", [GOOD, BAD], [Slot("12:00", (6, 2)), Slot("13:00", (1500, 0))])
    assert chart.summary == "Runs: 1,506 succeeded, 2 failed. Most at 13:00: 1,500."
    assert chart.bars[0].hint == "12:00: 6 succeeded, 2 failed"


def test_an_empty_chart_says_so() -> None:
    chart = bar_chart("Runs", [GOOD], [Slot("12:00", (0,))])
    assert chart.empty
    assert chart.summary == "Runs: none."
