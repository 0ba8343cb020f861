"""The Celery application and the whole beat schedule, tasks by name."""

import logging
import os
from typing import Any

from celery import Celery
from django.conf import settings
from kombu import Exchange, Queue
from kombu.exceptions import OperationalError

from workspace import broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workspace.settings")

log = logging.getLogger(__name__)

broker.mend()
app = Celery("tributary")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Every worker takes from both, ticks first: what is due is found however much work waits already.
app.conf.task_queues = [Queue(name, Exchange(name), name) for name in ("ticks", "celery")]
app.conf.task_default_queue = "celery"
app.conf.beat_scheduler = "workspace.monitoring.heartbeats:Beat"
app.conf.imports = ["workspace.monitoring.heartbeats"]

# A tick waits for the slices at work, no longer; those after it ask the same question.
_options = {"queue": "ticks", "expires": settings.SLICE_SECONDS + 2 * settings.TICK_SECONDS}
_tick = {"schedule": settings.TICK_SECONDS, "options": _options}
app.conf.beat_schedule = {
    "source syncs": {"task": "sources.tick", **_tick},
    "warehouse syncs": {"task": "warehouses.tick", **_tick},
    "what does not start": {"task": "alerts.watch", **_tick},
    "databases that came back": {"task": "workspace.look_for_restore", **_tick},
    "workspaces that close": {"task": "workspace.delete_due", "schedule": 300.0, "options": _options},
    "sessions that are over": {"task": "workspace.clear_sessions", "schedule": 3_600.0, "options": _options},
}


def nudge(task: str, run_id: Any) -> None:
    """Send a message about a run. When the broker is away the run's row waits for the next tick."""
    try:
        app.send_task(task, [str(run_id)], retry=False)
    except OperationalError as error:
        log.warning("The broker is away, run %s waits for the next tick: %s", run_id, type(error).__name__)
