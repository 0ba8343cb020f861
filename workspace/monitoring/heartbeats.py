"""Worker and beat say through Redis that they live; the web process listens.

Redis carries their work anyway: where it is away neither of them does any, and a flushed one knows again within
seconds. The words cost one small write every ten seconds.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from celery.beat import PersistentScheduler
from celery.signals import heartbeat_sent
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

WORKER, BEAT = "worker", "beat"
EVERY = 10.0
REMEMBERED = 7 * 86_400
_said: dict[str, float] = {}


def say_alive(name: str) -> None:
    """Leave a sign of life, at most every ten seconds; a Redis that is away is no reason to stop."""
    now = time.monotonic()
    if now - _said.get(name, float("-inf")) < EVERY:
        return
    _said[name] = now
    try:
        cache.set(f"heartbeat:{name}", time.time(), timeout=REMEMBERED)
    except RedisError as error:
        log.warning("The heartbeat of the %s could not be left: %s", name, type(error).__name__)


def silent_for(name: str) -> float | None:
    """Seconds since the last sign of life, None when there was none; raises RedisError when Redis is away."""
    said = cache.get(f"heartbeat:{name}")
    return None if said is None else max(0.0, time.time() - said)


def is_alive(name: str) -> bool:
    """Whether the last sign is as young as it should be; beat speaks at least once a tick."""
    silence = silent_for(name)
    return silence is not None and silence < 60.0 + 2 * settings.TICK_SECONDS


class Beat(PersistentScheduler):
    """Celery's own scheduler, heard from as long as its loop turns."""

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """One turn of the loop."""
        say_alive(BEAT)
        return super().tick(*args, **kwargs)


@heartbeat_sent.connect
def _worker_lives(**kwargs: Any) -> None:
    say_alive(WORKER)
