"""As much of PostgreSQL's protocol as the launcher needs: sign in with a password, run one statement.

PostgreSQL documentation, "Frontend/Backend Protocol", message formats of version 3.0.
"""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from workspace.launcher.ports import LOOPBACK

PROTOCOL_3 = 196608
CLEARTEXT_PASSWORD = 3

Row = tuple[str | None, ...]


class RefusedError(Exception):
    """The server answered with an error; the text is the server's."""


@dataclass(frozen=True)
class Door:
    """Where to knock: one database of one server on the loopback interface."""

    port: int
    user: str
    password: str
    database: str


def query(door: Door, statement: str, timeout_seconds: float = 60.0) -> list[Row]:
    """The rows of one statement. Raises OSError when nobody listens, RefusedError when the server says no."""
    with socket.create_connection((LOOPBACK, door.port), timeout_seconds) as connection:
        _sign_in(connection, door)
        connection.sendall(_message(b"Q", _text(statement)))
        return [_row(body) for kind, body in _until_ready(connection) if kind == b"D"]


def _sign_in(connection: socket.socket, door: Door) -> None:
    words = ("user", door.user, "database", door.database, "application_name", "launcher")
    connection.sendall(_message(b"", struct.pack("!i", PROTOCOL_3) + b"".join(map(_text, words)) + b"\0"))
    for kind, body in _until_ready(connection):
        if kind == b"R" and struct.unpack("!i", body[:4])[0] == CLEARTEXT_PASSWORD:
            connection.sendall(_message(b"p", _text(door.password)))


def _until_ready(connection: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    """Messages up to ReadyForQuery."""
    while True:
        kind = _exactly(connection, 1)
        body = _exactly(connection, struct.unpack("!i", _exactly(connection, 4))[0] - 4)
        if kind == b"Z":
            return
        if kind == b"E":
            raise RefusedError(_error_text(body))
        yield kind, body


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionResetError("the server closed the connection")
        data += piece
    return data


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


def _text(value: str) -> bytes:
    return value.encode() + b"\0"


def _row(body: bytes) -> Row:
    values: list[str | None] = []
    at = 2
    for _ in range(struct.unpack("!h", body[:2])[0]):
        size = struct.unpack("!i", body[at : at + 4])[0]
        at += 4
        values.append(None if size < 0 else body[at : at + size].decode())
        at += max(size, 0)
    return tuple(values)


def _error_text(body: bytes) -> str:
    """The field marked M, the message for people."""
    fields = (part.decode(errors="replace") for part in body.split(b"\0") if part)
    return next((field[1:] for field in fields if field[0] == "M"), "an error without a message")
