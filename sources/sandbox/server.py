"""The sandbox as a server: in a background thread for tests and the demo, or in the foreground."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self

import uvicorn

from sources.sandbox import truth
from sources.sandbox.api import Asked, DeskApi
from sources.sandbox.asgi import Application
from sources.sandbox.auth import Door, Login, OAuthKeys
from sources.sandbox.control import Control
from sources.sandbox.faults import Faults, parsed
from sources.sandbox.invented.people import DEMO_LOGINS
from sources.sandbox.limits import MinuteLimit
from sources.sandbox.live import Life
from sources.sandbox.mutations import Mutated, Mutation, mutate
from sources.sandbox.store import Store

PASSWORD = "desk-sandbox"  # noqa: S105 - the demo's, printed at start
API_TOKEN = "desk-sandbox-api-token"  # noqa: S105
(ADMIN, ADMIN_LEVEL), (AGENT, AGENT_LEVEL) = DEMO_LOGINS

_TICK = 0.02
"""Seconds until a stop is noticed."""


class _Server(uvicorn.Server):
    """Stops at once: nobody who stops a sandbox waits for the answers under way."""

    async def main_loop(self) -> None:
        """Waits to be told to stop."""
        while not self.should_exit:
            await asyncio.sleep(_TICK)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Closes the port and every connection, in the middle of an answer if need be."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


class Sandbox:
    """A Desk site on a port of its own.

    `items`: (collection, object) pairs as `generate` and `read_export` yield them. `rate_limit`: requests per
    minute, 0 for none. `port` 0 takes a free one; the port is taken at once, `start` begins to answer.
    `clock` is what the rate limit reads.
    """

    def __init__(
        self,
        items: Iterable[tuple[str, dict[str, Any]]] = (),
        *,
        email: str = ADMIN,
        password: str = PASSWORD,
        rate_limit: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.keys, self.api_token = OAuthKeys(), API_TOKEN
        self.logins = (Login(email, password, ADMIN_LEVEL), Login(AGENT, password, AGENT_LEVEL))
        self._socket = socket.create_server((host, port), backlog=512)
        try:
            self.store = Store(items)
        except BaseException:
            self._socket.close()
            raise
        self.faults, self.limit = Faults(), MinuteLimit(rate_limit, clock)
        door = Door(self.logins, self.keys, self.api_token)
        self.api = DeskApi(self.store, door, self.limit, self.faults)
        self.life = Life(self.store)
        self.control = Control(self.api, self.life)
        self._server = _server(Application(self.api, self.control))
        self._thread: threading.Thread | None = None
        self.url = "http://{}:{}".format(*self._socket.getsockname()[:2])
        """http://host:port without a slash at the end."""

    def start(self) -> Self:
        """Answers requests from now on, in a thread of its own."""
        self._thread = threading.Thread(target=self.run, name="desk-sandbox", daemon=True)
        self._thread.start()
        return self

    def run(self) -> None:
        """Answers requests in this thread until `stop` or, in the main thread, until interrupted."""
        self._server.run(sockets=[self._socket])

    def stop(self) -> None:
        """Closes the port and gives the disk space back."""
        self.life.stop()
        self._server.should_exit = True
        if self._thread:
            self._thread.join(timeout=10)
        self._socket.close()
        self.store.close()

    def mutate(self, action: str, collection: str = "cases", count: int = 1, **more: Any) -> Mutated:
        """Changes objects behind the API's back: `ids`, `seed`, `set`, `at` and `times` as in `Mutation`."""
        return mutate(self.store, Mutation(action, collection, count, **more))

    def add_faults(self, spec: str) -> None:
        """Switches faults on, see `faults.py`. FaultError for a specification that makes no sense."""
        self.faults.add(*parsed(spec))

    def clear_faults(self, kind: str = "") -> None:
        """Switches off one kind, or all."""
        self.faults.clear(kind)

    def counts(self) -> dict[str, int]:
        """Living objects per collection."""
        return truth.counts(self.store)

    def truth(self, collection: str) -> Iterator[dict[str, Any]]:
        """Every living object in its newest version, ascending id, as of this moment."""
        return truth.objects(self.store, collection)

    @property
    def asked(self) -> list[Asked]:
        """The last 1,000 requests for the API."""
        return list(self.api.asked)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _server(application: Application) -> _Server:
    """Fast, silent, and without headers of its own."""
    return _Server(
        uvicorn.Config(
            application,
            http="httptools",
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            log_level="critical",
            server_header=False,
            date_header=False,
        )
    )
