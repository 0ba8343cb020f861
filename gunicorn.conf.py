"""Read by gunicorn where it starts, that is here."""

from typing import Any


def post_worker_init(worker: Any) -> None:
    """Each web process looks after the schedulers."""
    from workspace.monitoring import watchman

    watchman.start()
