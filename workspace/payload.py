"""JSON in and out, without losing anything on the way.

msgspec is as fast as orjson and keeps every digit of an integer, which orjson reads as a float above 64 bits. Neither
takes lone surrogates, NaN or 1e999, which occur in real accounts: such a text takes the slow road through the standard
library.
"""

import json
import math
from typing import Any

import msgspec

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
VISIBLE_NUL = "\N{SYMBOL FOR NULL}"
DEEPEST = 200
"""Levels of a record; orjson, which writes nested values for warehouses, takes 254."""
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode


class NoNumber(float):
    """A number that no double holds: NaN, Infinity, 1e999. No encoder knows this class, so that it cannot slip by."""


def parse(text: bytes | str) -> Any:
    """The value of a JSON text; raises ValueError when it is none."""
    try:
        return _decode(text)
    except msgspec.DecodeError:
        return json.loads(text, parse_float=_float, parse_constant=NoNumber)


def render(record: dict[str, Any]) -> tuple[bytes, int]:
    """The record as compact JSON with sorted keys, and how many values had to be mended.

    Raises ValueError when it is nested too deeply.
    Equal records give equal bytes, whatever the order of their keys. No database stores NUL in a text and no encoder
    takes a lone surrogate: both are replaced by a visible character. JSON has no NaN and no infinity: they become null.
    """
    try:
        text = _encode(record)
    except (UnicodeEncodeError, TypeError, RecursionError):
        text = b""
    if not text or text.count(b"{") + text.count(b"[") > DEEPEST:
        _refuse_deeper(record)
    return (text, 0) if text and b"\\u0000" not in text else _render_mended(record)


def _refuse_deeper(record: dict[str, Any]) -> None:
    level: list[Any] = [record]
    for _ in range(DEEPEST):
        inner = [value.values() if isinstance(value, dict) else value for value in level]
        level = [value for values in inner for value in values if isinstance(value, dict | list)]
    if level:
        raise ValueError(f"It is nested more than {DEEPEST} levels deep.")


def _render_mended(record: dict[str, Any]) -> tuple[bytes, int]:
    mended: list[Any] = []
    return _encode(_mend(record, mended)), len(mended)


def _float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else NoNumber(number)


def _mend(value: Any, mended: list[Any]) -> Any:
    if isinstance(value, dict):
        return {_mend(key, mended): _mend(item, mended) for key, item in value.items()}
    if isinstance(value, list):
        return [_mend(item, mended) for item in value]
    if type(value) is NoNumber:
        mended.append(value)
        return None
    if not isinstance(value, str):
        return value
    whole = value.replace("\x00", VISIBLE_NUL)
    whole = "".join(REPLACEMENT if "\ud800" <= char <= "\udfff" else char for char in whole)
    if whole != value:
        mended.append(whole)
    return whole
