"""Bar charts as shapes for a server-rendered SVG, with the words and the table that say the same.

The SVG holds bars and lines only and is stretched to the room there is; its scale and labels are text beside it, which
keeps its size on a telephone. `templates/components/chart.html` shows a Chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from workspace.templatetags.pages import number

BAR, GAP, HEIGHT = 10.0, 2.0, 100.0


class Series(NamedTuple):
    """What a part of each bar stands for: its name and the class that colours it."""

    label: str
    css: str


class Slot(NamedTuple):
    """One bar: its label, and a value for each series."""

    label: str
    values: Sequence[int]


class Part(NamedTuple):
    """A rectangle of a bar."""

    css: str
    y: float
    height: float


class Bar(NamedTuple):
    """A bar from its foot up, and what it says on hover."""

    x: float
    hint: str
    parts: list[Part]


@dataclass(frozen=True)
class Chart:
    """A stacked bar chart and everything said about it."""

    title: str
    summary: str
    series: Sequence[Series]
    slots: Sequence[Slot]
    bars: list[Bar]
    top: int
    width: float
    bar: float = BAR - GAP

    @property
    def scale(self) -> list[int]:
        """The numbers beside the chart, from the top down."""
        return [self.top, self.top // 2, 0] if self.top > 1 else [self.top, 0]

    @property
    def ends(self) -> list[str]:
        """Labels below the chart: the first bar's, the middle one's and the last one's."""
        labels = [slot.label for slot in self.slots]
        return [labels[0], labels[len(labels) // 2], labels[-1]] if len(labels) > 2 else labels

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(sum(slot.values) for slot in self.slots)


def bar_chart(title: str, series: Sequence[Series], slots: Sequence[Slot]) -> Chart:
    """A chart of these slots, one bar each, the series stacked from the foot up."""
    top = round_up(max((sum(slot.values) for slot in slots), default=0))
    bars = [
        Bar(GAP / 2 + BAR * place, _hint(series, slot), _stack(series, slot, top))
        for place, slot in enumerate(slots)
    ]
    return Chart(title, _summary(title, series, slots), series, slots, bars, top, BAR * len(slots))


def round_up(value: int) -> int:
    """The next number that reads well beside an axis: 1, 2, 4, 6, 10, 20, 40, 60, 100 …"""
    step = 1
    while value > step * 10:
        step *= 10
    return next(step * factor for factor in (1, 2, 4, 6, 8, 10) if step * factor >= value)


def _stack(series: Sequence[Series], slot: Slot, top: int) -> list[Part]:
    parts, foot = [], HEIGHT
    for (_, css), value in zip(series, slot.values, strict=True):
        height = HEIGHT * value / top
        foot -= height
        if value:
            parts.append(Part(css, round(foot, 2), round(height, 2)))
    return parts


def _hint(series: Sequence[Series], slot: Slot) -> str:
    said = [
        f"{number(value)} {label}" for (label, _), value in zip(series, slot.values, strict=True) if value
    ]
    return f"{slot.label}: {', '.join(said) or 'none'}"


def _summary(title: str, series: Sequence[Series], slots: Sequence[Slot]) -> str:
    """The text alternative: the sum of each series and the highest bar."""
    sums = [sum(slot.values[place] for slot in slots) for place in range(len(series))]
    if not any(sums):
        return f"{title}: none."
    said = ", ".join(
        f"{number(total)} {label}" for (label, _), total in zip(series, sums, strict=True) if total
    )
    most = max(slots, key=lambda slot: sum(slot.values))
    return f"{title}: {said}. Most at {most.label}: {number(sum(most.values))}."
