"""`manage.py desk_sandbox`: a Desk site to try things on, until Ctrl-C."""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sources.sandbox.export import read_export
from sources.sandbox.generator import generate
from sources.sandbox.server import ADMIN, AGENT, PASSWORD, Sandbox
from workspace.errors import PublicError


class Command(BaseCommand):
    """Serves Desk API v2 from invented or exported objects."""

    help = "Serve a Desk.com site on this machine: from a seed, or from a folder of exported JSON."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """The site, the server, and what goes wrong."""
        parser.add_argument(
            "--host", default="127.0.0.1", help="the control endpoint asks nobody who they are"
        )
        parser.add_argument("--port", type=_from(0, 65_535), default=8100, help="0 picks a free one")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--cases", type=_from(1), default=5_000, help="the size of the invented site")
        parser.add_argument("--data", type=Path, help="a folder of exported JSON to serve instead")
        parser.add_argument(
            "--rate-limit", type=_from(0), default=300, help="requests per minute, 0 for no limit"
        )
        parser.add_argument("--faults", default="", help='what goes wrong, such as "500:p=0.1;429:times=3"')
        parser.add_argument(
            "--live", action="store_true", help="let time pass: objects come, change and vanish"
        )
        parser.add_argument("--email", default=ADMIN)
        parser.add_argument("--password", default=PASSWORD)

    def handle(self, *args: Any, **options: Any) -> None:
        """Loads the site, tells where it is and serves it in the foreground."""
        try:
            sandbox = self._sandbox(options)
            sandbox.add_faults(options["faults"])
        except PublicError as error:
            raise CommandError(f"{error.message} {error.action}".strip()) from error
        except OSError as error:
            raise CommandError(
                f"{options['host']}:{options['port']} cannot be served: {error.strerror}."
            ) from error
        if options["live"]:
            sandbox.life.start()
        self._tell(sandbox, options)
        try:
            sandbox.run()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
        finally:
            sandbox.stop()

    def _sandbox(self, options: dict[str, Any]) -> Sandbox:
        items: Iterable[tuple[str, dict[str, Any]]] = generate(options["cases"], options["seed"])
        if options["data"]:
            items = read_export(options["data"])
        return Sandbox(
            items,
            email=options["email"],
            password=options["password"],
            rate_limit=options["rate_limit"],
            host=options["host"],
            port=options["port"],
        )

    def _tell(self, sandbox: Sandbox, options: dict[str, Any]) -> None:
        """The address on the first line; a password of one's own is not repeated."""
        password = PASSWORD if options["password"] == PASSWORD else "as given"
        counts = ", ".join(f"{count:,} {name}" for name, count in sandbox.counts().items() if count)
        keys = sandbox.keys
        self.stdout.write(f"Desk sandbox at {sandbox.url}")
        self.stdout.write(f"  objects   {counts}")
        self.stdout.write(
            f"  sign in   {options['email']} (administrator) or {AGENT} (agent), password: {password}"
        )
        self.stdout.write(
            f"  OAuth     key {keys.key}, secret {keys.secret}, token {keys.token}, "
            f"token secret {keys.token_secret}"
        )
        self.stdout.write(f"  control   {sandbox.url}/_sandbox/")
        self.stdout.flush()


def _from(lowest: int, highest: int | None = None) -> Callable[[str], int]:
    """A whole number between the two, for argparse."""
    upto = " on" if highest is None else f" to {highest}"

    def number(text: str) -> int:
        value = int(text) if text.isdecimal() else -1
        if value < lowest or (highest is not None and value > highest):
            raise argparse.ArgumentTypeError(f"must be a whole number from {lowest}{upto}, not {text!r}")
        return value

    return number
