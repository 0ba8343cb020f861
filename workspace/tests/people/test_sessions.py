"""When a session is over, and what its cookies are called."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from workspace.models import User, Workspace
from workspace.tasks import clear_sessions
from workspace.tests.people.conftest import PASSWORD, log_in

HOUR, DAY = 3_600, 86_400
MONDAY = "2026-01-05T08:00:00Z"
NAMES = ("sessionid", "csrftoken", "known_browser", "messages")


def is_in(browser: Client) -> bool:
    """Whether a page is shown that takes signing in."""
    return browser.get("/profile").status_code == 200


def test_who_comes_every_day_is_signed_in_for_seven_days_and_no_longer(browser: Client, alice: User) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        log_in(browser, "alice@example.com")
        for _ in range(8):
            clock.shift(20 * HOUR)
            assert is_in(browser)
        clock.shift(8 * HOUR - 1)
        assert is_in(browser)
        clock.shift(1)
        assert not is_in(browser)


def test_who_does_not_come_for_a_day_is_signed_out(browser: Client, alice: User) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        log_in(browser, "alice@example.com")
        clock.shift(DAY)
        assert not is_in(browser)


def test_sessions_that_are_over_leave_the_database_and_others_stay(browser: Client, alice: User) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        log_in(browser, "alice@example.com")
        over = browser.session.session_key
        clock.shift(DAY - 1)
        live = log_in_elsewhere("alice@example.com")
        clear_sessions()
        assert Session.objects.filter(pk=over).exists()
        clock.shift(2)
        clear_sessions()
        assert set(Session.objects.values_list("pk", flat=True)) == {live.session.session_key}
        assert is_in(live)


def log_in_elsewhere(email: str) -> Client:
    """Another browser in which the same person signs in."""
    browser = Client()
    log_in(browser, email)
    return browser


def test_the_operator_says_after_how_long(browser: Client, alice: User, settings: Settings) -> None:
    settings.SESSION_IDLE_SECONDS = 15 * 60
    with time_machine.travel(MONDAY, tick=False) as clock:
        log_in(browser, "alice@example.com")
        for _ in range(3):
            clock.shift(14 * 60)
            assert is_in(browser)
        clock.shift(15 * 60)
        assert not is_in(browser)


def test_that_somebody_came_is_not_written_at_every_request(browser: Client, alice: User) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        log_in(browser, "alice@example.com")
        with CaptureQueriesContext(connection) as seen:
            for _ in range(60):
                clock.shift(60)
                is_in(browser)
        assert len([query for query in seen if 'UPDATE "django_session"' in query["sql"]]) == 4


def test_a_session_that_is_written_lasts_no_longer(browser: Client, alice: User) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        log_in(browser, "alice@example.com")
        for _ in range(8):
            clock.shift(20 * HOUR)
            session = browser.session
            session["seen"] = True
            session.save()
        assert session.get_expiry_age() == 8 * HOUR
        clock.shift(8 * HOUR)
        assert not is_in(browser)


def test_the_seven_days_begin_at_signing_in_not_at_the_first_look(browser: Client, alice: User) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        session = browser.session
        session.save()
        browser.cookies["sessionid"] = str(session.session_key)
        clock.shift(DAY - 1)
        log_in(browser, "alice@example.com")
        assert browser.cookies["sessionid"]["max-age"] == 7 * DAY


def test_a_session_from_before_the_limit_ends_when_it_said(browser: Client, alice: User) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        log_in(browser, "alice@example.com")
        make_it_old(browser)
        clock.shift(6 * DAY)
        assert is_in(browser)
        clock.shift(DAY)
        assert not is_in(browser)


def make_it_old(browser: Client) -> None:
    """As a session was before there was a limit of idleness."""
    store = browser.session
    row = Session.objects.get(pk=store.session_key)
    data = {name: value for name, value in store.items() if name != "began"}
    end = row.expire_date.replace(day=row.expire_date.day + 6)
    Session.objects.filter(pk=row.pk).update(session_data=store.encode(data), expire_date=end)


def test_a_page_in_the_hand_of_who_signed_out_does_not_sign_in_again(browser: Client, alice: User) -> None:
    with time_machine.travel(MONDAY, tick=False) as clock:
        log_in(browser, "alice@example.com")
        late = browser.session
        clock.shift(HOUR)
        browser.post("/accounts/logout/")
        assert late.load() == {}
        assert not Session.objects.filter(pk=late.session_key).exists()


@pytest.mark.parametrize(("https", "prefix"), [("true", "__Host-"), ("false", "")])
def test_names_are_bound_to_the_host_where_there_is_tls(https: str, prefix: str) -> None:
    tell = "from workspace import settings as s; print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.COOKIE_PREFIX)"
    said = subprocess.run(
        [sys.executable, "-c", tell], env=os.environ | {"HTTPS_ONLY": https}, capture_output=True, check=True
    )
    assert said.stdout.decode().rstrip("\n").split(" ") == [
        f"{prefix}sessionid",
        f"{prefix}csrftoken",
        prefix,
    ]


def test_every_cookie_is_for_this_host_all_of_it_and_tls_alone(
    alice: User, acme: Workspace, settings: Settings
) -> None:
    settings.HTTPS_ONLY = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.COOKIE_PREFIX = "__Host-"
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    browser = Client()
    form = {"login": "alice@example.com", "password": PASSWORD}
    answers = [
        browser.get("/accounts/login/", secure=True),
        browser.post("/accounts/login/", form, secure=True),
        browser.post("/profile", {"name": "Alice", "time_zone": "UTC"}, secure=True),
    ]
    cookies = [cookie for answer in answers for cookie in answer.cookies.values()]
    assert {cookie.key for cookie in cookies} == {f"__Host-{name}" for name in NAMES}
    assert {(cookie["secure"], cookie["path"], cookie["domain"]) for cookie in cookies} == {(True, "/", "")}
    assert {(cookie["httponly"], cookie["samesite"]) for cookie in cookies} == {(True, "Lax")}


def test_a_message_is_said_once(browser: Client, alice: User) -> None:
    log_in(browser, "alice@example.com")
    browser.post("/profile", {"name": "Alice", "time_zone": "UTC"})
    said = ["Saved." in browser.get("/profile").content.decode() for _ in range(2)]
    assert said == [True, False]
