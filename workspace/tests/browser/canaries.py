"""Unique words in place of secrets, and a search that knows them in every spelling."""

from __future__ import annotations

import secrets
import socketserver
import threading
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import requests
from django.http import HttpResponse

from workspace.tests.browser.installation import PATIENCE


def spellings(word: str) -> Iterator[str]:
    """As it is, quoted for addresses, in hexadecimal, and within base64 wherever it begins there."""
    yield from (word, quote(word, safe=""), "".join(f"%{byte:02X}" for byte in word.encode()))
    yield from (word.encode().hex(), word.encode().hex().upper())
    for before in range(3):
        encoded = b64encode(b"." * before + word.encode()).decode().rstrip("=")
        whole = encoded[(0, 2, 3)[before] : -1]  # what neighbours do not change
        yield from (whole, whole.replace("+", "-").replace("/", "_"))


class Canaries:
    """The words by what they stand for, and the places where any was found."""

    def __init__(self) -> None:
        self.words: dict[str, set[str]] = {}
        self.found: defaultdict[str, set[str]] = defaultdict(set)
        self.looked: defaultdict[str, int] = defaultdict(int)
        self._known: set[tuple[str, int, int]] = set()

    def new(self, name: str, form: str = "{}") -> str:
        """A secret with a word in it that is nowhere else."""
        word = f"canary{secrets.token_hex(12)}"
        self.add(name, word)
        return form.format(word)

    def add(self, name: str, word: str) -> None:
        """Something else that is secret."""
        self.words[name] = set(spellings(word))

    def look(self, place: str, text: str | bytes, *, at: str = "") -> None:
        """Note what is found in a text of this place."""
        text = text.decode("latin-1") if isinstance(text, bytes) else text
        self.looked[place] += 1
        known = (place, hash(text), len(self.words))
        if known in self._known:
            return
        self._known.add(known)
        for name, forms in self.words.items():
            if any(form in text for form in forms):
                self.found[place].add(f"{name} {at}".strip())


class Caller:
    """A browser without JavaScript at the running pages; every answer is looked at."""

    def __init__(self, url: str, canaries: Canaries) -> None:
        self.url, self.canaries = url, canaries
        self.session = requests.Session()
        self.session.trust_env = False

    def get(self, path: str, place: str = "pages", **headers: str) -> HttpResponse:
        """As `walk` wants it."""
        return self._ask("GET", path, place, headers=headers)

    def post(self, path: str, place: str = "pages", **fields: str) -> HttpResponse:
        """Send a form."""
        token = self.session.cookies.get("csrftoken", "")
        return self._ask("POST", path, place, data={**fields, "csrfmiddlewaretoken": token})

    def _ask(self, method: str, path: str, place: str, **options: Any) -> HttpResponse:
        answer = self.session.request(
            method, self.url + path, timeout=PATIENCE, allow_redirects=False, **options
        )
        self.canaries.look(place, f"{answer.headers} {answer.text}", at=f"{method} {path}")
        headers = {
            name: answer.headers[name] for name in ("Content-Type", "Location") if name in answer.headers
        }
        return HttpResponse(answer.content, status=answer.status_code, headers=headers)


class _Postman(socketserver.StreamRequestHandler):
    """As much SMTP as Django speaks; whatever password is taken."""

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline().strip().upper():
            if line.startswith(b"EHLO"):
                self._say("250-here", "250 AUTH PLAIN LOGIN")
            elif line.startswith(b"AUTH"):
                self._say("235 welcome")
            elif line == b"DATA":
                self._say("354 go on")
                self.server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())  # type: ignore[attr-defined]
                self._say("250 taken")
            else:
                self._say("221 bye" if line == b"QUIT" else "250 fine")

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextmanager
def post_office() -> Iterator[tuple[int, list[str]]]:
    """The port of a mail server, and the mails that came."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Postman) as server:
        server.daemon_threads = True
        server.mails = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], server.mails  # type: ignore[attr-defined]
        server.shutdown()
