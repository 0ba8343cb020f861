"""Time zones to choose from."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from django import forms

REGIONS = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Arctic/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)


@cache
def zone_names() -> tuple[str, ...]:
    """UTC, then the places of the tz database; its old names and fixed offsets are left out."""
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(REGIONS)))


class TimeZoneField(forms.ChoiceField):
    """A time zone; a fresh form proposes that of the browser (tributary.js), else UTC."""

    def __init__(self, *, current: str = "", detect: bool = False, **options: object) -> None:
        names = zone_names() if not current or current in zone_names() else (current, *zone_names())
        widget = forms.Select(attrs={"data-detect-zone": True} if detect else {})
        super().__init__(
            choices=[(name, name.replace("_", " ")) for name in names],
            initial=current or "UTC",
            widget=widget,
            **options,  # type: ignore[arg-type]
        )
