"""Whole numbers in addresses and parameters."""

_DIGITS = 18
"""More digits than any id or second has, and few enough for 64 bits."""


def whole(text: str | None) -> int | None:
    """The number that a text is, None if it is none; what is longer than any number here is cut, but stays high."""
    return int(text[:_DIGITS]) if text and text.isascii() and text.isdecimal() else None
