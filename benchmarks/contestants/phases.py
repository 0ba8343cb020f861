"""How a contestant written in Python takes its phases from the benchmark."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any


def serve_phases(
    work: Callable[[dict[str, Any]], None], prepare: Callable[[dict[str, Any]], None] | None = None
) -> None:
    """Do the work of each phase that comes in as a line of JSON, and say when it is done.

    A phase marked `prepare` only makes what is needed before the first one; it is not measured. Whatever else is
    printed meanwhile goes to standard error.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        phase = json.loads(line)
        if not phase.get("prepare"):
            work(phase)
        elif prepare:
            prepare(phase)
        print("done", file=answers, flush=True)
