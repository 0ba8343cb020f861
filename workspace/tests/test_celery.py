"""The queues between beat and workers."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from kombu import Connection

from workspace.celery import app


def test_ticks_are_taken_before_all_work_that_waits() -> None:
    options = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, "global_keyprefix": f"{uuid.uuid4()}:"}
    taken: list[str] = []

    def take(body: Any, message: Any) -> None:
        taken.append(message.headers["task"])
        message.ack()

    with Connection(settings.CELERY_BROKER_URL, transport_options=options) as line:
        for entry in ("warehouses.sync", "sources.sync"):
            app.send_task(entry, ["an id"], connection=line)
        for entry in app.conf.beat_schedule.values():
            app.send_task(entry["task"], connection=line, **entry["options"])
        with app.amqp.TaskConsumer(line.default_channel, callbacks=[take]) as consumer:
            consumer.qos(prefetch_count=1)
            while len(taken) < len(app.conf.beat_schedule) + 2:
                line.drain_events(timeout=10)
    assert set(taken[:-2]) == {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert taken[-2:] == ["warehouses.sync", "sources.sync"]
