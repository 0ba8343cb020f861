"""Faults: what goes wrong on purpose, for which requests, and how often.

A specification is a list with semicolons, each fault with its limits:

    429:times=5,reset=1;500:p=0.1;slow:path=/cases,seconds=20,after=3

| fault | what happens |
|---|---|
| 400 … 599 | this status instead of an answer; 502, 503 and 504 with the HTML of a proxy, others with a message |
| html | a page of HTML with status 200 |
| slow | the body drips for `seconds` (30) |
| stall | nothing comes for `seconds` (30) |
| cut | the connection is closed in the middle of the body |
| malformed | the JSON ends in the middle, the length is right |
| no_ids | objects come without `id` |
| no_etags | answers come without etag and no request is answered with 304 |
| repeat_page | every page but the first shows the entries of the one before |
| next_self | `next` is the page itself |
| next_elsewhere | `next` leads to `host` (http://elsewhere.invalid) |
| since_id_gt | `since_id` compares with > instead of >= |

Limits: `times` (the next N requests that match, else until cleared), `p` (probability), `path` (prefix below
/api/v2), `after` (so many that match are spared first). `reset`: what X-Rate-Limit-Reset says on a status.
"""

import random
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from sources.sandbox.request import API, Request
from workspace.errors import ConfigError

KINDS = (
    "html",
    "slow",
    "stall",
    "cut",
    "malformed",
    "no_ids",
    "no_etags",
    "repeat_page",
    "next_self",
    "next_elsewhere",
    "since_id_gt",
)


class FaultError(ConfigError):
    """A specification that cannot be understood."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="fault_unknown")


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong; `times` None means until cleared."""

    kind: str
    times: int | None = None
    p: float = 1.0
    path: str = ""
    after: int = 0
    seconds: float = 30.0
    reset: int | None = None
    host: str = "http://elsewhere.invalid"

    def __post_init__(self) -> None:
        if self.kind not in KINDS and not self.status:
            raise FaultError(f"There is no fault “{self.kind}”; known are 400 to 599, {', '.join(KINDS)}.")
        if not 0 < self.p <= 1:
            raise FaultError(f"The probability of {self.kind} must be above 0 and at most 1.")

    @property
    def status(self) -> int:
        """The status instead of an answer; 0 for other faults."""
        return int(self.kind) if self.kind.isdecimal() and 400 <= int(self.kind) < 600 else 0

    @property
    def replaces(self) -> bool:
        """Whether the request gets no answer of the API at all."""
        return bool(self.status) or self.kind == "html"

    def concerns(self, request: Request) -> bool:
        """Whether it could strike this request."""
        if not request.path.startswith(API.rstrip("/") + "/" + self.path.removeprefix(API).lstrip("/")):
            return False
        if self.kind == "repeat_page":
            return request.params.get("page", "1") != "1"
        return self.kind != "since_id_gt" or "since_id" in request.params


def parsed(spec: str) -> list[Fault]:
    """The faults of a specification. FaultError for anything it cannot be."""
    return [_parsed(part.strip()) for part in spec.split(";") if part.strip()]


def from_json(value: Any) -> list[Fault]:
    """Faults of a specification, of an object like {"kind": "500", "times": 3}, or of a list of these."""
    if isinstance(value, str):
        return parsed(value)
    if isinstance(value, list):
        return [fault for one in value for fault in from_json(one)]
    if not isinstance(value, dict) or "kind" not in value:
        raise FaultError("A fault is text like “500:times=3” or an object with “kind”.")
    limits = {name: str(given) for name, given in value.items() if name != "kind" and given is not None}
    return [_built(str(value["kind"]), limits)]


class Faults:
    """The faults that are switched on. Chance is seeded: the same requests meet the same faults."""

    def __init__(self, seed: int = 1) -> None:
        self._lock = threading.Lock()
        self._active: list[Fault] = []
        self._rng = random.Random(seed)
        self.struck = 0

    def __iter__(self) -> Iterator[Fault]:
        return iter(tuple(self._active))

    def add(self, *faults: Fault) -> None:
        """Switches faults on, beside those that are."""
        with self._lock:
            self._active.extend(faults)

    def clear(self, kind: str = "") -> None:
        """Switches off one kind, or all."""
        with self._lock:
            self._active = [fault for fault in self._active if kind and fault.kind != kind]

    def strike(self, request: Request) -> list[Fault]:
        """The faults that strike this request, counted down; one that replaces the answer strikes alone."""
        if not self._active:
            return []
        with self._lock:
            for fault in sorted(self._active, key=lambda fault: not fault.replaces):
                if fault.replaces and fault.concerns(request) and self._strikes(fault):
                    return [fault]
            return [
                fault
                for fault in tuple(self._active)
                if not fault.replaces and fault.concerns(request) and self._strikes(fault)
            ]

    def describe(self) -> list[dict[str, Any]]:
        """Every active fault with what is left of its limits."""
        return [asdict(fault) for fault in self]

    def _strikes(self, fault: Fault) -> bool:
        place = self._active.index(fault)
        if fault.after:
            self._active[place] = replace(fault, after=fault.after - 1)
            return False
        if fault.p < 1 and self._rng.random() >= fault.p:
            return False
        self.struck += 1
        if fault.times is not None and fault.times <= 1:
            del self._active[place]
        elif fault.times is not None:
            self._active[place] = replace(fault, times=fault.times - 1)
        return True


def _parsed(part: str) -> Fault:
    kind, _, rest = part.partition(":")
    limits = dict(_limit(kind, one.strip()) for one in rest.split(",") if one.strip())
    return _built(kind.strip(), limits)


def _limit(kind: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise FaultError(f"“{text}” of the fault {kind} must look like name=value.")
    return name.strip(), value.strip()


def _built(kind: str, limits: dict[str, str]) -> Fault:
    known = {field.name: field.type for field in fields(Fault) if field.name != "kind"}
    values: dict[str, Any] = {}
    for name, text in limits.items():
        if name not in known:
            raise FaultError(f"The fault {kind} has no “{name}”; known are {', '.join(known)}.")
        kind_of_value = float if name in ("p", "seconds") else str if name in ("path", "host") else int
        try:
            values[name] = kind_of_value(text)
        except ValueError:
            raise FaultError(f"“{name}” of the fault {kind} must be a number, not “{text}”.") from None
    return Fault(kind, **values)
