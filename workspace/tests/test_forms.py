"""What is secret in a form, and what commands ask for."""

from __future__ import annotations

import io

import pytest
from django import forms

from sources.connectors.desk.form import DeskForm
from warehouses.engines.postgres import PostgresForm
from workspace.forms import secret_fields
from workspace.prompts import read_form


def ask(monkeypatch: pytest.MonkeyPatch, form: type[forms.Form], lines: str, **given: str) -> dict[str, str]:
    """What a command reads; `lines` are the secrets that somebody types, one for each question."""
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    options = {f"field_{name}": value for name, value in given.items()}
    fields = read_form(form, {"password_stdin": True, **options})
    return {name: fields[name] for name in secret_fields(form) if name in fields}


def test_what_is_typed_as_a_password_is_secret() -> None:
    assert secret_fields(DeskForm) == ["password", "consumer_secret", "token", "token_secret"]
    assert secret_fields(PostgresForm) == ["password"]


def test_a_command_asks_only_for_secrets_of_the_way_that_was_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, DeskForm, "a\n", email="a@example.com") == {"password": "a"}
    by_oauth = ask(monkeypatch, DeskForm, "a\nb\nc\n", consumer_key="k")
    assert by_oauth == {"consumer_secret": "a", "token": "b", "token_secret": "c"}
    assert ask(monkeypatch, DeskForm, "") == {}


def test_a_secret_that_goes_with_nothing_is_always_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask(monkeypatch, PostgresForm, "a\n") == {"password": "a"}
