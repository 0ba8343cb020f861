"""Read by gunicorn where it starts, that is here."""

from typing import Any

from workspace import logs, settings

logconfig_dict = {
    "formatters": {"generic": {"()": logs.FORMATTERS[settings.LOG_FORMAT]}},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["error_console"], "propagate": False},
        "gunicorn.access": {"level": "INFO", "handlers": ["console"], "propagate": False},
    },
}


def post_worker_init(worker: Any) -> None:
    """Each web process looks after the schedulers."""
    from workspace.monitoring import watchman

    watchman.start()
