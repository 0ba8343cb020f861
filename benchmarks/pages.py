"""`python -m benchmarks.pages`: so many people read a workspace at once, against a running installation.

Each signs in as the same owner and opens pages one after the other, in an order of its own, with a pause to read
between them. Printed are the milliseconds that people waited, by page, and what went wrong. It asks no other hosts
than this machine.

    make run                                             # or the Procfile's web process, on a seeded installation
    PASSWORD=… python -m benchmarks.pages http://127.0.0.1:8000 --email owner@example.com --workspace history
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import random
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import requests

TOLD = re.compile(r'href="(/[^"?#]+)"')
PARTS = (
    "overview",
    "health",
    "sources/",
    "warehouses/",
    "sources/catalog",
    "settings/general",
    "settings/audit",
)


@dataclass
class Visits:
    """What everybody waited, by page, and what failed."""

    taken: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, page: str, seconds: float, problem: str = "") -> None:
        """One answer."""
        with self.lock:
            self.taken.setdefault(page, []).append(seconds * 1000)
            if problem:
                self.wrong.append(f"{page}: {problem}")


def main() -> int:
    """Let them read, print the table; 1 when an answer was wrong."""
    options = _options()
    first = sign_in(options.site, options.email, os.environ["PASSWORD"])
    pages = list(pages_of(first, options.site, options.workspace))
    visits, end = Visits(), time.monotonic() + options.seconds
    readers = [
        threading.Thread(target=read, args=(options, first.cookies, pages, number, end, visits))
        for number in range(options.people)
    ]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    print(as_table(options, visits))
    print(*visits.wrong[:20], sep="\n")
    return 1 if visits.wrong else 0


def sign_in(site: str, email: str, password: str) -> requests.Session:
    """A browser in which the owner is signed in."""
    browser, address = requests.Session(), urljoin(site, "/accounts/login/")
    browser.get(address, timeout=60)
    form = {"login": email, "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    answer = browser.post(address, form, headers={"Referer": address}, timeout=60)
    if answer.url.startswith(address):
        raise SystemExit("Nobody can sign in with this address and PASSWORD.")
    return browser


def pages_of(browser: requests.Session, site: str, workspace: str) -> Iterator[tuple[str, str]]:
    """Name and address of the pages that people open most, and of two sources, two warehouses and a run of each."""
    for part in PARTS:
        yield part, f"/{workspace}/{part}"
    for side in ("sources", "warehouses"):
        listed = browser.get(urljoin(site, f"/{workspace}/{side}/"), timeout=60).text
        inside = re.compile(rf"/{workspace}/{side}/(?!setup)[\w-]+/overview")
        for address in sorted({path for path in TOLD.findall(listed) if inside.fullmatch(path)})[:2]:
            yield f"{side}/one", address
            shown = browser.get(urljoin(site, address), timeout=60).text
            beside = address.removesuffix("overview")
            below = [path for path in TOLD.findall(shown) if path.startswith(beside) and path != address]
            yield from ((f"{side}/one/…", path) for path in sorted(set(below))[:4])


def read(
    options: argparse.Namespace,
    cookies: requests.cookies.RequestsCookieJar,
    pages: Sequence[tuple[str, str]],
    number: int,
    end: float,
    visits: Visits,
) -> None:
    """One person, until the end."""
    browser, chance = requests.Session(), random.Random(number)  # noqa: S311
    browser.cookies = cookies
    time.sleep(chance.uniform(0, options.pause))
    while time.monotonic() < end:
        name, path = chance.choice(pages)
        began, problem = time.monotonic(), ""
        try:
            answer = browser.get(urljoin(options.site, path), timeout=60, allow_redirects=False)
            problem = "" if answer.status_code == 200 else f"{answer.status_code} for {path}"
        except requests.RequestException as error:
            problem = type(error).__name__
        visits.note(name, time.monotonic() - began, problem)
        time.sleep(chance.uniform(0.5, 1.5) * options.pause)


def as_table(options: argparse.Namespace, visits: Visits) -> str:
    """A text for docs/performance.md."""
    everything = [one for taken in visits.taken.values() for one in taken]
    rows = [("all", everything), *sorted(visits.taken.items())]
    lines = [
        f"{options.people} people, {options.seconds} s, {options.pause} s between pages: "
        f"{len(everything) / options.seconds:.1f} pages a second, {len(visits.wrong)} errors",
        "",
        "| page | answers | p50 ms | p95 ms | slowest ms |",
        "| --- | --: | --: | --: | --: |",
    ]
    for name, taken in rows:
        taken = sorted(taken)
        middle, late = taken[len(taken) // 2], taken[int(len(taken) * 0.95)]
        lines.append(f"| {name} | {len(taken):,} | {middle:.0f} | {late:.0f} | {taken[-1]:.0f} |")
    return "\n".join(lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages")
    parser.add_argument("site", type=_on_this_machine, help="http://127.0.0.1:8000")
    parser.add_argument("--email", default="owner@example.com", help="the owner; PASSWORD in the environment")
    parser.add_argument("--workspace", default="history")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument(
        "--pause", type=float, default=5.0, help="seconds that a person reads a page, on average"
    )
    return parser.parse_args()


def _on_this_machine(site: str) -> str:
    host = urlsplit(site).hostname or ""
    if not ipaddress.ip_address(socket.gethostbyname(host)).is_loopback:
        raise argparse.ArgumentTypeError(f"{site} is not on this machine")
    return site


if __name__ == "__main__":
    raise SystemExit(main())
