"""From an alert to a mailbox or a webhook, tried again while the other side is away."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F, Q
from django.utils import timezone

from workspace.alerts.models import Channel, Delivery
from workspace.errors import PublicError, TransientError
from workspace.outbound import post

TRIES = 8
"""Attempts over about nine hours."""
CLAIMED = timedelta(minutes=5)
"""How long an attempt may take before it counts as lost."""


def deliver(delivery_id: Any) -> None:
    """One attempt, if one is due; who is told doubly, or beside another, finds nothing to do."""
    delivery = _claim(delivery_id)
    if delivery is None:
        return
    try:
        _SENDERS[delivery.channel.kind](delivery.channel, message_of(delivery))
        delivery.delivered_at, delivery.next_try_at, delivery.error = timezone.now(), None, ""
    except TransientError as error:
        wait = timedelta(seconds=10 * 3**delivery.tries)
        delivery.next_try_at = timezone.now() + wait if delivery.tries < TRIES else None
        delivery.error = error.message[:300]
    except PublicError as error:
        delivery.next_try_at, delivery.error = None, error.message[:300]
    delivery.save(update_fields=["delivered_at", "next_try_at", "error"])


def due(after: timedelta = timedelta()) -> Iterator[int]:
    """Deliveries to be tried again, and those whose message or worker got lost, that have been due for so long."""
    waiting = Delivery.objects.filter(delivered_at=None, next_try_at__lte=timezone.now() - after)
    yield from waiting.order_by("next_try_at").values_list("pk", flat=True)[:500]


def _claim(delivery_id: Any) -> Delivery | None:
    """The delivery with this attempt counted, which nobody else makes; None when none is due."""
    fresh_or_due = Q(tries=0) | Q(next_try_at__lte=timezone.now())
    one = Delivery.objects.filter(fresh_or_due, pk=delivery_id, delivered_at=None, next_try_at__isnull=False)
    claimed = one.update(tries=F("tries") + 1, next_try_at=timezone.now() + CLAIMED)
    if not claimed:
        return None
    return Delivery.objects.select_related("channel__workspace", "alert").filter(pk=delivery_id).first()


def message_of(delivery: Delivery) -> dict[str, Any]:
    """What is told: an id that is the same at each attempt, event, workspace, title, text, address, moment."""
    alert, workspace = delivery.alert, delivery.channel.workspace
    title = alert.title if alert else "This is a test of the channel"
    if delivery.event == "closed":
        title = f"Over: {title}"
    return {
        "id": delivery.pk,
        "event": delivery.event,
        "workspace": workspace.slug,
        "title": title,
        "text": alert.text if alert else "Alerts of this workspace arrive here.",
        "url": f"{settings.SITE_URL}{alert.url if alert else f'/{workspace.slug}/alerts'}",
        "at": timezone.now().isoformat(timespec="seconds"),
    }


def sign(secret: str, moment: int, body: bytes) -> str:
    """HMAC-SHA256 over `<moment>.<body>`; the receiver compares and refuses old moments."""
    return hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()


def _mail(channel: Channel, message: dict[str, Any]) -> None:
    text = f"{message['title']}\n\n{message['text']}\n\n{message['url']}\n"
    subject = f"[{message['workspace']}] {message['title']}"
    try:
        send_mail(" ".join(subject.split())[:200], text, None, [(channel.settings or {})["address"]])
    except (OSError, SMTPException) as error:
        raise TransientError(
            f"The mail server did not take it: {type(error).__name__}.", code="mail"
        ) from None


def _slack(channel: Channel, message: dict[str, Any]) -> None:
    text = f"*{message['title']}*\n{message['text']}\n{message['url']}"
    body = json.dumps({"text": text}).encode()
    post((channel.settings or {})["url"], body, {"Content-Type": "application/json"})


def _webhook(channel: Channel, message: dict[str, Any]) -> None:
    kept, body, moment = channel.settings or {}, json.dumps(message).encode(), int(time.time())
    signature = f"t={moment},v1={sign(kept['secret'], moment, body)}"
    post(kept["url"], body, {"Content-Type": "application/json", "X-Tributary-Signature": signature})


_SENDERS: dict[str, Callable[[Channel, dict[str, Any]], None]] = {
    Channel.Kind.EMAIL: _mail,
    Channel.Kind.SLACK: _slack,
    Channel.Kind.WEBHOOK: _webhook,
}
