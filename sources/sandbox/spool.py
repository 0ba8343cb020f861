"""The bytes of every object, and of every version an object ever had, in one anonymous file.

Objects lie in the file as they appear in an answer, each followed by a comma: neighbours are one read.
"""

import mmap
import os
import tempfile
from collections.abc import Iterable

Place = tuple[int, int]
"""Where an object lies: offset and length in bytes, the comma not counted."""

PIECE = 1 << 16
"""Larger pieces cost more: the C library gives their memory back to the system each time."""


class Spool:
    """Append-only; nothing that was ever stored moves or changes, so a place stays good for ever.

    Reading goes through a memory map: the system counts pages that were read as memory of the process, but
    takes them back whenever something else needs room.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="desk-sandbox-", buffering=1 << 20)  # noqa: SIM115
        self._size = 0
        self._map: mmap.mmap | None = None

    def append(self, body: bytes) -> Place:
        """Stores one object."""
        offset = self._size
        self._file.write(body)
        self._file.write(b",")
        self._size += len(body) + 1
        return offset, len(body)

    def read(self, offset: int, length: int) -> bytes:
        """Whatever lies there: one object, or neighbours with the commas between them."""
        return self._reading(offset + length)[offset : offset + length]

    def joined(self, places: Iterable[Place]) -> list[bytes]:
        """The objects at these places with commas between them, in pieces that are cheap to send."""
        runs = _runs(places)
        if not runs:
            return [b""]
        source = self._reading(max(end for _, end in runs))
        pieces: list[bytes] = []
        gathered: list[bytes] = []
        size = 0
        for start, end in runs:
            while end - start > PIECE:
                pieces.append(b"".join((*gathered, source[start : start + PIECE])))
                gathered, size, start = [], 0, start + PIECE
            gathered.append(source[start:end])
            size += end - start
            if size >= PIECE:
                pieces.append(b"".join(gathered))
                gathered, size = [], 0
        return [*pieces, b"".join(gathered)]

    def close(self) -> None:
        """Gives the disk space back."""
        if self._map:
            self._map.close()
        self._file.close()

    def _reading(self, until: int) -> mmap.mmap:
        """A map of the file at least up to there; made anew when the file has outgrown the last one."""
        current = self._map
        if current is None or until > len(current):
            self._file.flush()
            descriptor = self._file.fileno()
            self._map = current = mmap.mmap(descriptor, os.fstat(descriptor).st_size, prot=mmap.PROT_READ)
        return current


def _runs(places: Iterable[Place]) -> list[tuple[int, int]]:
    """Neighbours taken together, as (start, end); the comma after each object is part of it but for the last."""
    runs: list[tuple[int, int]] = []
    start = end = 0
    for offset, length in places:
        if offset != end:
            if end:
                runs.append((start, end))
            start = offset
        end = offset + length + 1
    return [*runs, (start, end - 1)] if end else []
