"""Credentials at rest."""

from __future__ import annotations

import uuid

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from workspace.secrets import Secrets, Unreadable, open_sealed, seal

ROW = f"sources.source/{uuid.UUID(int=1)}/credentials"


def test_what_is_sealed_opens_for_its_own_row() -> None:
    assert dict(open_sealed(seal({"password": "geheim"}, ROW), ROW)) == {"password": "geheim"}


def test_a_token_moved_to_another_row_does_not_open() -> None:
    with pytest.raises(Unreadable, match="belong to another row"):
        open_sealed(seal({"password": "geheim"}, ROW), "sources.source/2/credentials")


def test_the_token_does_not_show_the_secret() -> None:
    assert b"geheim" not in seal({"password": "geheim"}, ROW)


def test_secrets_show_their_keys_and_hide_their_values() -> None:
    assert repr(Secrets({"password": "geheim"})) == "<Secrets password>"
    assert "geheim" not in str(Secrets({"password": "geheim"}))


def test_a_wrong_key_raises_and_returns_nothing(settings: Settings) -> None:
    token = seal({"password": "geheim"}, ROW)
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(Unreadable, match="no key"):
        open_sealed(token, ROW)


def test_a_new_key_in_front_still_reads_what_the_old_one_sealed(settings: Settings) -> None:
    token = seal({"password": "geheim"}, ROW)
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIAL_KEYS]
    assert open_sealed(token, ROW)["password"] == "geheim"


def test_without_a_key_nothing_is_sealed(settings: Settings) -> None:
    settings.CREDENTIAL_KEYS = []
    with pytest.raises(ImproperlyConfigured):
        seal({"password": "geheim"}, ROW)
