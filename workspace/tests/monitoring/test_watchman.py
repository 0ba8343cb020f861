"""The web process tells people that nothing starts; no worker, beat or message takes part."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from sources.models import Source
from workspace.alerts.models import Alert, Delivery
from workspace.models import Workspace
from workspace.monitoring.watchman import look
from workspace.tests.alerts.conftest import channel
from workspace.tests.overview.conftest import add_run, add_source

HOUR = timedelta(hours=1)


@pytest.fixture
def waiting(acme: Workspace) -> Source:
    channel(acme)
    return add_source(acme, next_sync_at=timezone.now() - HOUR)


def a_minute_passes() -> None:
    Delivery.objects.filter(delivered_at=None).update(next_try_at=timezone.now() - timedelta(minutes=1))


def test_a_standstill_reaches_a_mailbox_by_the_web_process_alone(waiting: Source) -> None:
    assert look()
    assert mail.outbox == []  # a worker that lives after all has a moment to send it
    a_minute_passes()
    look()
    look()
    assert [message.subject for message in mail.outbox] == ["[acme] Nothing starts"]


def test_where_runs_start_the_web_process_leaves_all_to_the_worker(waiting: Source) -> None:
    add_run(waiting, ago=1)
    assert not look()
    assert not Alert.objects.exists()


def test_two_web_processes_send_one_mail(waiting: Source) -> None:
    look()
    a_minute_passes()
    (due,) = Delivery.objects.all()
    look()
    Delivery.objects.filter(pk=due.pk).update(delivered_at=None)  # as the other one still sees it
    look()
    assert len(mail.outbox) == 1
