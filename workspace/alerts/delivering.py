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
from django.utils import timezone

from workspace.alerts.models import Channel, Delivery
from workspace.errors import PublicError, TransientError
from workspace.outbound import post

TRIES = 6


def deliver(delivery_id: Any) -> float | None:
    """One attempt; seconds until the next one, None when it arrived or is given up. Doubled messages do no harm."""
    delivery = Delivery.objects.select_related("channel__workspace", "alert").filter(pk=delivery_id).first()
    if delivery is None or delivery.delivered_at or delivery.tries >= TRIES:
        return None
    delivery.tries += 1
    wait = None
    try:
        _SENDERS[delivery.channel.kind](delivery.channel, message_of(delivery))
        delivery.delivered_at, delivery.error = timezone.now(), ""
    except TransientError as error:
        delivery.error, wait = error.message[:300], 10.0 * 3**delivery.tries
    except PublicError as error:
        delivery.error, delivery.tries = error.message[:300], TRIES
    delivery.save(update_fields=["tries", "delivered_at", "error"])
    return wait if delivery.tries < TRIES else None


def left_behind() -> Iterator[int]:
    """Deliveries whose message got lost: nobody has tried them for two minutes."""
    limit = timezone.now() - timedelta(minutes=2)
    waiting = Delivery.objects.filter(delivered_at=None, tries=0, created_at__lt=limit)
    yield from waiting.values_list("pk", flat=True)[:500]


def message_of(delivery: Delivery) -> dict[str, Any]:
    """What is told: event, workspace, title, text, address, moment."""
    alert, workspace = delivery.alert, delivery.channel.workspace
    title = alert.title if alert else "This is a test of the channel"
    if delivery.event == "closed":
        title = f"Over: {title}"
    return {
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
