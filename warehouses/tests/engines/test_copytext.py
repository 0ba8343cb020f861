"""COPY text: streamed, and its own marks never confused with data."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warehouses.engines.copytext import CHUNK, CopyText
from workspace.hub.columns import Value, as_text

MARKS = st.text(st.sampled_from("\x1d\x1e\x1f\\\n\r\tNa."), max_size=4)
ROWS = st.lists(st.lists(st.none() | st.integers() | MARKS, min_size=3, max_size=3), max_size=5)


def read_back(data: bytes) -> list[list[str | None]]:
    """What PostgreSQL's COPY makes of the text, by the rules of its manual."""
    lines = data.decode().removesuffix("\n").split("\n") if data else []
    return [[None if cell == "\x1d" else unescaped(cell) for cell in line.split("\x1f")] for line in lines]


def unescaped(cell: str) -> str:
    plain = cell.replace("\\\\", "\0").replace("\\n", "\n").replace("\\r", "\r")
    for mark in ("1d", "1f"):
        plain = plain.replace(f"\\x{mark}", chr(int(mark, 16)))
    return plain.replace("\0", "\\")


def all_of(text: CopyText) -> bytes:
    return b"".join(iter(text.read, b""))


@given(ROWS)
def test_what_is_written_is_read_as_it_was(rows: list[list[Value]]) -> None:
    expected = [[None if value is None else as_text(value) for value in row] for row in rows]
    assert read_back(all_of(CopyText(rows, 3))) == expected


def test_short_rows_end_in_nulls_and_constants_stand_in_every_row() -> None:
    text = CopyText([["1", "x"], ["2", "y", "z", True]], 4, {1: "now"})
    assert read_back(all_of(text)) == [["1", "now", None, None], ["2", "now", "z", "true"]]


def test_rows_are_taken_as_they_are_sent() -> None:
    waiting = iter([["x" * 1000]] * 1000)
    first = CopyText(waiting, 1).read(8192)
    assert CHUNK < len(first) < 2 * CHUNK
    assert len(list(waiting)) > 800


def test_no_rows_are_an_empty_file() -> None:
    assert all_of(CopyText([], 3)) == b""
