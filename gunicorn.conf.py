"""Read by gunicorn where it starts, that is here."""

import gc
import os
import resource
from typing import Any

from workspace import logs, settings

workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "workspace.whole_requests.WholeRequests"
sendfile = False  # it would wait for ever for somebody who reads no more
CONNECTIONS = 1000
OTHER_FILES = 100
"""What a process opens besides: to database, broker and mail server in each thread, logs, pages and static files."""


def connections() -> int:
    """How many the limit of open files leaves room for, which is raised as far as that is needed and allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY in (soft, hard):
        hard = CONNECTIONS + OTHER_FILES
    wanted = min(hard, CONNECTIONS + OTHER_FILES)
    if resource.RLIM_INFINITY != soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return wanted - OTHER_FILES


worker_connections = connections()
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
