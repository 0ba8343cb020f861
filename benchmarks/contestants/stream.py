"""A file that COPY reads, made of pieces as they come."""

from __future__ import annotations

import io
from collections.abc import Iterable


class Pieces(io.RawIOBase):
    """Every read gives the next piece, whatever size is asked for."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = iter(pieces)

    def read(self, size: int = -1) -> bytes:
        """The next piece; nothing at the end."""
        return next(self._pieces, "").encode()
