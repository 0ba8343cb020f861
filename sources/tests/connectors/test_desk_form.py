"""The form of Desk credentials: what people type, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from sources.connectors.desk.form import DeskForm

BASIC = {"email": "a@example.com", "password": " secret "}
OAUTH = {"consumer_key": "k", "consumer_secret": "ks", "token": "t", "token_secret": "ts"}


@pytest.fixture(autouse=True)
def _allowed(settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({"127.0.0.1:8100", "sandbox"})


def filled(**values: Any) -> DeskForm:
    return DeskForm({"subdomain": "wxyz", **BASIC, **values})


@pytest.mark.parametrize(
    ("typed", "subdomain", "base_url"),
    [
        ("wxyz", "wxyz", "https://wxyz.desk.com"),
        (" WXYZ ", "wxyz", "https://wxyz.desk.com"),
        ("wxyz.desk.com", "wxyz", "https://wxyz.desk.com"),
        ("https://wxyz.desk.com/agent?x=1", "wxyz", "https://wxyz.desk.com"),
        ("http://wxyz.desk.com", "wxyz", "https://wxyz.desk.com"),
        ("http://127.0.0.1:8100/", "http://127.0.0.1:8100", "http://127.0.0.1:8100"),
        ("https://sandbox:8443/api/v2", "https://sandbox:8443", "https://sandbox:8443"),
        ("http://sandbox", "http://sandbox", "http://sandbox"),
    ],
)
def test_a_site_may_be_typed_in_many_ways(typed: str, subdomain: str, base_url: str) -> None:
    form = filled(subdomain=typed)
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["subdomain"], form.cleaned_data["base_url"]) == (subdomain, base_url)


def test_a_host_is_allowed_however_it_is_written(settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED_HOSTS = frozenset({"Sandbox.Example:8443"})
    assert filled(subdomain="https://sandbox.EXAMPLE:8443").is_valid()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "required"),
        ("support.example.com", "not a desk.com subdomain"),
        ("http://127.0.0.1:8101", "OUTBOUND_ALLOWED_HOSTS"),
        ("http://169.254.169.254/latest", "OUTBOUND_ALLOWED_HOSTS"),
        ("127.0.0.1:8100", "http://127.0.0.1:8100"),
        ("a.b.desk.com", "not a desk.com subdomain"),
        ("desk.com", "not a desk.com subdomain"),
        ("wx yz", "not a desk.com subdomain"),
        ("-wxyz", "not a desk.com subdomain"),
        ("wxyz.desk.com:8080", "not a desk.com subdomain"),
        ("https://user@wxyz.desk.com", "leave out everything else"),
        ("ftp://wxyz.desk.com", "leave out everything else"),
        ("https://[", "no address"),
        ("https://wxyz.desk.com:port", "no address"),
    ],
)
def test_what_is_no_site_is_refused_with_a_sentence(typed: str, said: str) -> None:
    form = filled(subdomain=typed)
    assert not form.is_valid()
    assert said in str(form.errors["subdomain"])


def test_a_password_keeps_its_spaces() -> None:
    form = filled()
    assert form.is_valid()
    assert form.cleaned_data["password"] == " secret "


def test_the_four_oauth_values_are_enough() -> None:
    form = DeskForm({"subdomain": "wxyz", **OAUTH})
    assert form.is_valid(), form.errors


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, {"email", "password"}),
        ({"email": "a@example.com"}, {"password"}),
        ({"password": "x"}, {"email"}),
        ({"consumer_key": "k"}, {"consumer_secret", "token", "token_secret"}),
        ({**OAUTH, "token_secret": ""}, {"token_secret"}),
        ({"email": "a@example.com", "consumer_key": "k"}, {"password"}),
    ],
)
def test_what_is_missing_is_said_at_its_field(given: dict[str, str], missing: set[str]) -> None:
    form = DeskForm({"subdomain": "wxyz", **given})
    assert set(form.errors) == missing


def test_an_email_that_is_none_is_said_once() -> None:
    form = filled(email="nobody")
    assert not form.is_valid()
    assert len(form.errors["email"]) == 1


def test_secrets_are_never_shown_again() -> None:
    html = str(filled())
    assert "secret " not in html
    assert 'type="password"' in html
