"""Logging in and out, forgotten passwords, and what these pages do not tell."""

from __future__ import annotations

import re

import pytest
import time_machine
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from workspace.models import User, Workspace
from workspace.sign_in_urls import urlpatterns
from workspace.tests.people.conftest import PASSWORD, log_in, with_authenticator


def test_the_right_password_leads_home(browser: Client, acme: Workspace) -> None:
    assert log_in(browser, "Alice@Example.com") == "/"
    assert browser.get("/")["Location"] == "/acme/overview"


def test_one_gets_where_one_wanted_to_go(browser: Client, acme: Workspace) -> None:
    asked = browser.get("/acme/settings/audit")
    assert asked["Location"] == "/accounts/login/?next=/acme/settings/audit"
    assert log_in(browser, "alice@example.com", then="/acme/settings/audit") == "/acme/settings/audit"


def test_nobody_is_sent_to_another_site(browser: Client, alice: User) -> None:
    assert log_in(browser, "alice@example.com", then="https://evil.example/") == "/"


def test_a_wrong_password_and_an_unknown_address_look_the_same(browser: Client, alice: User) -> None:
    pages = [
        browser.post("/accounts/login/", {"login": email, "password": "wrong"}).content.decode()
        for email in ("alice@example.com", "nobody@example.com")
    ]
    known, unknown = (re.sub(r'value="[^"]*"', "", page) for page in pages)
    assert "not correct" in known
    assert known == unknown


def test_a_wrong_password_asks_the_database_as_often_as_an_unknown_address(alice: User) -> None:
    asked = []
    for email in ("alice@example.com", "nobody@example.com"):
        with CaptureQueriesContext(connection) as queries:
            Client().post("/accounts/login/", {"login": email, "password": "wrong"})
        asked.append(len(queries))
    assert asked[0] == asked[1] > 0


def test_guessing_is_stopped_also_for_the_right_password(browser: Client, alice: User) -> None:
    for _ in range(5):
        log_in(browser, "alice@example.com", "wrong")
    answer = browser.post("/accounts/login/", {"login": "alice@example.com", "password": PASSWORD})
    assert "Too many failed login attempts" in answer.content.decode()


def test_too_many_requests_are_refused_in_our_looks(browser: Client, alice: User) -> None:
    answers = [browser.post("/accounts/password/reset/", {"email": "alice@example.com"}) for _ in range(6)]
    assert answers[-1].status_code == 429
    assert "tributary.css" in answers[-1].content.decode()


def test_a_session_lasts_seven_days(browser: Client, alice: User) -> None:
    with time_machine.travel("2026-01-05T08:00:00.900Z", tick=False):
        log_in(browser, "alice@example.com")
    assert browser.cookies["sessionid"]["max-age"] == 7 * 86_400


def test_logging_out_takes_a_post(as_alice: Client, acme: Workspace) -> None:
    assert as_alice.get("/accounts/logout/").status_code == 200
    assert as_alice.post("/accounts/logout/")["Location"] == "/accounts/login/"
    assert as_alice.get("/acme/settings").status_code == 302


def test_a_closed_account_does_not_get_in(browser: Client, alice: User) -> None:
    User.objects.update(is_active=False)
    assert log_in(browser, "alice@example.com") == "/accounts/inactive/"
    assert "closed by the operator" in browser.get("/accounts/inactive/").content.decode()


def test_a_forgotten_password_is_replaced_by_mail_once(browser: Client, alice: User) -> None:
    browser.post("/accounts/password/reset/", {"email": "alice@example.com"})
    link = _link(str(mail.outbox[0].body))
    form = browser.get(link, follow=True).redirect_chain[-1][0]
    new = {"password1": "another long password", "password2": "another long password"}
    assert browser.post(form, new)["Location"] == "/accounts/password/reset/key/done/"
    assert not log_in(browser, "alice@example.com")
    assert log_in(browser, "alice@example.com", "another long password") == "/"
    assert "does not work any more" in Client().get(link).content.decode()


def test_asking_for_a_password_tells_nobody_who_has_an_account(browser: Client, alice: User) -> None:
    answers = [
        browser.post("/accounts/password/reset/", {"email": email}, follow=True)
        for email in ("alice@example.com", "nobody@example.com")
    ]
    assert answers[0].content == answers[1].content
    assert [message.to for message in mail.outbox] == [["alice@example.com"], ["nobody@example.com"]]
    assert "signup" not in mail.outbox[1].body


def test_changing_the_password_ends_other_sessions_and_is_told(alice: User, browser: Client) -> None:
    other = Client()
    log_in(browser, "alice@example.com")
    log_in(other, "alice@example.com")
    new = {
        "oldpassword": PASSWORD,
        "password1": "another long password",
        "password2": "another long password",
    }
    assert browser.post("/accounts/password/change/", new)["Location"] == "/profile"
    assert browser.get("/profile").status_code == 200
    assert other.get("/profile").status_code == 302
    assert mail.outbox[0].subject == "Your password was changed"


@pytest.mark.parametrize("path", ["signup/", "email/", "password/set/", "3rdparty/", "confirm-email/", ""])
def test_pages_of_allauth_that_we_do_not_have_are_not_found(browser: Client, alice: User, path: str) -> None:
    browser.force_login(alice)
    assert browser.get(f"/accounts/{path}").status_code == 404


def test_nobody_signs_up_uninvited(browser: Client, alice: User) -> None:
    new = {"email": "eve@example.com", "password1": PASSWORD, "password2": PASSWORD}
    assert browser.post("/accounts/signup/", new).status_code == 404
    assert User.objects.count() == 1


@pytest.mark.parametrize("state", ["nobody", "signed in", "confirmed", "two factors"])
def test_every_page_of_sign_in_wears_our_looks(
    browser: Client, acme: Workspace, alice: User, state: str
) -> None:
    if state == "signed in":
        browser.force_login(alice)
    if state in ("confirmed", "two factors"):
        log_in(browser, "alice@example.com")
        browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    if state == "two factors":
        with_authenticator(alice)
        RecoveryCodes.activate(alice)
    for pattern in urlpatterns:
        path = "/" + next(iter(get_resolver().reverse_dict.getlist(pattern.name)))[0][0][0]
        if not path.endswith("download/"):
            page = browser.get(path % {"uidb36": "x", "key": "y"}, follow=True).content.decode()
            assert "tributary.css" in page, path


def test_a_fragment_without_a_session_loads_the_page_again(browser: Client, acme: Workspace) -> None:
    answer = browser.get("/acme/settings", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Refresh"]) == (200, "true")


def _link(text: str) -> str:
    found = re.search(r"http://testserver(\S+)", text)
    assert found
    return found[1]
