"""Log lines that machines read: one JSON object a line, with what the work is about.

Whatever a vendor or a visitor put into a message stays inside its line.
"""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from datetime import UTC, datetime
from functools import partial
from typing import Any

_about: ContextVar[dict[str, str]] = ContextVar("about")
_SLASH = r"(?:/|%(?:25)*2F)"
"""In an address within an address it is quoted, once or more often."""
_KEYS = re.compile(
    rf"({_SLASH}invitation{_SLASH}|{_SLASH}password{_SLASH}reset{_SLASH}key{_SLASH})[^/?\s\"'\\]+",
    re.IGNORECASE,
)
"""The ends of links that were mailed: who has one gets in."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")


@contextmanager
def about(**fields: Any) -> Iterator[None]:
    """Every line written meanwhile carries these fields, and those around them."""
    token = _about.set(_about.get({}) | {name: str(value) for name, value in fields.items()})
    try:
        yield
    finally:
        _about.reset(token)


def in_context(target: Callable[..., Any]) -> Callable[..., Any]:
    """The function for another thread, which otherwise begins knowing nothing of what the work is about."""
    return partial(copy_context().run, target)


def without_keys(text: str) -> str:
    """The text with no address in it that opens a door: the web server logs what is asked for."""
    return _KEYS.sub(r"\1…", text)


class JsonLines(logging.Formatter):
    """One JSON object for each record; line breaks in it are escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """Moment, level, logger, message, the fields of `about`, and the exception if there is one."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        if record.exc_info and record.exc_info[0]:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return without_keys(json.dumps(line | _about.get({})))


class PlainLines(logging.Formatter):
    """For people at a terminal: the same, with the fields behind the message."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line and any traceback."""
        return without_keys(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802, logging's own name
        """The line before any traceback."""
        fields = "".join(f" {name}={value}" for name, value in _about.get({}).items())
        return _escaped(super().formatMessage(record) + fields)

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """A traceback whose lines, and those of a message in it, cannot be taken for lines of the log."""
        return "\n".join(f"  | {_escaped(line)}" for line in super().formatException(ei).split("\n"))


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


FORMATTERS = {"json": "workspace.logs.JsonLines", "line": "workspace.logs.PlainLines"}


def configured(kind: str, level: str) -> dict[str, Any]:
    """For the setting LOGGING. Libraries that would write addresses and headers at DEBUG are kept from it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"chosen": {"()": FORMATTERS[kind]}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "chosen"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {name: {"level": "INFO"} for name in TALKATIVE} if level == "DEBUG" else {},
    }


TALKATIVE = ("urllib3", "oauthlib", "requests_oauthlib", "django.db.backends", "kombu", "amqp")
