"""Signs of life that no other test sees."""

from __future__ import annotations

import uuid
from copy import deepcopy

import pytest
from pytest_django.fixtures import Settings

from workspace.monitoring import heartbeats


@pytest.fixture(autouse=True)
def own_signs(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    caches = deepcopy(settings.CACHES)
    caches["default"]["KEY_PREFIX"] = str(uuid.uuid4())
    settings.CACHES = caches
    monkeypatch.setattr(heartbeats, "_said", {})


@pytest.fixture
def all_alive(own_signs: None) -> None:
    heartbeats.say_alive(heartbeats.WORKER)
    heartbeats.say_alive(heartbeats.BEAT)
