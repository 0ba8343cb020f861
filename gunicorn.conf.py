"""Read by gunicorn where it starts, that is here."""

import gc
import os
from typing import Any

from workspace import logs, settings

workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "workspace.whole_requests.WholeRequests"
sendfile = False  # it would wait for ever for somebody who reads no more
preload_app = True  # the workers share the memory of what all of them load

logconfig_dict = {
    "formatters": {"generic": {"()": logs.FORMATTERS[settings.LOG_FORMAT]}},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["error_console"], "propagate": False},
        "gunicorn.access": {"level": "INFO", "handlers": ["console"], "propagate": False},
    },
}


def when_ready(server: Any) -> None:
    """What is loaded stays: collecting garbage must not touch it, or each worker gets a copy."""
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """Each web process looks after the schedulers."""
    from workspace.monitoring import watchman

    watchman.start()
