"""The connection test on a page: each step with its outcome, and nothing of what was typed comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings

from warehouses.engines.base import Engine, Probe
from warehouses.pages.wording import Step, step_of
from workspace.errors import ConfigError


@dataclass(frozen=True)
class Complaint:
    """What is wrong with a field, and where the field is on the page; without a field it is about the whole."""

    message: str
    label: str = ""
    field_id: str = ""


@dataclass(frozen=True)
class Verdict:
    """What a test or an attempt to save found."""

    steps: list[Step]
    complaints: list[Complaint]

    @property
    def sound(self) -> bool:
        """Whether nothing stands against it."""
        return not self.complaints and all(step.ok for step in self.steps)


def complain(*checked: forms.Form) -> Verdict:
    """What the fields of these forms are said to lack."""
    complaints = [
        Complaint(str(error), str(form[name].label) if name in form.fields else "", _field_id(form, name))
        for form in checked
        for name, errors in form.errors.items()
        for error in errors
    ]
    return Verdict([], complaints)


def probe(engine: type[Engine], values: Mapping[str, Any]) -> Verdict:
    """Test a connection with the form's cleaned values."""
    steps = engine(values, settings.OUTBOUND_ALLOWED_HOSTS).check()
    return Verdict([step_of(step) for step in steps], [])


def refuse(error: ConfigError) -> Verdict:
    """Why nothing was saved: the failed step of the test, or another reason."""
    name = error.code.removeprefix("warehouse_")
    if name == error.code:
        return Verdict([], [Complaint(f"{error.message} {error.action}".strip())])
    return Verdict([step_of(Probe(name, False, error.message, error.action))], [])


def _field_id(form: forms.Form, name: str) -> str:
    return str(form[name].id_for_label) if name in form.fields else ""
