"""The web process looks after the schedulers: when nothing starts it tells people itself, without Celery or beat."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from django.conf import settings
from django.db import connection

from workspace.alerts import delivering, schedules
from workspace.monitoring.starting import nothing_starts

log = logging.getLogger(__name__)

PASSED_OVER = timedelta(seconds=30)
"""A delivery that has been due for so long is left to no worker any more."""


def start() -> threading.Thread:
    """Look every minute, in a thread of its own, for as long as the process lives."""
    thread = threading.Thread(target=_keep_looking, name="watchman", daemon=True)
    thread.start()
    return thread


def look() -> bool:
    """Tell of a standstill and send what nobody sends; whether there is one. Many processes may look at once."""
    if not nothing_starts():
        return False
    schedules.watch()
    for delivery_id in delivering.due(PASSED_OVER):
        delivering.deliver(delivery_id)
    return True


def _keep_looking() -> None:
    pause = threading.Event()
    while not pause.wait(settings.TICK_SECONDS):
        try:
            look()
        except Exception:  # the database is away for a moment; the next look is the answer
            log.exception("The watchman could not look")
        finally:
            connection.close()
