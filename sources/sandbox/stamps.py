"""Unix seconds and Desk's stamps (`YYYY-MM-DDTHH:MM:SSZ`, UTC, whole seconds), quick enough for millions."""

import functools
from datetime import UTC, date, datetime

_EPOCH = date(1970, 1, 1).toordinal()


@functools.lru_cache(maxsize=20_000)
def _midnight(day: str) -> int:
    return (date.fromisoformat(day).toordinal() - _EPOCH) * 86_400


def seconds_of(stamp: str | None) -> int:
    """The unix seconds of a stamp in Desk's format; 0 for none or one that is no moment at all."""
    if not stamp:
        return 0
    try:
        return _midnight(stamp[:10]) + int(stamp[11:13]) * 3600 + int(stamp[14:16]) * 60 + int(stamp[17:19])
    except ValueError:
        return 0


def stamp_of(seconds: float) -> str:
    """A moment as Desk writes it; parts of a second are dropped."""
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"
