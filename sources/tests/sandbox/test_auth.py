"""Who may sign in and how."""

import base64
from dataclasses import asdict, replace
from typing import Any

import pytest
import requests
from requests.auth import AuthBase
from requests_oauthlib import OAuth1

from sources.sandbox.auth import OAuthKeys
from sources.sandbox.server import API_TOKEN, Sandbox

ADMIN = ("admin@example.com", "desk-sandbox")


class Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def status(served: Sandbox, path: str, auth: Any = None, **more: Any) -> int:
    return requests.get(f"{served.url}/api/v2{path}", auth=auth, timeout=10, **more).status_code


def oauth(keys: OAuthKeys) -> OAuth1:
    return OAuth1(keys.key, keys.secret, keys.token, keys.token_secret)


def test_without_credentials_nobody_gets_in(served: Sandbox) -> None:
    assert status(served, "/cases") == 401


def test_a_wrong_password_is_refused_with_a_message(served: Sandbox) -> None:
    reply = requests.get(f"{served.url}/api/v2/cases", auth=(ADMIN[0], "guess"), timeout=10)
    assert (reply.status_code, reply.json()) == (401, {"message": "Unauthorized"})


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic /w==", "Negotiate abc", "Bearer", "OAuth", "é"]
)
def test_a_header_that_makes_no_sense_is_refused(served: Sandbox, header: str) -> None:
    assert status(served, "/cases", headers={"Authorization": header.encode()}) == 401


@pytest.mark.parametrize(
    ("email", "level"), [("admin@example.com", "siteadmin_billing"), ("agent@example.com", "agent")]
)
def test_the_current_user_is_the_one_who_signed_in(served: Sandbox, email: str, level: str) -> None:
    for me in ("current", "me"):
        reply = requests.get(f"{served.url}/api/v2/users/{me}", auth=(email, ADMIN[1]), timeout=10).json()
        assert (reply["email"], reply["level"]) == (email, level)


def test_the_current_user_is_one_of_the_users(served: Sandbox) -> None:
    reply = requests.get(f"{served.url}/api/v2/users/current", auth=ADMIN, timeout=10).json()
    assert reply["_links"]["self"]["href"] == "/api/v2/users/5"


def test_a_login_of_ones_own_still_is_an_administrator() -> None:
    with Sandbox(email="me@mine.example", password="mine") as site:
        reply = requests.get(f"{site.url}/api/v2/users/me", auth=("me@mine.example", "mine"), timeout=10)
    assert reply.json()["level"] == "siteadmin_billing"


@pytest.mark.parametrize(
    "path", ["/cases", "/cases/search?q=subject:%22caf%C3%A9%22&page=1", "/cases?embed=customer,message"]
)
def test_a_signed_request_gets_in_with_any_parameters(served: Sandbox, path: str) -> None:
    assert status(served, path, oauth(served.keys)) == 200


def test_parameters_that_were_not_signed_are_refused(served: Sandbox) -> None:
    signed = requests.Request("GET", f"{served.url}/api/v2/cases?page=1", auth=oauth(served.keys)).prepare()
    signed.url = str(signed.url).replace("page=1", "page=2")
    with requests.Session() as session:
        assert session.send(signed, timeout=10).status_code == 401


@pytest.mark.parametrize("name", list(asdict(OAuthKeys())))
def test_one_wrong_oauth_value_is_enough_to_be_refused(served: Sandbox, name: str) -> None:
    assert status(served, "/cases", oauth(replace(served.keys, **{name: "wrong"}))) == 401


def test_the_body_of_a_write_is_not_part_of_the_signature(site: Sandbox) -> None:
    reply = requests.patch(
        f"{site.url}/api/v2/cases/101", json={"subject": "signed"}, timeout=10, auth=oauth(site.keys)
    )
    assert reply.json()["subject"] == "signed"


def test_the_api_token_opens_the_knowledge_base_and_nothing_else(served: Sandbox) -> None:
    assert [status(served, path, Bearer(API_TOKEN)) for path in ("/articles", "/topics", "/brands")] == [
        200
    ] * 3
    assert status(served, "/cases", Bearer(API_TOKEN)) == 401
    assert status(served, "/articles", Bearer("wrong")) == 401


def test_a_basic_header_in_lower_case_is_understood(served: Sandbox) -> None:
    encoded = base64.b64encode(":".join(ADMIN).encode()).decode()
    assert status(served, "/cases", headers={"authorization": f"basic {encoded}"}) == 200
