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

    Equal records give equal bytes, whatever the order of their keys. No database stores NUL in a text and no encoder
    takes a lone surrogate: both are replaced by a visible character. JSON has no NaN and no infinity: they become null.
    """
    try:
        text = _encode(record)
    except (UnicodeEncodeError, TypeError):
        return _render_mended(record)
    return _render_mended(record) if b"\\u0000" in text else (text, 0)


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
