"""The ASGI application: between uvicorn and the two things that answer, the API and the control endpoint."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from sources.sandbox.answers import Answer, Headers
from sources.sandbox.api import DeskApi
from sources.sandbox.control import ROOT, Control
from sources.sandbox.request import Request

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_DRIPS = 20

log = logging.getLogger("sources.sandbox")


class Application:
    """Reads a request whole, has it answered, and sends the answer whole."""

    def __init__(self, api: DeskApi, control: Control) -> None:
        self._api, self._control = api, control

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """ASGI's entry point for one request."""
        request = await _read(scope, receive)
        try:
            answer = (self._control if request.path.startswith(ROOT) else self._api).answer(request)
        except Exception:
            log.exception("The sandbox failed on %s %s", request.method, request.path)
            answer = Answer(500, [b'{"message":"The sandbox failed; its log says why."}'])
        if answer.stall:
            await asyncio.sleep(answer.stall)
        headers = _headers(answer, request)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await (_send(answer, send) if answer.stream is None else _stream(answer.stream, send))


async def _send(answer: Answer, send: Send) -> None:
    """The body; a connection that is to be cut is closed by the server because the end is never sent."""
    *pieces, last = _dripping(answer) if answer.drip or answer.cut else answer.pieces or [b""]
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        if answer.drip:
            await asyncio.sleep(answer.drip / len(pieces))
    if not answer.cut:
        await send({"type": "http.response.body", "body": last})


async def _stream(pieces: Iterable[bytes], send: Send) -> None:
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _read(scope: Message, receive: Receive) -> Request:
    body = b""
    if scope["method"] not in ("GET", "HEAD"):
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
    return Request(
        scope["method"],
        scope["raw_path"].decode("latin-1"),
        scope["query_string"].decode("latin-1"),
        dict(scope["headers"]),
        body,
        scope["http_version"],
    )


def _dripping(answer: Answer) -> list[bytes]:
    """The body in many small pieces, of which a connection that is cut carries the first half."""
    body = answer.body[: len(answer.body) // 2] if answer.cut else answer.body
    size = len(body) // _DRIPS + 1
    return [*(body[start : start + size] for start in range(0, len(body), size)), b""]


def _headers(answer: Answer, request: Request) -> Headers:
    """Lists of cases came in chunks, everything else with its length (desk-api 3)."""
    if (
        answer.stream is not None
        or answer.status in (204, 304)
        or (answer.chunked and request.http_version == "1.1")
    ):
        return answer.headers
    return [*answer.headers, (b"content-length", b"%d" % sum(map(len, answer.pieces)))]
