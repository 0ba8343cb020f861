"""The sandbox as a server: in a background thread for tests and the demo, or in the foreground."""

import logging
import socket
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

import uvicorn

from sources.sandbox.api import DeskApi
from sources.sandbox.asgi import Application
from sources.sandbox.auth import Door, Login, OAuthKeys
from sources.sandbox.faults import Faults
from sources.sandbox.invented.people import DEMO_LOGINS
from sources.sandbox.limits import MinuteLimit
from sources.sandbox.store import Store

PASSWORD = "desk-sandbox"  # noqa: S105 - the demo's, printed at start
API_TOKEN = "desk-sandbox-api-token"  # noqa: S105
(ADMIN, ADMIN_LEVEL), (AGENT, AGENT_LEVEL) = DEMO_LOGINS

log = logging.getLogger("sources.sandbox")


class Sandbox:
    """A Desk site on a port of its own.

    `items`: (collection, object) pairs as `generate` and `read_export` yield them. `rate_limit`: requests per
    minute, 0 for none. `port` 0 takes a free one; the port is taken at once, `start` begins to answer.
    """

    def __init__(
        self, items: Iterable[tuple[str, dict[str, Any]]] = (), *, email: str = ADMIN,
        password: str = PASSWORD, rate_limit: int = 0, host: str = "127.0.0.1", port: int = 0,
    ) -> None:
        self.keys, self.api_token = OAuthKeys(), API_TOKEN
        self.logins = (Login(email, password, ADMIN_LEVEL), Login(AGENT, password, AGENT_LEVEL))
        self._socket = socket.create_server((host, port), backlog=512)
        self.store = Store(items)
        self.faults, self.limit = Faults(), MinuteLimit(rate_limit)
        door = Door(self.logins, self.keys, self.api_token)
        self.api = DeskApi(self.store, door, self.limit, self.faults)
        config = uvicorn.Config(
            Application(self.api), http="httptools", loop="uvloop", lifespan="off", ws="none",
            access_log=False, log_config=None, log_level="critical", server_header=False, date_header=False,
            timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """http://host:port without a slash at the end."""
        host, port = self._socket.getsockname()[:2]
        return f"http://{host}:{port}"

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
        self._server.should_exit = True
        if self._thread:
            self._thread.join(timeout=10)
        self._socket.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
