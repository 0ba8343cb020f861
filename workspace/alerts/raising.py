"""Opening and closing alerts: one for each cause, told once to every channel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from workspace.alerts.models import Alert, AlertRules, Channel, Delivery, LastRead
from workspace.celery import nudge
from workspace.models import User, Workspace

UNREAD_MOST = 99
MOST = 10
"""Alerts of a workspace that are told one by one within QUIET; of more there is one word."""
QUIET = timedelta(hours=1)
"""How long the same cause is not told again."""
GRACE = timedelta(minutes=2)
FLOOD = "flood"
FLOOD_TEXT = (
    f"More than {MOST} alerts came within an hour. "
    "The further ones stand on the page of alerts and are not sent one by one."
)
BATCH = 500
EVER = datetime.min.replace(year=1970, tzinfo=UTC)


def rules_of(workspace: Workspace) -> AlertRules:
    """The rules of a workspace, unsaved defaults if it has none of its own."""
    return AlertRules.objects.filter(workspace=workspace).first() or AlertRules(workspace=workspace)


def open_alert(workspace: Workspace, cause: str, title: str, text: str = "", url: str = "") -> Alert | None:
    """Open an alert of this cause and tell people; None when there is one that is not over.

    A cause that came back within the hour, and what comes on top of many others, stands on the page only: `tell_late`
    tells what is still open later.
    """
    if Alert.objects.filter(workspace=workspace, cause=cause, closed_at=None).exists():
        return None
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                workspace=workspace, cause=cause, title=title[:300], text=text, url=url
            )
            _tell_now_or_later(alert)
    except IntegrityError:  # somebody else was faster
        return None
    return alert


def close_alert(workspace: Workspace, cause: str, *, tell: bool = True) -> None:
    """It is over; whoever was told of it is told of that too, once."""
    with transaction.atomic():
        alert = (
            Alert.objects.select_for_update().filter(workspace=workspace, cause=cause, closed_at=None).first()
        )
        if alert is None:
            return
        alert.closed_at = timezone.now()
        alert.save(update_fields=["closed_at"])
        if tell and alert.told_at:
            _send(alert, "closed")


def tell_late() -> None:
    """Tell what has stayed open although it was not told at first; say that a flood of alerts is over."""
    untold = Alert.objects.filter(closed_at=None, told_at=None)
    flooded = Alert.objects.filter(closed_at=None, cause=FLOOD)
    for flood in flooded.select_related("workspace"):
        if not untold.filter(workspace=flood.workspace).exists():
            close_alert(flood.workspace, FLOOD)
    calm = untold.exclude(workspace__in=flooded.values("workspace"))
    for alert in calm.select_related("workspace").order_by("opened_at")[:BATCH]:
        with transaction.atomic():
            _tell_now_or_later(alert)


def count_unread(user: User, workspace: Workspace) -> int:
    """Alerts that came since this person last looked, 99 at the most."""
    read = LastRead.objects.filter(user=user, workspace=workspace).values("at")[:1]
    alerts = Alert.objects.filter(workspace=workspace)
    return alerts.filter(opened_at__gt=Coalesce(Subquery(read), EVER))[:UNREAD_MOST].count()


def mark_read(user: User, workspace: Workspace) -> None:
    """Everything up to now has been read."""
    LastRead.objects.update_or_create(user=user, workspace=workspace, defaults={"at": timezone.now()})


def _tell_now_or_later(alert: Alert) -> None:
    told = Alert.objects.filter(workspace=alert.workspace, told_at__gt=timezone.now() - QUIET)
    if told.filter(cause=alert.cause).exists():
        return
    if alert.cause == FLOOD or told.count() < MOST:
        alert.told_at = timezone.now()
        alert.save(update_fields=["told_at"])
        _send(alert, "opened")
    else:
        url = reverse("workspace:alerts", args=[alert.workspace.slug])
        open_alert(alert.workspace, FLOOD, "Many alerts at once", FLOOD_TEXT, url)


def _send(alert: Alert, event: str) -> None:
    for channel in alert.workspace.alert_channels.all():
        begin_delivery(channel, event, alert)


def begin_delivery(channel: Channel, event: str, alert: Alert | None = None) -> Delivery:
    """A delivery and the message about it; whoever looks for what was not tried finds it when that gets lost."""
    soon = timezone.now() + GRACE
    delivery = Delivery.objects.create(channel=channel, alert=alert, event=event, next_try_at=soon)
    transaction.on_commit(lambda: nudge("alerts.deliver", delivery.pk))
    return delivery
