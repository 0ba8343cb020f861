"""Opening and closing alerts: one for each cause, told once to every channel."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.db.models import Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from workspace.alerts.models import Alert, AlertRules, Delivery, LastRead
from workspace.celery import nudge
from workspace.models import User, Workspace

UNREAD_MOST = 99
EVER = datetime.min.replace(year=1970, tzinfo=UTC)


def rules_of(workspace: Workspace) -> AlertRules:
    """The rules of a workspace, unsaved defaults if it has none of its own."""
    return AlertRules.objects.filter(workspace=workspace).first() or AlertRules(workspace=workspace)


def open_alert(workspace: Workspace, cause: str, title: str, text: str = "", url: str = "") -> Alert | None:
    """Tell people of this cause; None when they have been told and it is not over."""
    try:
        with transaction.atomic():
            alert = Alert.objects.create(
                workspace=workspace, cause=cause, title=title[:300], text=text, url=url
            )
            _send(alert, "opened")
    except IntegrityError:
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
        if tell:
            _send(alert, "closed")


def count_unread(user: User, workspace: Workspace) -> int:
    """Alerts that came since this person last looked, 99 at the most."""
    read = LastRead.objects.filter(user=user, workspace=workspace).values("at")[:1]
    alerts = Alert.objects.filter(workspace=workspace)
    return alerts.filter(opened_at__gt=Coalesce(Subquery(read), EVER))[:UNREAD_MOST].count()


def mark_read(user: User, workspace: Workspace) -> None:
    """Everything up to now has been read."""
    LastRead.objects.update_or_create(user=user, workspace=workspace, defaults={"at": timezone.now()})


def _send(alert: Alert, event: str) -> None:
    for channel in alert.workspace.alert_channels.all():
        delivery = Delivery.objects.create(channel=channel, alert=alert, event=event)
        transaction.on_commit(lambda pk=delivery.pk: nudge("alerts.deliver", pk))  # type: ignore[misc]
