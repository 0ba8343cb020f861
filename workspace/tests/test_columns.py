"""Names, flattening and types of warehouse columns (design §7; go-snakecase's and go-tableize's rules)."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspace.hub.columns import SYSTEM, SYSTEM_NAMES, Layout, Type, Value, as_text, column_name, snake_case
from workspace.hub.names import LONGEST, RESERVED
from workspace.payload import DEEPEST, render

STAMP = "2013-05-09T17:02:16Z"
BIG = 2**70

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
numbers = st.integers(-(2**80), 2**80) | st.floats(allow_nan=False, allow_infinity=False)
stamps = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ").zfill(20))
scalars = st.none() | st.booleans() | numbers | texts | stamps
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(texts, documents, max_size=6)


def types(layout: Layout) -> dict[str, Type]:
    return {column.name: column.type for column in layout.columns}


def laid_out(*payloads: dict[str, Any]) -> list[dict[str, Value]]:
    """The rows of these objects by column name, without NULLs."""
    layout = Layout({})
    rows = [layout.row(payload) for payload in payloads]
    names = [column.name for column in layout.columns]
    return [{n: v for n, v in zip(names, row, strict=False) if v is not None} for row in rows]


def type_after(*values: Any, start: dict[str, Type] | None = None, **options: Any) -> Type:
    layout = Layout(start or {}, **options)
    for value in values:
        layout.row({"p": value})
    return types(layout)["p"]


def holds(type_: Type, value: Value) -> bool:
    """Whether a column of this type keeps this value without loss."""
    if isinstance(value, bool):
        return type_ in (Type.BOOLEAN, Type.TEXT)
    if isinstance(value, int):
        exact = type_ is Type.FLOAT and int(float(value)) == value
        return exact or type_ in (Type.NUMERIC, Type.TEXT) or (type_ is Type.INTEGER and abs(value) <= 2**63)
    if isinstance(value, float):
        return type_ in (Type.FLOAT, Type.NUMERIC, Type.TEXT)
    if isinstance(value, str) and type_ is Type.TIMESTAMP:
        return re.fullmatch(r"[\d-]{10}T[\d:]{8}Z", value) is not None
    return type_ is Type.TEXT


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("userID", "user_id"),
        ("2FA Enabled", "2fa_enabled"),
        ("samPLE text", "sam_ple_text"),
        ("CStringRef", "cstring_ref"),
        ("a_1b", "a_1b"),
        ("first_resolved_at", "first_resolved_at"),
        ("_links", "links"),
        ("a--b  c", "a_b_c"),
        ("Größe", "gr_e"),
        ("Имя", ""),
    ],
)
def test_a_key_becomes_snake_case_token_by_token(key: str, name: str) -> None:
    assert snake_case(key) == name


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        (["case"], "_case"),
        (["user"], "_user"),
        (["received_at"], "_received_at"),
        (["UUID"], "_uuid"),
        (["3 doctors"], "_3_doctors"),
        (["custom_fields", "Order"], "custom_fields_order"),
        (["language"], "language"),
        (["type"], "type"),
        (["name"], "name"),
    ],
)
def test_a_name_that_is_taken_gets_an_underscore_in_front(keys: list[str], name: str) -> None:
    assert column_name(*keys) == name


def test_the_system_columns_are_known_by_one_list() -> None:
    assert {column.name for column in SYSTEM} == SYSTEM_NAMES


def test_long_names_that_begin_alike_stay_apart() -> None:
    first, second = column_name("x" * 80 + "a"), column_name("x" * 80 + "b")
    assert first != second
    assert len(first) == len(second) == LONGEST


def test_keys_without_a_latin_letter_get_a_column_each() -> None:
    (row,) = laid_out({"Имя": "Анна", "Фамилия": "Котова", "": "empty"})
    assert set(row.values()) == {"empty", "Анна", "Котова"}
    assert len(row) == 3


@given(st.lists(texts, min_size=1, max_size=4))
def test_every_name_is_a_plain_identifier_on_every_engine(keys: list[str]) -> None:
    name = column_name(*keys)
    assert re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name)
    assert name not in SYSTEM_NAMES | RESERVED


def test_nested_objects_flatten_and_arrays_stay_json_text() -> None:
    (row,) = laid_out(
        {"custom_fields": {"Level": "vip", "deep": {"x": 1}}, "labels": ["é", {"a": 1}], "none": {}}
    )
    assert row == {"custom_fields_level": "vip", "custom_fields_deep_x": 1, "labels": '["é",{"a":1}]'}


def test_the_id_and_the_links_of_the_object_itself_are_not_emitted() -> None:
    (row,) = laid_out(
        {"id": 7, "_links": {"self": {}}, "_embedded": {"a": 1}, "company": {"id": 3, "_links": "kept"}}
    )
    assert row == {"company_id": 3, "company_links": "kept"}


def test_of_keys_that_share_a_column_the_last_in_byte_order_wins() -> None:
    payload = {"first_name": "c", "firstName": "b", "first": {"name": "a"}}
    assert laid_out(payload) == laid_out(dict(reversed(payload.items()))) == [{"first_name": "c"}]


def test_a_null_never_wins_over_a_value() -> None:
    assert laid_out({"firstName": "b", "first_name": None}) == [{"first_name": "b"}]


def test_keys_that_share_a_column_are_told_once() -> None:
    layout = Layout({})
    layout.row({"firstName": "b", "first_name": "c"})
    layout.row({"firstName": "d", "first_name": "e"})
    (warning,) = layout.take_warnings()
    assert "firstName and first_name share the column first_name" in warning
    assert layout.take_warnings() == []


def test_a_column_appears_at_its_first_value() -> None:
    layout = Layout({"subject": Type.TEXT})
    assert layout.row({"subject": "a", "priority": None}) == ["a"]
    assert layout.row({"priority": 4}) == [None, 4]
    (change,) = layout.take_changes()
    assert (change.name, change.old, change.new) == ("priority", None, Type.INTEGER)
    assert change.sentence == "New column priority (integer)."


def test_a_column_learned_and_widened_is_one_change() -> None:
    layout = Layout({})
    layout.row({"p": 1})
    layout.row({"p": "one"})
    assert [(change.old, change.new) for change in layout.take_changes()] == [(None, Type.TEXT)]


def test_a_widened_column_says_why() -> None:
    layout = Layout({"p": Type.TIMESTAMP})
    layout.row({"p": "soon"})
    (change,) = layout.take_changes()
    assert change.sentence == (
        "Column p was widened from timestamp to text, because a value of type text arrived."
    )
    assert change.column == layout.columns[0]


def test_columns_turned_off_are_neither_in_the_layout_nor_in_the_rows() -> None:
    layout = Layout({"a": Type.TEXT, "b": Type.TEXT, "id": Type.TEXT}, skip=frozenset({"a", "c_d"}))
    assert layout.row({"a": "1", "b": "2", "c": {"d": "3"}}) == ["2"]
    assert [column.name for column in layout.columns] == ["b"]
    assert layout.row({"a": {"x": "4"}}) == [None, "4"]


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        (True, Type.BOOLEAN),
        (2**63 - 1, Type.INTEGER),
        (2**63, Type.NUMERIC),
        (5.0, Type.FLOAT),
        (STAMP, Type.TIMESTAMP),
        ("2013-02-30T17:02:16Z", Type.TEXT),
        ("2013-05-09T24:00:00Z", Type.TEXT),
        ("2013-05-09T17:02:16", Type.TEXT),
        ("2013-05-09T17:02:16Z\x00", Type.TEXT),
        ("20130509T170216.12Z0", Type.TEXT),
        ("2013-W19-4T17:02:16Z", Type.TEXT),
        ("2013-05-09 17:02:16Z", Type.TEXT),
        ("", Type.TEXT),
        ([1], Type.TEXT),
    ],
)
def test_the_first_value_decides_the_type(value: Any, type_: Type) -> None:
    assert type_after(value) is type_


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        ([1, 2.5], Type.FLOAT),
        ([2.5, 1], Type.FLOAT),
        ([2**53 + 1, 2.5], Type.NUMERIC),
        ([2.5, 2**53 + 1], Type.NUMERIC),
        ([1, BIG], Type.NUMERIC),
        ([2.5, BIG], Type.NUMERIC),
        ([BIG, 1, 2.5], Type.NUMERIC),
        ([True, 1], Type.TEXT),
        ([1, True], Type.TEXT),
        ([STAMP, "soon"], Type.TEXT),
        (["soon", STAMP], Type.TEXT),
        ([STAMP, 1], Type.TEXT),
        ([2.5, "n/a", 1], Type.TEXT),
        ([1, [1]], Type.TEXT),
    ],
)
def test_a_column_widens_to_what_holds_all_its_values(values: list[Any], type_: Type) -> None:
    assert type_after(*values) is type_


@pytest.mark.parametrize(("exact", "type_"), [(True, Type.FLOAT), (False, Type.NUMERIC)])
def test_stored_integers_are_asked_about_before_they_become_floats(exact: bool, type_: Type) -> None:
    answers = {"p": exact}
    assert type_after(2.5, start={"p": Type.INTEGER}, fits_float=answers.__getitem__) is type_


def test_stored_integers_nobody_can_ask_about_become_numeric() -> None:
    assert type_after(2.5, start={"p": Type.INTEGER}) is Type.NUMERIC


def test_a_stored_column_never_narrows() -> None:
    stored = {"a": Type.FLOAT, "b": Type.NUMERIC, "c": Type.TEXT}
    layout = Layout(stored)
    layout.row({"a": 1, "b": 2, "c": STAMP})
    assert types(layout) == stored


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_a_number_json_cannot_hold_becomes_null_and_is_told(text: str) -> None:
    layout = Layout({})
    assert layout.row({"p": json.loads(text), "q": 1}) == [1]
    assert layout.take_warnings() == ["p held a number beyond what a float can store; it became NULL."]


def test_very_deep_objects_end_as_json_text() -> None:
    deep: Any = 1
    for _ in range(300):
        deep = {"a": deep}
    (row,) = laid_out({"a": deep})
    assert json.loads(str(next(iter(row.values()))))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (5, "5"),
        (5.0, "5"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (1e22, "1" + "0" * 22),
        ("5.0", "5.0"),
    ],
)
def test_values_read_in_a_text_column_as_plain_text(value: Any, text: str) -> None:
    assert as_text(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_in_a_text_column_is_the_same_number(value: float) -> None:
    assert float(as_text(value)) == value
    assert Decimal(as_text(value)) == Decimal(repr(value))


@given(st.lists(objects, max_size=6))
def test_every_value_of_any_object_fits_its_column_in_the_end(payloads: list[dict[str, Any]]) -> None:
    layout = Layout({}, fits_float=lambda name: True)
    rows = [layout.row(payload) for payload in payloads]
    for row in rows:
        for column, value in zip(layout.columns, row, strict=False):
            assert value is None or (holds(column.type, value) and isinstance(as_text(value), str))


@given(st.lists(scalars, min_size=1, max_size=8))
def test_widening_never_loses_a_value(values: list[Any]) -> None:
    rows = laid_out(*[{"p": value} for value in values])
    assert [row.get("p") for row in rows] == values


@given(objects)
def test_the_order_of_keys_does_not_matter(payload: dict[str, Any]) -> None:
    assert laid_out(payload) == laid_out(dict(reversed(payload.items())))


@given(st.lists(objects, max_size=4))
def test_a_second_layout_of_the_same_objects_learns_nothing(payloads: list[dict[str, Any]]) -> None:
    first = Layout({})
    rows = [first.row(payload) for payload in payloads]
    again = Layout(types(first), fits_float=lambda name: True)
    wide = len(first.columns)
    assert [again.row(p) for p in payloads] == [row + [None] * (wide - len(row)) for row in rows]
    assert again.take_changes() == []


def test_what_is_nested_as_deeply_as_the_hub_stores_is_laid_out_even_where_keys_share_a_column() -> None:
    deep: dict[str, Any] = {"k": [BIG]}
    for _ in range(DEEPEST - 3):
        deep = {"k": deep}
    render(payload := {"aB": 1, "a_b": 2, "x": deep})
    assert laid_out(payload)[0]["a_b"] == 2
