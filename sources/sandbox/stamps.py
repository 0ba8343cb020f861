"""Desk's only way to write a moment: `YYYY-MM-DDTHH:MM:SSZ`, UTC, whole seconds. Quick enough for millions."""

import functools
from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTES = tuple(f"{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60))
_SECONDS = tuple(f"{second:02}Z" for second in range(60))


@functools.lru_cache(maxsize=20_000)  # a million objects share a few thousand days
def _day(days: int) -> str:
    return f"{_EPOCH + timedelta(days=days):%Y-%m-%dT}"


@functools.lru_cache(maxsize=20_000)
def _midnight(day: str) -> int:
    return (date.fromisoformat(day).toordinal() - _EPOCH.toordinal()) * 86_400


def stamp_of(seconds: float) -> str:
    """Unix seconds as Desk writes them; parts of a second are dropped."""
    minutes, second = divmod(int(seconds), 60)
    days, minute = divmod(minutes, 1440)
    return _day(days) + _MINUTES[minute] + _SECONDS[second]


def seconds_of(stamp: str | None) -> int:
    """The unix seconds of a stamp in Desk's format; 0 for none or one that is no moment at all."""
    if not stamp:
        return 0
    try:
        return _midnight(stamp[:10]) + int(stamp[11:13]) * 3600 + int(stamp[14:16]) * 60 + int(stamp[17:19])
    except ValueError:
        return 0
