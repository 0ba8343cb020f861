"""JSON in and out without loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspace.payload import parse, render

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcß_ é", max_size=5), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.text("abcXß", max_size=4), JSON, max_size=5))
def test_what_is_rendered_parses_to_the_same(record: dict[str, object]) -> None:
    text, mended = render(record)
    assert (parse(text), mended) == (record, 0)


def test_the_order_of_keys_does_not_matter() -> None:
    assert render({"b": 1, "a": {"d": 2, "c": 3}}) == render({"a": {"c": 3, "d": 2}, "b": 1})


def test_integers_keep_every_digit() -> None:
    assert parse(b'{"n": 1180591620717411303424}') == {"n": 2**70}
    assert render({"n": 2**70})[0] == b'{"n":1180591620717411303424}'


def test_nul_is_replaced_visibly_and_counted() -> None:
    assert render({"a": "x\x00y", "b": "\x00"}) == ('{"a":"x␀y","b":"␀"}'.encode(), 2)


def test_a_lone_surrogate_is_read_and_replaced_visibly() -> None:
    record = parse(b'{"a": "\\ud83d broken", "b": "\\ud83d\\ude00"}')
    assert render(record) == ('{"a":"\N{REPLACEMENT CHARACTER} broken","b":"😀"}'.encode(), 1)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_a_number_no_double_holds_becomes_null_and_is_counted(number: str) -> None:
    record = parse(f'{{"a": 1.5, "b": [{number}], "c": -2e3}}')
    assert render(record) == (b'{"a":1.5,"b":[null],"c":-2000.0}', 1)


def test_a_text_that_only_looks_like_nul_is_left_alone() -> None:
    assert render({"a": "\\u0000"}) == (b'{"a":"\\\\u0000"}', 0)


@pytest.mark.parametrize("text", [b"<html>", b"", b'{"a": 1', "{'a': 1}"])
def test_what_is_no_json_raises_value_error(text: bytes | str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  any ValueError is the contract
        parse(text)
