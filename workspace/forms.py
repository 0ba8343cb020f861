"""Forms: how pages show them, and how those of connectors and engines are checked outside of a page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting

from workspace.errors import ConfigError


class PageRenderer(TemplatesSetting):
    """Forms in the looks of our pages."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


def secret_fields(form: type[forms.Form]) -> list[str]:
    """Names of the fields that are typed as passwords: never shown again, told, or put on a command line."""
    return [name for name, field in form.base_fields.items() if isinstance(field.widget, forms.PasswordInput)]


def validated(form: forms.Form) -> dict[str, Any]:
    """The form's cleaned data; raises ConfigError(code="invalid") with every field's complaint in one sentence."""
    if form.is_valid():
        return dict(form.cleaned_data)
    complaints = [_complaint(form, name, " ".join(map(str, errors))) for name, errors in form.errors.items()]
    raise ConfigError(" ".join(complaints), code="invalid")


def _complaint(form: forms.Form, name: str, errors: str) -> str:
    return f"{form.fields[name].label or name.capitalize()}: {errors}" if name in form.fields else errors
