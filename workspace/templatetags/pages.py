"""What templates say often: icons, states, moments, durations, numbers, fields, shortened names."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms, template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.forms.boundfield import BoundField
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workspace.looks import LOOKS, state_of_run
from workspace.runs import Run

register = template.Library()


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """A glyph of static/icons.svg; decoration only, the words beside it carry the meaning."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static("icons.svg"),
        name,
    )


@register.inclusion_tag("components/look.html")
def look(state: str, until: datetime | None = None) -> dict[str, Any]:
    """A state as a badge: its glyph, its word and, while it waits, until when."""
    return {"state": state, "look": LOOKS[state], "until": until}


@register.inclusion_tag("components/look.html")
def run_look(run: Run | None) -> dict[str, Any]:
    """The state of a run as a badge."""
    state = state_of_run(run)
    return {"state": state, "look": LOOKS[state], "until": run.waiting_until if run else None}


@register.simple_tag
def ago(moment: datetime | str | None, otherwise: str = "–") -> SafeString:
    """A moment relative to now, the absolute in the viewer's time zone on hover."""
    if not isinstance(moment, datetime):  # an empty text is what templates make of nothing
        return format_html("<span>{}</span>", otherwise)
    absolute = f"{timezone.localtime(moment):%d %b %Y, %H:%M:%S %Z}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), absolute, naturaltime(moment)
    )


@register.simple_tag
def due(moment: datetime | str | None, otherwise: str = "–") -> SafeString:
    """When something comes next; what is due and has not begun yet is due now, not some seconds ago."""
    if isinstance(moment, datetime) and moment <= timezone.now():
        return format_html('<time datetime="{}">due now</time>', moment.isoformat())
    return ago(moment, otherwise)


@register.simple_tag
def moment(at: datetime | str | None) -> SafeString:
    """A moment in the viewer's time zone."""
    if not at:
        return SafeString("–")
    at = datetime.fromisoformat(at) if isinstance(at, str) else at
    return format_html(
        '<time datetime="{}">{}</time>', at.isoformat(), f"{timezone.localtime(at):%d %b %Y, %H:%M:%S}"
    )


@register.filter
def duration(value: timedelta | float | None) -> str:
    """Seconds or a timedelta as `11m 48s`, `2h 5m`, `3d 4h`; below ten seconds with a decimal."""
    if value is None:
        return "–"
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 10:
        return f"{max(seconds, 0):.1f}s"
    whole = round(seconds)
    parts = [(whole // 86_400, "d"), (whole // 3_600 % 24, "h"), (whole // 60 % 60, "m"), (whole % 60, "s")]
    first = next(place for place, (number, _) in enumerate(parts) if number)
    return " ".join(f"{number}{unit}" for number, unit in parts[first : first + 2] if number)


@register.filter
def lasted(run: Run) -> str:
    """How long a run took, or has taken so far."""
    if not run.started_at:
        return "–"
    return duration((run.finished_at or timezone.now()) - run.started_at)


@register.filter
def number(value: float | None) -> str:
    """A number exact to the last digit, with thousands separated."""
    return "–" if value is None else number_format(value, use_l10n=True, force_grouping=True)


@register.simple_tag
def cut(text: object, css: str = "") -> SafeString:
    """A name that may be long: cut by the space there is, whole on hover."""
    return format_html('<span class="cut {}" title="{}">{}</span>', css, text, text)


@register.simple_tag
def widget(field: BoundField) -> SafeString:
    """A form field's control in the looks of its kind."""
    kind = field.field.widget
    if isinstance(kind, (forms.CheckboxSelectMultiple, forms.RadioSelect)):
        return field.as_widget()
    css = "form-control"
    if isinstance(kind, forms.CheckboxInput):
        css = "form-check-input"
    elif isinstance(kind, forms.Select):
        css = "form-select"
    if field.errors:
        css += " is-invalid"
    given = kind.attrs.get("class", "")
    return field.as_widget(attrs={"class": f"{css} {given}".strip()})


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether the control stands before its label."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_group(field: BoundField) -> bool:
    """Whether the control is several boxes that need a legend."""
    return isinstance(field.field.widget, (forms.CheckboxSelectMultiple, forms.RadioSelect))
