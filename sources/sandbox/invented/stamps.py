"""Desk's only way to write a moment: `YYYY-MM-DDTHH:MM:SSZ`, UTC, whole seconds (desk-api, values)."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Days(dict[int, str]):
    """Days since 1970 as `YYYY-MM-DDT`, written once each: a million cases share a few thousand days."""

    def __missing__(self, day: int) -> str:
        self[day] = f"{_EPOCH + timedelta(days=day):%Y-%m-%dT}"
        return self[day]


_DAYS = _Days()
_MINUTES = tuple(f"{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60))
_SECONDS = tuple(f"{second:02}Z" for second in range(60))


def stamp(seconds: int) -> str:
    """Unix seconds as Desk writes them."""
    minutes, second = divmod(seconds, 60)
    day, minute = divmod(minutes, 1440)
    return _DAYS[day] + _MINUTES[minute] + _SECONDS[second]


def seconds(stamp: str) -> int:
    """The unix seconds of a stamp; ValueError for anything but Desk's format."""
    return int(datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
