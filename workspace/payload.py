"""JSON in and out, without losing anything on the way.

msgspec is as fast as orjson and keeps every digit of an integer, which orjson reads as a float above 64 bits. Neither
takes lone surrogates, which occur in real accounts: such a text takes the slow road through the standard library.
"""

import json
from typing import Any

import msgspec

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
VISIBLE_NUL = "\N{SYMBOL FOR NULL}"
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder(order="sorted").encode


def parse(text: bytes | str) -> Any:
    """The value of a JSON text; raises ValueError when it is none."""
    try:
        return _decode(text)
    except msgspec.DecodeError:
        return json.loads(text)


def render(record: dict[str, Any]) -> tuple[bytes, int]:
    """The record as compact JSON with sorted keys, and how many strings had to be mended.

    Equal records give equal bytes, whatever the order of their keys. No database stores NUL in a text and no encoder
    takes a lone surrogate: both are replaced by a visible character.
    """
    try:
        text = _encode(record)
    except UnicodeEncodeError:
        return _render_mended(record)
    return _render_mended(record) if b"\\u0000" in text else (text, 0)


def _render_mended(record: dict[str, Any]) -> tuple[bytes, int]:
    mended: list[str] = []
    return _encode(_mend(record, mended)), len(mended)


def _mend(value: Any, mended: list[str]) -> Any:
    if isinstance(value, dict):
        return {_mend(key, mended): _mend(item, mended) for key, item in value.items()}
    if isinstance(value, list):
        return [_mend(item, mended) for item in value]
    if not isinstance(value, str):
        return value
    whole = value.replace("\x00", VISIBLE_NUL)
    whole = "".join(REPLACEMENT if "\ud800" <= char <= "\udfff" else char for char in whole)
    if whole != value:
        mended.append(whole)
    return whole
