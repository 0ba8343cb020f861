"""Passwords are not guessed, from however many places, and nobody is locked out by somebody else's guesses."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
import time_machine
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from workspace.models import User
from workspace.tests.people.conftest import PASSWORD, log_in

REFUSED = "Too many failed login attempts"
AT = "/accounts/login/"


class CountingHasher(MD5PasswordHasher):
    """Counts how often a password was hashed, which is nearly all of the time that signing in takes."""

    algorithm = "counting"
    hashed: ClassVar[list[str]] = []

    def encode(self, password: str, salt: str) -> str:
        self.hashed.append(password)
        return super().encode(password, salt)


def guess(email: str = "alice@example.com", password: str = "wrong", browser: Any = None, **meta: Any) -> str:
    """The page that answers, or where it leads."""
    answer = (browser or Client()).post(AT, {"login": email, "password": password}, **meta)
    return str(answer["Location"] if answer.status_code == 302 else answer.content.decode())


def test_a_forwarded_address_that_the_caller_made_up_changes_nothing(alice: User) -> None:
    pages = [guess(f"nobody{n}@example.com", HTTP_X_FORWARDED_FOR=f"203.0.113.{n}") for n in range(12)]
    assert [REFUSED in page for page in pages] == [False] * 10 + [True] * 2


def test_behind_a_proxy_only_the_address_that_the_proxy_saw_counts(alice: User, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    pages = [
        guess(f"nobody{n}@example.com", HTTP_X_FORWARDED_FOR=f"203.0.113.{n}, 198.51.100.7")
        for n in range(11)
    ]
    assert REFUSED in pages[-1]
    assert REFUSED not in guess("other@example.com", HTTP_X_FORWARDED_FOR="203.0.113.1, 198.51.100.8")


def test_tries_from_many_addresses_count_for_the_account(alice: User) -> None:
    for n in range(5):
        guess(REMOTE_ADDR=f"198.51.100.{n}")
    assert REFUSED in guess(password=PASSWORD, REMOTE_ADDR="198.51.100.99")


def test_another_host_header_or_spelling_gives_no_further_tries(alice: User) -> None:
    for n in range(5):
        guess(f"ALICE@example.com{' ' * n}", REMOTE_ADDR=f"198.51.100.{n}", HTTP_HOST=f"localhost:{8000 + n}")
    assert REFUSED in guess(password=PASSWORD, REMOTE_ADDR="198.51.100.99", HTTP_HOST="127.0.0.1:9")


def test_twenty_guesses_a_day_are_looked_at(alice: User, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    alice.set_password(PASSWORD)
    alice.save()
    CountingHasher.hashed.clear()
    with time_machine.travel("2026-01-05T00:00:00Z", tick=False) as clock:
        for n in range(40):
            clock.shift(2_000)
            guess(password=f"guess {n}", REMOTE_ADDR=f"198.51.100.{n}")
    assert len(CountingHasher.hashed) == 20


def test_the_owner_still_gets_in_from_a_browser_that_knows_the_account(alice: User, browser: Client) -> None:
    log_in(browser, "alice@example.com")
    browser.post("/accounts/logout/")
    for n in range(6):
        guess(REMOTE_ADDR=f"198.51.100.{n}")
    assert REFUSED in guess(password=PASSWORD, REMOTE_ADDR="198.51.100.99")
    assert guess(password=PASSWORD, browser=browser) == "/"


def test_a_browser_that_knows_one_account_has_no_tries_apart_at_another(
    alice: User, charlie: User, browser: Client
) -> None:
    log_in(browser, "charlie@example.com")
    browser.post("/accounts/logout/")
    for n in range(5):
        guess(REMOTE_ADDR=f"198.51.100.{n}")
    assert REFUSED in guess(browser=browser)


def test_a_cookie_that_we_did_not_sign_is_worth_nothing(alice: User, browser: Client) -> None:
    log_in(browser, "alice@example.com")
    browser.post("/accounts/logout/")
    browser.cookies["known_browser"] = browser.cookies["known_browser"].value.replace(".", ".x", 1)
    for n in range(5):
        guess(REMOTE_ADDR=f"198.51.100.{n}")
    assert REFUSED in guess(password=PASSWORD, browser=browser)


@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_a_wrong_password_takes_as_long_as_an_unknown_address(
    alice: User, settings: Settings, email: str
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    alice.set_password(PASSWORD)
    alice.save()
    CountingHasher.hashed.clear()
    guess(email)
    assert CountingHasher.hashed == ["wrong"]


@pytest.mark.parametrize("email", ["alice@example.com", "nobody@example.com"])
def test_asking_for_a_new_password_sends_one_mail_either_way(
    alice: User, browser: Client, email: str
) -> None:
    browser.post("/accounts/password/reset/", {"email": email})
    assert len(mail.outbox) == 1


def test_the_session_is_another_one_after_signing_in(alice: User, browser: Client) -> None:
    browser.get(AT)
    session = browser.session
    session["planted"] = "by somebody else"
    session.save()
    browser.cookies["sessionid"] = planted = str(session.session_key)
    log_in(browser, "alice@example.com")
    assert browser.cookies["sessionid"].value != planted
    stranger = Client()
    stranger.cookies["sessionid"] = planted
    assert stranger.get("/profile").status_code == 302


def test_a_session_that_ended_cannot_be_taken_up_again(alice: User, browser: Client) -> None:
    log_in(browser, "alice@example.com")
    ended = browser.cookies["sessionid"].value
    browser.post("/accounts/logout/")
    browser.cookies["sessionid"] = ended
    assert browser.get("/profile").status_code == 302


def test_cookies_are_kept_from_scripts_and_other_sites(alice: User, browser: Client) -> None:
    log_in(browser, "alice@example.com")
    for name in ("sessionid", "known_browser"):
        assert browser.cookies[name]["httponly"]
        assert browser.cookies[name]["samesite"] == "Lax"
