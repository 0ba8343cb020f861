"""Settings of a warehouse whose key has been lost."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from django.test import Client
from pytest_django.fixtures import Settings

from warehouses.tests.flush.conftest import Flow, codes
from workspace.tests.fixtures import entry

pytestmark = pytest.mark.django_db(transaction=True)


def test_settings_no_key_opens_fail_the_run_in_a_sentence_and_can_be_entered_again(
    flow: Flow, settings: Settings, as_alice: Client
) -> None:
    flow.put(entry("1"))
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    run = flow.flush()
    assert (run.status, codes(run)) == ("failed", ["credentials_unreadable"])
    page = "/acme/warehouses/w/settings/connection"
    assert as_alice.get(page).status_code == 200
    as_alice.post(page, dict(flow.bed.engine.settings))
    assert flow.flush().status == "success"
