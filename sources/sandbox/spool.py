"""The bytes of every object, and of every version an object ever had, in one anonymous file.

Objects lie in the file as they appear in an answer, each followed by a comma: neighbours are one read.
"""

import os
import tempfile
from collections.abc import Iterable

Place = tuple[int, int]
"""Where an object lies: offset and length in bytes, the comma not counted."""


class Spool:
    """Append-only; nothing that was ever stored moves or changes, so a place stays good for ever."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="desk-sandbox-", buffering=1 << 20)  # noqa: SIM115
        self._descriptor = self._file.fileno()
        self._size = self._readable = 0

    def append(self, body: bytes) -> Place:
        """Stores one object."""
        offset = self._size
        self._file.write(body)
        self._file.write(b",")
        self._size += len(body) + 1
        return offset, len(body)

    def read(self, offset: int, length: int) -> bytes:
        """Whatever lies there: one object, or neighbours with the commas between them."""
        if offset + length > self._readable:
            size = self._size
            self._file.flush()
            self._readable = size
        return os.pread(self._descriptor, length, offset)

    def joined(self, places: Iterable[Place]) -> bytes:
        """The objects at these places with commas between them; neighbours are read in one go."""
        parts: list[bytes] = []
        start = end = -1
        for offset, length in places:
            if offset != end:
                if end > start:
                    parts.append(self.read(start, end - start - 1))
                start = offset
            end = offset + length + 1
        if end > start:
            parts.append(self.read(start, end - start - 1))
        return parts[0] if len(parts) == 1 else b",".join(parts)

    def close(self) -> None:
        """Gives the disk space back."""
        self._file.close()
