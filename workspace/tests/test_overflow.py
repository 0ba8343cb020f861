"""What a table has no column for gathers as JSON in one column more, and nothing is lost."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workspace.hub.columns import Layout, Type, Value
from workspace.hub.names import OVERFLOW
from workspace.hub.room import Room
from workspace.tests.test_columns import laid_out, objects, types


def with_room(columns: int | None, values: int | None = None, **options: Any) -> Layout:
    return Layout(options.pop("start", {}), room=Room(lambda: columns, values), **options)


def cells(layout: Layout, payload: dict[str, Any]) -> dict[str, Value]:
    """An object by column name, without NULLs, and what overflows unfolded beside the columns."""
    row = layout.row(payload)
    named = {c.name: v for c, v in zip(layout.columns, row, strict=False) if v is not None}
    over: dict[str, Value] = json.loads(str(named.pop(OVERFLOW, "{}")))
    assert not over.keys() & named.keys()
    return named | over


def test_what_is_new_when_the_table_is_full_overflows() -> None:
    layout = with_room(2)
    assert layout.row({"a": 1, "b": 2, "c": {"d": 3}, "e": [4]}) == [1, 2, '{"c_d":3,"e":"[4]"}']
    assert layout.row({"e": 5, "a": 6}) == [6, None, '{"e":5}']
    assert layout.row({"a": 7}) == [7, None, None]


def test_a_table_with_room_has_no_such_column() -> None:
    assert [column.name for column in with_room(None).columns] == []
    layout = with_room(2)
    layout.row({"a": 1, "b": 2})
    assert list(types(layout)) == ["a", "b"]


def test_it_is_told_once() -> None:
    layout = with_room(0)
    layout.row({"a": 1})
    layout.row({"b": 1})
    (change,) = layout.take_changes()
    assert change.sentence == "More properties than fit in columns: the others are in _overflow, as JSON."
    assert (change.name, change.old, change.new) == (OVERFLOW, None, Type.TEXT)


def test_room_is_asked_for_only_when_a_column_is_new() -> None:
    layout = Layout({"a": Type.INTEGER}, room=Room(lambda: 1 // 0))
    assert layout.row({"a": 1}) == [1]


def test_a_row_with_more_values_than_fit_keeps_the_first_by_name() -> None:
    layout = with_room(None, 2)
    assert layout.row({"c": 1, "a": 2, "b": [3]}) == [None, 2, "[3]", '{"c":1}']
    assert layout.row({"c": 4, "a": 5}) == [4, 5, None, None]


def test_what_is_turned_off_is_not_in_the_overflow_either() -> None:
    layout = with_room(0, skip=frozenset({"b"}))
    assert layout.row({"a": 1, "b": 2}) == ['{"a":1}']
    assert with_room(0, skip=frozenset({OVERFLOW})).row({"a": 1}) == []


def test_of_keys_that_share_a_place_in_the_overflow_the_last_in_byte_order_wins() -> None:
    layout = with_room(0)
    assert layout.row({"first_name": "c", "firstName": "b"}) == ['{"first_name":"c"}']
    assert "share the column first_name" in layout.take_warnings()[0]


def test_numbers_keep_every_digit() -> None:
    assert with_room(0).row({"p": 2**70, "q": 0.1}) == [f'{{"p":{2**70},"q":0.1}}']


@given(st.lists(objects, max_size=4), st.integers(0, 4), st.integers(1, 4))
def test_every_value_is_in_its_column_or_in_the_overflow(
    payloads: list[dict[str, Any]], columns: int, values: int
) -> None:
    layout = with_room(columns, values)
    assert [cells(layout, payload) for payload in payloads] == laid_out(*payloads)
    assert len(layout.columns) <= columns + 1


@given(st.lists(objects, max_size=4), st.integers(0, 4), st.integers(1, 4))
def test_the_table_made_of_it_lays_out_the_same_rows(
    payloads: list[dict[str, Any]], columns: int, values: int
) -> None:
    """As a comparison does, whatever order its columns are in by then."""
    first = with_room(columns, values)
    expected = [cells(first, payload) for payload in payloads]
    there = dict(reversed(types(first).items()))
    again = with_room(0, values, start=there)
    assert [cells(again, payload) for payload in payloads] == expected
    assert types(again) == there


@given(st.dictionaries(st.text("ab_ID _é", max_size=4), st.integers(), max_size=6))
def test_no_property_is_called_like_the_overflow(payload: dict[str, int]) -> None:
    assert OVERFLOW not in laid_out(payload | {"overflow": 1, "_overflow": 2, "_Overflow": 3})[0]
