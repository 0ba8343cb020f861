"""Rows as PostgreSQL COPY text, a chunk at a time: memory stays flat whatever the number of rows.

Values are joined by control characters that hardly ever occur in data, so that a whole chunk is escaped by a few
passes in C. Only a chunk whose counts betray such a character in its data is escaped value by value.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping

from warehouses.engines.base import Row
from workspace.hub.columns import as_text

CELL_END, ROW_END, NULL = "\x1f", "\x1e", "\x1d"

OPTIONS = "(FORMAT text, DELIMITER E'\\x1f', NULL E'\\x1d', ENCODING 'UTF8')"
"""How a COPY statement has to read what CopyText gives."""

CHUNK = 1 << 17
"""Bytes after which a chunk is sent; a single row may be longer."""

_ESCAPES = str.maketrans(
    {"\\": "\\\\", "\n": "\\n", "\r": "\\r", CELL_END: "\\x1f", NULL: "\\x1d", "\x00": "\N{SYMBOL FOR NULL}"}
)


class CopyText:
    """A file for `cursor.copy_expert`: every read gives the next chunk, whatever size is asked for.

    Rows shorter than `width` are filled with NULLs. `constants` are texts that stand in every row at the given
    positions, whatever the row has there.
    """

    def __init__(self, rows: Iterable[Row], width: int, constants: Mapping[int, str] | None = None) -> None:
        self.failure: BaseException | None = None
        """What whoever makes the rows raised; psycopg2 only passes its text on."""
        self._rows = rows
        self._width = width
        self._constants = list((constants or {}).items())
        self._chunks = self._render()

    def read(self, size: int = -1) -> bytes:
        """The next chunk; empty at the end."""
        try:
            return next(self._chunks, b"")
        except BaseException as error:
            self.failure = error
            raise

    def _render(self) -> Iterator[bytes]:
        chunk: list[Row] = []
        lines: list[bytes] = []
        size = 0
        for row in self._rows:
            whole = self._whole(row)
            cells = [v if type(v) is str else NULL if v is None else as_text(v) for v in whole]
            line = CELL_END.join(cells).encode("utf-8", "visible")
            chunk.append(whole)
            lines.append(line)
            size += len(line)
            if size > CHUNK:
                yield self._escaped(chunk, lines)
                chunk, lines, size = [], [], 0
        if chunk:
            yield self._escaped(chunk, lines)

    def _whole(self, row: Row) -> Row:
        whole = [*row, *[None] * (self._width - len(row))]
        for position, text in self._constants:
            whole[position] = text
        return whole

    def _escaped(self, chunk: list[Row], lines: list[bytes]) -> bytes:
        data = b"\x1e".join(lines)
        if not self._is_plain(chunk, data):
            return b"".join([_line(row) for row in chunk])
        data = data.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
        return data.replace(b"\x1e", b"\n") + b"\n"

    def _is_plain(self, chunk: list[Row], data: bytes) -> bool:
        """Whether the control characters in a chunk are ours, every one."""
        rows = len(chunk)
        return (
            data.count(b"\x1f") == rows * (self._width - 1)
            and data.count(b"\x1e") == rows - 1
            and data.count(b"\x1d") == sum([row.count(None) for row in chunk])
            and b"\x00" not in data
        )


def _line(row: Row) -> bytes:
    """A row escaped value by value; NUL, which no PostgreSQL text can hold, becomes visible."""
    cells = [NULL if value is None else as_text(value).translate(_ESCAPES) for value in row]
    return (CELL_END.join(cells) + "\n").encode("utf-8", "visible")


def _visible(error: UnicodeError) -> tuple[bytes, int]:
    """Encode a lone surrogate, which UTF-8 cannot hold, as U+FFFD."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "\N{REPLACEMENT CHARACTER}".encode() * (error.end - error.start), error.end


codecs.register_error("visible", _visible)
