"""No pattern takes long for a text that somebody made to keep it busy."""

from __future__ import annotations

import importlib
import pkgutil
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, ModuleType

import pytest

LENGTH = 1_000_000
"""What takes the square of it takes many minutes."""
CPU_SECONDS = 30
"""Of this process alone: how busy the machine is does not count. The patterns take a hundredth."""
OWN = ("workspace.launcher", "sources.sandbox")
"""They read what the operator, or our own sandbox, has written."""

HOSTILE = {
    "workspace.hub.names._TOKEN": ["A", "a1", "A_", "_", "9A"],
    "workspace.logs._CONTROL": ["\n", "x"],
    "workspace.logs._KEYS": [
        "/invitation",
        "/invitation/",
        "%25",
        "25",
        "%2F",
        "/password/reset",
        "%2Finvitation",
    ],
    "workspace.naming.SCHEMA_NAME": ["a", "_", "9"],
    "workspace.whole_requests.LENGTH": ["\r\ncontent-length:", "\r\ncontent-length: 9", " ", "9", "9 "],
    "sources.connectors.desk.site.LABEL": ["a", "-", "a-"],
    "warehouses.engines.postgres_session.MARK": ["[filled by Tributary for ", "x", "["],
    "warehouses.engines.sqlstates._COLUMN": ["column ", "column x:", "\n", ":"],
    "warehouses.engines.sqlstates._WHERE": ["connection to server at ", " failed:", " ", "FATAL:", "ERROR: "],
}
"""For each pattern what is repeated; it has to begin like what the pattern looks for, and not to end like it."""


def modules() -> Iterator[ModuleType]:
    """All of the product that texts of vendors and visitors come to."""
    for root in ("workspace", "sources", "warehouses"):
        package = importlib.import_module(root)
        for found in pkgutil.walk_packages(package.__path__, f"{root}."):
            if (
                ".tests" not in found.name
                and ".management" not in found.name
                and not found.name.startswith(OWN)
            ):
                yield importlib.import_module(found.name)


@contextmanager
def limited() -> Iterator[None]:
    """Fail for what computes longer."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"It computes longer than {CPU_SECONDS} seconds.")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def test_each_pattern_has_texts_to_keep_it_busy() -> None:
    found = {
        f"{module.__name__}.{name}"
        for module in modules()
        for name, value in vars(module).items()
        if isinstance(value, re.Pattern)
    }
    assert found == HOSTILE.keys()


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_keeps_a_pattern_busy(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    pattern = getattr(importlib.import_module(module), attribute)
    for unit in HOSTILE[name]:
        for first in HOSTILE[name]:
            text = f"{first}{unit * (LENGTH // len(unit))}\nx"
            with limited():
                one = text.encode() if isinstance(pattern.pattern, bytes) else text
                pattern.sub(one[:0], one)
                pattern.fullmatch(one)
