"""The queues between beat and workers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
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


@pytest.fixture
def line() -> Iterator[Connection]:
    """A connection to a queue of its own."""
    options = {**settings.CELERY_BROKER_TRANSPORT_OPTIONS, "global_keyprefix": f"{uuid.uuid4()}:"}
    with Connection(settings.CELERY_BROKER_URL, transport_options=options) as line:
        yield line


def test_a_lost_broker_ends_no_worker_that_has_a_message_in_hand(line: Connection) -> None:
    channel: Any = line.default_channel
    app.send_task("sources.sync", ["an id"], connection=line)
    app.amqp.TaskConsumer(channel, callbacks=[lambda body, message: None]).consume()
    line.drain_events(timeout=10)
    line._do_close_transport()  # what Celery's first attempt to close has done when Redis was gone
    line.close()
    assert channel.closed


def test_an_acknowledgement_over_a_lost_line_is_a_lost_connection(line: Connection) -> None:
    channel: Any = line.default_channel
    errors = line.connection_errors
    line.collect()
    with pytest.raises(errors, match="given up"):
        channel.basic_ack("a message")
