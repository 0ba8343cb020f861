"""The JSON values of a file one at a time: lines, a long array, or values one after the other.

A file of one array is read through a window, so that memory holds its longest element and not the file.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import orjson

_CHUNK = 1 << 18
_LONGEST_LINE = 1 << 26
_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_LITERAL = len("-Infinity")


class BadJsonError(ValueError):
    """What is wrong, in words that follow the name of the file, and the line on which it is."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line, self.reason = line, reason


def values(path: Path) -> Iterator[tuple[int, Any]]:
    """Yields (line on which it starts, value); the elements of an outermost array come one by one.

    BadJsonError for anything that is not JSON in UTF-8, OSError as reading raises it.
    """
    try:
        with path.open("rb") as file:
            start = file.readline(_LONGEST_LINE).lstrip(b"\xef\xbb\xbf \t")
            if _is_object(start):
                file.seek(0)
                yield from _lines(file)
                return
        with path.open(encoding="utf-8-sig") as text:
            yield from _Window(text).values()
    except UnicodeDecodeError as error:
        raise BadJsonError(_line_of_bad_byte(path), "this is not UTF-8 text") from error


def _is_object(line: bytes) -> bool:
    """Whether this line is a whole object: then the file has one per line."""
    try:
        return line.startswith(b"{") and bool(orjson.loads(line))
    except orjson.JSONDecodeError:
        return False


def _lines(file: Iterator[bytes]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(file, start=1):
        text = line.removeprefix(b"\xef\xbb\xbf").strip()
        if text:
            try:
                yield number, orjson.loads(text)
            except orjson.JSONDecodeError as error:
                raise BadJsonError(number, error.msg) from error


def _line_of_bad_byte(path: Path) -> int:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1


class _Window:
    """The piece of a file that is being parsed: it slides, and grows only for a value longer than itself."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text, self._place, self._line = "", 0, 1

    def values(self) -> Iterator[tuple[int, Any]]:
        """Every value of the file with its line."""
        while sign := self._next_sign():
            if sign == "[":
                yield from self._elements()
            else:
                yield self._line, self._value()

    def _elements(self) -> Iterator[tuple[int, Any]]:
        self._step(1)
        if self._next_sign() == "]":
            return self._step(1)
        while True:
            self._next_sign()
            yield self._line, self._value()
            sign = self._next_sign()
            if sign not in (",", "]"):
                raise BadJsonError(self._line, "a comma or the end of the array is missing")
            self._step(1)
            if sign == "]":
                return None

    def _next_sign(self) -> str:
        """Passes over blanks; the sign that follows, or nothing at the end of the file."""
        while True:
            match = _BLANK.match(self._text, self._place)
            self._step((match.end() if match else 0) - self._place)
            if self._place < len(self._text) or not self._grow():
                return self._text[self._place : self._place + 1]

    def _value(self) -> Any:
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._place)
                orjson.dumps(value)
            except json.JSONDecodeError as error:
                line = self._line + self._text.count("\n", self._place, error.pos)
                if not (self._may_be_cut(error) and self._grow()):
                    raise BadJsonError(line, error.msg) from error
            except (RecursionError, TypeError) as error:  # nested without end, or half a character
                raise BadJsonError(self._line, f"this value cannot be served: {error}") from error
            else:
                self._step(end - self._place)
                return value

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        """Whether the rest of the file could mend this error."""
        return error.msg.startswith("Unterminated") or len(self._text) - error.pos <= _LITERAL

    def _step(self, signs: int) -> None:
        end = self._place + signs
        self._line += self._text.count("\n", self._place, end)
        self._place = end

    def _grow(self) -> bool:
        """Drops what was passed and reads on, as much again as is left; False at the end of the file."""
        left = self._text[self._place :]
        more = self._file.read(max(_CHUNK, len(left)))
        self._text, self._place = left + more, 0
        return bool(more)
