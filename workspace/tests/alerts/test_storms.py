"""However much fails, people hear little and the right thing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sources.models import Source, SourceSync
from workspace.alerts.models import Alert, Delivery
from workspace.alerts.raising import MOST, close_alert, open_alert, tell_late
from workspace.alerts.watching import follow_run
from workspace.models import Workspace
from workspace.tests.alerts.conftest import channel, ended

HOUR = timedelta(hours=1, minutes=1)


@pytest.fixture(autouse=True)
def mailbox(acme: Workspace) -> None:
    channel(acme)


def told() -> list[tuple[str, str]]:
    deliveries = Delivery.objects.order_by("pk").select_related("alert")
    return [(delivery.event, delivery.alert.title) for delivery in deliveries if delivery.alert]


def an_hour_passes() -> None:
    for alert in Alert.objects.all():
        earlier = alert.told_at and alert.told_at - HOUR
        Alert.objects.filter(pk=alert.pk).update(opened_at=alert.opened_at - HOUR, told_at=earlier)


def test_a_hundred_failures_of_one_source_are_one_word(desk: Source) -> None:
    runs = [SourceSync(source=desk, workspace=desk.workspace, status="failed") for _ in range(100)]
    for run in SourceSync.objects.bulk_create(runs):
        follow_run(run)
    assert told() == [("opened", "Desk.com fails")]


def test_five_hundred_causes_are_ten_words_and_one(acme: Workspace) -> None:
    for number in range(500):
        open_alert(acme, f"source/{number}/failed", f"Source {number} fails")
    tell_late()
    assert len(told()) == MOST + 1
    assert told()[-1] == ("opened", "Many alerts at once")
    assert Alert.objects.count() == 501


def test_the_end_of_a_flood_is_told_once(acme: Workspace) -> None:
    for number in range(50):
        open_alert(acme, f"source/{number}/failed", f"Source {number} fails")
    for number in range(50):
        close_alert(acme, f"source/{number}/failed")
    tell_late()
    tell_late()
    over = [title for event, title in told() if event == "closed"]
    assert (len(over), over[-1]) == (MOST + 1, "Many alerts at once")


def test_what_comes_and_goes_is_told_once_an_hour(desk: Source) -> None:
    for ago in range(20, 0, -2):
        ended(desk, "failed", ago)
        ended(desk, "success", ago - 1)
        tell_late()
    assert [event for event, _ in told()] == ["opened", "closed"]


def test_what_came_back_and_stays_is_told_when_the_hour_is_over(desk: Source) -> None:
    for ago, status in ((9, "failed"), (8, "success"), (7, "failed")):
        ended(desk, status, ago)
    tell_late()
    assert [event for event, _ in told()] == ["opened", "closed"]
    an_hour_passes()
    tell_late()
    assert [event for event, _ in told()] == ["opened", "closed", "opened"]


def test_another_workspace_is_not_drowned(acme: Workspace) -> None:
    other = Workspace.objects.create(name="Other", slug="other")
    channel(other)
    for number in range(20):
        open_alert(acme, f"source/{number}/failed", "Fails")
    alert = open_alert(other, "source/1/failed", "Other fails")
    assert alert is not None
    assert alert.told_at is not None
    assert timezone.now() - alert.told_at < timedelta(minutes=1)
