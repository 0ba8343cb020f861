"""The control endpoint, `/_sandbox/`: JSON on the port of the API, without sign-in and outside the rate limit.

| request | what it does |
|---|---|
| GET /_sandbox/ | the state: counts, rate limit, faults, whether time passes, answers given per status |
| GET /_sandbox/truth | per collection `count` and `last_id`; with `?ids=1` also `ids` |
| GET /_sandbox/truth/cases | every living object as JSON lines; `?brief=1`: id, updated_at, sha256 |
| POST /_sandbox/mutate | changes objects, see below; answers `ids` and `stamp` |
| GET /_sandbox/faults | the active faults with what is left of their limits |
| POST /_sandbox/faults | adds faults: {"spec": "500:times=3"}, {"kind": "500", "times": 3}, or a list |
| DELETE /_sandbox/faults | clears all; DELETE /_sandbox/faults/500 clears one kind |
| PUT /_sandbox/rate-limit | {"limit": 60}, requests per minute, 0 for none |
| PUT /_sandbox/live | {"on": true, "every": 0.5}: lets time pass, a step every so many seconds |
| GET /_sandbox/requests | the last 1,000 requests: method, path, query, status |

A mutation: {"action": "update", "collection": "cases", "count": 10, "seed": 7, "ids": [], "set": {"priority": 4},
"at": 0, "times": 1}. Only `action` is needed. Actions:

- update: something changes and `updated_at` moves; all objects of one mutation get the same second
- touchless: something changes, `updated_at` stays (on cases `changed_at` moves)
- create: new objects with the next ids, or with `ids`
- delete: gone without a trace; soft_delete (cases): status deleted
- redeliver: the next `times` deliveries of the object by lists show its version before the last, then the last
  again; only objects that were changed since the start have one

`at` is the moment written into the stamps: -30 for a record that arrives late, 3600 for one from the future, or a
stamp. `set` sets values, else a case moves on (priority 2 to 4, status) and others get a new text. `seed` makes
the choice of objects repeatable. Faults are listed in `faults.py`. Errors are 400 with a `message`.
"""

import time
from dataclasses import asdict
from typing import Any

import orjson

from sources.sandbox import faults, mutations, truth
from sources.sandbox.answers import Answer
from sources.sandbox.api import DeskApi
from sources.sandbox.live import Life
from sources.sandbox.request import Request
from workspace.errors import ConfigError

ROOT = "/_sandbox"
_JSON = [(b"content-type", b"application/json")]
_LINES = [(b"content-type", b"application/x-ndjson")]


class Control:
    """Answers requests for `/_sandbox/`."""

    def __init__(self, api: DeskApi, life: Life) -> None:
        self._api, self._life = api, life
        self._since = time.time()

    def answer(self, request: Request) -> Answer:
        """The answer; 400 with a sentence for what cannot be done, 404 for an unknown address."""
        try:
            return self._answer(request)
        except ConfigError as error:
            return _told({"message": error.message}, 400)
        except ValueError:
            return _told({"message": "The body is not JSON."}, 400)

    def _answer(self, request: Request) -> Answer:
        match request.method, request.path.removeprefix(ROOT).strip("/").split("/"):
            case "GET", [""]:
                return _told(self.state())
            case "GET", ["truth"]:
                return _told(truth.summary(self._api.store, "ids" in request.params))
            case "GET", ["truth", name] if name in self._api.store.collections:
                return Answer(
                    200, [], _LINES, stream=truth.lines(self._api.store, name, "brief" in request.params)
                )
            case "POST", ["mutate"]:
                done = mutations.mutate(self._api.store, mutations.from_json(request.json()))
                return _told(done._asdict())
            case "GET", ["requests"]:
                return _told([asked._asdict() for asked in self._api.asked])
            case "PUT", ["rate-limit"]:
                self._api.limit.limit = _number(request.json(), "limit")
                return _told(self.state())
            case "PUT", ["live"]:
                return self._set_live(request.json())
            case _, ["faults", *kind]:
                return self._faults(request, *kind)
        return _told({"message": "There is nothing here."}, 404)

    def state(self) -> dict[str, Any]:
        """Everything worth knowing about the sandbox at a glance."""
        api = self._api
        return {
            "up_for_seconds": round(time.time() - self._since, 1),
            "counts": truth.counts(api.store),
            "rate_limit": api.limit.limit,
            "requests_this_minute": api.limit.used,
            "answers": {str(status): count for status, count in sorted(api.statuses.items())},
            "faults": api.faults.describe(),
            "faults_struck": api.faults.struck,
            "live": self._life.on,
            "live_steps": self._life.steps,
        }

    def _faults(self, request: Request, kind: str = "") -> Answer:
        active = self._api.faults
        if request.method == "POST":
            given = request.json()
            active.add(
                *faults.from_json(given["spec"] if isinstance(given, dict) and "spec" in given else given)
            )
        elif request.method == "DELETE":
            active.clear(kind)
        return _told([asdict(fault) for fault in active])

    def _set_live(self, wished: Any) -> Answer:
        if not isinstance(wished, dict) or not isinstance(wished.get("every", 1.0), int | float):
            raise mutations.MutationError("“every” must be a number of seconds.")
        self._life.stop()
        self._life.every = max(0.01, float(wished.get("every", self._life.every)))
        if wished.get("on", True):
            self._life.start()
        return _told(self.state())


def _number(value: Any, name: str) -> int:
    number = value.get(name) if isinstance(value, dict) else None
    if not isinstance(number, int) or number < 0:
        raise mutations.MutationError(f"“{name}” must be a whole number from 0 on.")
    return number


def _told(value: Any, status: int = 200) -> Answer:
    return Answer(status, [orjson.dumps(value), b"\n"], _JSON)
