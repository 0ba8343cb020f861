"""The Celery application and the whole beat schedule, tasks by name."""

import logging
import os
from typing import Any

from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workspace.settings")

log = logging.getLogger(__name__)

app = Celery("tributary")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A tick that no worker took before the next one is worthless: that one asks the same question.
_tick = {"schedule": settings.TICK_SECONDS, "options": {"expires": settings.TICK_SECONDS * 0.8}}
app.conf.beat_schedule = {
    "source syncs": {"task": "sources.tick", **_tick},
    "warehouse syncs": {"task": "warehouses.tick", **_tick},
    "what does not start": {"task": "alerts.watch", **_tick},
    "workspaces that close": {"task": "workspace.delete_due", "schedule": 300.0},
}


def nudge(task: str, run_id: Any) -> None:
    """Send a message about a run. When the broker is away the run's row waits for the next tick."""
    try:
        app.send_task(task, [str(run_id)], retry=False)
    except OperationalError as error:
        log.warning("The broker is away, run %s waits for the next tick: %s", run_id, type(error).__name__)
