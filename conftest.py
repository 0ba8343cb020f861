"""Settings for every test, and the people the tests are about."""

from __future__ import annotations

import os

import hypothesis
import pytest
from django.conf import settings as installation

from workspace.tests.fixtures import acme, alice, as_alice, as_bob, as_charlie, bob, cases, charlie

__all__ = ["acme", "alice", "as_alice", "as_bob", "as_charlie", "bob", "cases", "charlie"]


def pytest_configure(config: pytest.Config) -> None:
    """Pages link files by their plain names, and passwords hash fast: nothing here is about either.

    CI tries the same examples each time, so that it tells of the change it is run for; developers try new ones.
    """
    if os.environ.get("CI"):
        hypothesis.settings.register_profile("ci", derandomize=True)
        hypothesis.settings.load_profile("ci")
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    installation.STORAGES = {**installation.STORAGES, "staticfiles": plain}
    installation.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    """The address itself: the name localhost may mean another one. The server is one for all tests of a process."""
    return "127.0.0.1", 0
