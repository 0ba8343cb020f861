"""The line to the broker, mended where a restart of Redis would end a worker."""

from __future__ import annotations

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis
from redis.exceptions import ConnectionError as LineLost


class Channel(redis.Channel):
    """Of a connection that was given up it says so, instead of failing with an AttributeError.

    A worker that loses Redis with a message in hand closes the connection twice, and both times wants to put the
    message back. A ConnectionError is passed over there; any other error ends the worker for good.
    """

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or self.connection.client is None:
            raise LineLost("This connection to the broker was given up.")
        return super()._connparams(asynchronous)  # type: ignore[misc]  # the stubs leave it out


class Transport(redis.Transport):
    """Redis by the channel above."""

    Channel = Channel


def mend() -> None:
    """Have every connection to Redis made by the transport above; before the first of them."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = "workspace.broker:Transport"
