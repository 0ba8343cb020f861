"""The table beside L of the same run, and what is told of those who could not take part."""

from __future__ import annotations

from typing import Any

from benchmarks.__main__ import medians
from benchmarks.report import as_table


def a_sample(who: str, wall: float, part: str = "", phase: str = "first load") -> dict[str, Any]:
    figures = {"wall": wall, "cpu": wall, "postgres": 0.0, "memory": 30.0, "wal": 1.0, "requests": 10}
    return {"contestant": who, "phase": phase, "part": part} | figures


def a_report(*samples: dict[str, Any], **troubles: Any) -> str:
    result = {"cases": 10_000, "runs": 1, "costs": medians(samples), "unable": {}, "wrong": []} | troubles
    head = {"machine": "2 x CPU", "python": "3.11", "date": "2026-11-26", "command": "make bench"}
    return as_table({**head, "results": [result]})


def test_the_median_of_three_runs_counts() -> None:
    (cost,) = medians(a_sample("L: one hop", wall) for wall in (9.0, 1.0, 2.0))
    assert cost["wall"] == 2.0


def test_everybody_stands_beside_l_of_the_same_phase() -> None:
    table = a_report(
        a_sample("L: one hop", 2.0), a_sample("other", 5.0), a_sample("other", 1.0, phase="later")
    )
    assert "| other | first load | 5.00 | 2.5 |" in table
    assert "| other | later | 1.00 | – |" in table


def test_two_parts_have_their_sum_behind_them() -> None:
    table = a_report(a_sample("T", 1.0, "source"), a_sample("T", 2.0, "warehouse"))
    assert "| T, both | first load | 3.00 |" in table


def test_who_could_not_take_part_is_told_with_the_reason() -> None:
    table = a_report(
        a_sample("L: one hop", 2.0), unable={"other": "first load: cannot be installed: no wheel"}
    )
    assert "- other: first load: cannot be installed: no wheel" in table


def test_nothing_is_said_of_troubles_when_there_were_none() -> None:
    assert "Not measured" not in a_report(a_sample("L: one hop", 2.0))
