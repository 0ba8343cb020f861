"""Desk.com as a source: what the catalog says about it, and how to open it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager, closing
from datetime import timedelta
from typing import Any

from django.conf import settings as installation
from requests.auth import AuthBase, HTTPBasicAuth
from requests_oauthlib import OAuth1

from sources.connectors.base import Account, Connector, Traffic
from sources.connectors.desk.check import CHECK_SECONDS, check_account, silent
from sources.connectors.desk.client import DeskClient, Patience
from sources.connectors.desk.collections import (
    Articles,
    Brands,
    Cases,
    Companies,
    Customers,
    Feedbacks,
    Users,
)
from sources.connectors.desk.echoes import blot
from sources.connectors.desk.form import BASIC, OAUTH, DeskForm
from sources.connectors.desk.transport import Line
from workspace.within import done_within


class Desk(Connector):
    """Desk.com, or any server that speaks version 2 of its API."""

    kind = "desk"
    name = "Desk.com"
    icon = "desk"
    category = "Helpdesk"
    summary = "Cases, customers and all else of a Desk.com help desk, as tables in your warehouse."
    notice = (
        "Desk.com closed on 13 March 2020. Two ways still work: serve your own export with the Desk sandbox "
        "that comes with this installation, or connect to any server that speaks Desk API v2."
    )
    permissions = "A Desk.com user with administrator privileges."
    interval = timedelta(hours=3)
    regions = ("us",)
    streams = (Brands(), Users(), Companies(), Customers(), Articles(), Cases(), Feedbacks())
    SettingsForm = DeskForm
    sample = "cases"

    def check(self, settings: Mapping[str, Any], traffic: Traffic) -> Account:
        """One request, two when the first one fails."""
        client = _client(settings, traffic, Patience(attempts=2, refusals=1), CHECK_SECONDS)

        def ask() -> Account:
            with closing(client):
                return check_account(client, settings)

        account = done_within(CHECK_SECONDS, ask)
        if account is None:
            raise silent(client.host)
        return account

    def open(self, settings: Mapping[str, Any], traffic: Traffic) -> AbstractContextManager[DeskClient]:
        """A client with one connection, opened with the first request."""
        return closing(_client(settings, traffic, Patience()))


def _client(
    settings: Mapping[str, Any], traffic: Traffic, patience: Patience, seconds: float = math.inf
) -> DeskClient:
    agent = f"Tributary/{installation.VERSION}"
    line = Line(settings["base_url"], _auth(settings), agent, traffic.allowed_hosts, seconds)
    return DeskClient(line, traffic, patience, blot(settings))


def _auth(settings: Mapping[str, Any]) -> AuthBase:
    if all(settings.get(name) for name in BASIC):
        return HTTPBasicAuth(*(settings[name].encode() for name in BASIC))
    key, secret, token, token_secret = (settings[name] for name in OAUTH)
    signature: AuthBase = OAuth1(key, secret, token, token_secret)
    return signature
