"""Codes of an authenticator app, recovery codes, and what has to be confirmed first."""

from __future__ import annotations

import re

import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from cryptography.fernet import Fernet
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client
from pytest_django import Settings

from workspace.models import User
from workspace.sessions import SessionStore
from workspace.tests.people.conftest import PASSWORD, SECRET, code_now, log_in, with_authenticator

CHALLENGE = "/accounts/2fa/authenticate/"
CONFIRM = "/accounts/reauthenticate/"
ACTIVATE = "/accounts/2fa/totp/activate/"


def confirmed(browser: Client) -> Client:
    """Alice has just entered her password once more."""
    log_in(browser, "alice@example.com")
    browser.post(CONFIRM, {"password": PASSWORD})
    return browser


def shown_seed(page: str) -> str:
    """What the page for setting it up tells the authenticator app."""
    found: list[str] = re.findall(r'id="totp-key">(\w+)<', page)
    return found[0]


def test_setting_it_up_asks_for_the_password_again(browser: Client, alice: User) -> None:
    log_in(browser, "alice@example.com")
    asked = browser.get(ACTIVATE)
    assert asked["Location"].startswith(CONFIRM)


@time_machine.travel("2026-01-05T12:00:10Z", tick=False)
def test_it_is_set_up_by_a_code_and_leads_to_recovery_codes(browser: Client, alice: User) -> None:
    page = confirmed(browser).get(ACTIVATE).content.decode()
    answer = browser.post(ACTIVATE, {"code": code_now(shown_seed(page))})
    assert answer["Location"] == "/accounts/2fa/recovery-codes/"
    assert browser.get(answer["Location"]).content.decode().count("<li>") >= 10


def test_seeds_are_sealed_in_the_database(alice: User) -> None:
    assert SECRET not in str(with_authenticator(alice).data)


def test_a_set_up_that_was_given_up_leaves_no_seed_in_plain(browser: Client, alice: User) -> None:
    seed = shown_seed(confirmed(browser).get(ACTIVATE).content.decode())
    stored = str(Session.objects.get().get_decoded())
    assert "mfa.totp.secret" in stored
    assert seed not in stored


@time_machine.travel("2026-01-05T12:00:10Z", tick=False)
def test_a_seed_that_no_key_opens_sets_nothing_up(browser: Client, alice: User, settings: Settings) -> None:
    seed = shown_seed(confirmed(browser).get(ACTIVATE).content.decode())
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    assert browser.post(ACTIVATE, {"code": code_now(seed)}).status_code == 200
    assert not Authenticator.objects.exists()


def test_a_seed_opens_in_no_session_but_its_own(browser: Client, alice: User) -> None:
    seed = shown_seed(confirmed(browser).get(ACTIVATE).content.decode())
    session = Session.objects.get()
    store = SessionStore(session.session_key)
    assert seed in store.decode(session.session_data).values()
    assert seed not in SessionStore("another").decode(session.session_data).values()


def test_the_password_alone_is_not_enough(browser: Client, alice: User) -> None:
    with_authenticator(alice)
    assert log_in(browser, "alice@example.com") == CHALLENGE
    assert browser.get("/profile").status_code == 302
    assert browser.post(CHALLENGE, {"code": "000000"}).status_code == 200


@time_machine.travel("2026-01-05T12:00:10Z", tick=False)
def test_a_code_lets_in_once(browser: Client, alice: User) -> None:
    with_authenticator(alice)
    log_in(browser, "alice@example.com", then="/profile")
    assert browser.post(CHALLENGE, {"code": code_now()})["Location"] == "/profile"
    other = Client()
    log_in(other, "alice@example.com")
    assert "Incorrect code" in other.post(CHALLENGE, {"code": code_now()}).content.decode()


def test_a_recovery_code_lets_in_once(browser: Client, alice: User) -> None:
    with_authenticator(alice)
    code = RecoveryCodes.activate(alice).get_unused_codes()[0]
    log_in(browser, "alice@example.com")
    assert browser.post(CHALLENGE, {"code": code})["Location"] == "/"
    other = Client()
    log_in(other, "alice@example.com")
    assert other.post(CHALLENGE, {"code": code}).status_code == 200
    assert other.get("/profile").status_code == 302


@time_machine.travel("2026-01-05T12:00:10Z", tick=False)
def test_codes_cannot_be_guessed_at_length(browser: Client, alice: User) -> None:
    with_authenticator(alice)
    log_in(browser, "alice@example.com")
    for _ in range(5):
        browser.post(CHALLENGE, {"code": "000000"})
    assert "Too many failed login attempts" in browser.post(CHALLENGE, {"code": code_now()}).content.decode()


def test_it_is_turned_off_with_its_recovery_codes_after_a_confirmation(browser: Client, alice: User) -> None:
    confirmed(browser)
    with_authenticator(alice)
    RecoveryCodes.activate(alice)
    assert browser.post("/accounts/2fa/totp/deactivate/")["Location"] == "/accounts/2fa/"
    assert not Authenticator.objects.exists()
    assert mail.outbox[0].subject == "Two-factor sign-in was turned off"


def test_recovery_codes_are_shown_only_after_a_confirmation(browser: Client, alice: User) -> None:
    with_authenticator(alice)
    RecoveryCodes.activate(alice)
    browser.force_login(alice)
    assert browser.get("/accounts/2fa/recovery-codes/")["Location"].startswith("/accounts/")
    assert browser.get("/accounts/2fa/recovery-codes/download/").status_code == 302
