"""The key of an installation changes while its runs go on.

`SECRETS=10000 pytest …/test_rotation.py -s` has so many to seal again, and says how long that took.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from pytest_django.fixtures import Settings

from workspace.alerts.models import Channel
from workspace.models import Workspace
from workspace.runs import Run
from workspace.tests.path.stretch import Stretch

pytestmark = pytest.mark.django_db(transaction=True)
SECRETS = int(os.environ.get("SECRETS") or 300)


def test_no_run_fails_while_the_key_changes(
    make_path: Callable[..., Stretch], acme: Workspace, settings: Settings
) -> None:
    path, key = make_path(12), Fernet.generate_key().decode()
    add_secrets(acme)
    settings.CREDENTIAL_KEYS = [key, *settings.CREDENTIAL_KEYS]
    runs: list[Run] = []
    with ThreadPoolExecutor(1) as beside:
        rotation = beside.submit(rotate)
        while not runs or not rotation.done():
            runs += [path.sync(full=True), path.flush()]
        print(f"{SECRETS} secrets in {rotation.result():.1f} s, {len(runs)} runs")
    assert {run.status for run in runs} == {"success"}
    settings.CREDENTIAL_KEYS = [key]
    verified = StringIO()
    call_command("verify_secrets", stdout=verified)
    assert "All sealed" in verified.getvalue()
    assert {path.sync().status, path.flush().status} == {"success"}


def add_secrets(workspace: Workspace) -> None:
    """So many webhooks, each with a secret; nobody calls them."""
    channels = [
        Channel(pk=pk, workspace=workspace, kind="webhook", label="x") for pk in range(1, SECRETS + 1)
    ]
    for channel in channels:
        channel.settings = {"url": "https://hooks.example.com/x", "secret": "geheim"}
    Channel.objects.bulk_create(channels)


def rotate() -> float:
    """Seal everything with the first key, as the command does; how many seconds it took."""
    began = time.monotonic()
    try:
        call_command("rotate_keys", stdout=StringIO())
    finally:
        connection.close()
    return time.monotonic() - began
