"""The frame of Settings."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from workspace.models import Workspace


def test_settings_begin_with_general(acme: Workspace, as_alice: Client) -> None:
    answer = as_alice.get("/acme/settings")
    assert answer.status_code == 302
    assert answer["Location"] == reverse("workspace:settings_part", args=["acme", "general"])


def test_settings_of_other_peoples_workspaces_are_not_found(acme: Workspace, as_charlie: Client) -> None:
    assert as_charlie.get("/acme/settings").status_code == 404
