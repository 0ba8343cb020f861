"""A tap and a target as two processes with a pipe between them, and the state that the target gives back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


def sync(phase: dict[str, Any], target: Path, settings: dict[str, Any]) -> None:
    """Everything since the last state from the tap to this target."""
    folder = Path(phase["state"])
    state = folder / "state.json"
    tap = [sys.executable, "-m", "benchmarks.peers.singer.tap"]
    tap += ["--config", _written(folder / "tap.json", {"site": phase["site"]})]
    tap += ["--state", str(state)] if state.exists() else []
    with subprocess.Popen(tap, stdout=subprocess.PIPE) as reading:
        command = [str(target), "--config", _written(folder / "target.json", settings)]
        done = subprocess.run(command, stdin=reading.stdout, stdout=subprocess.PIPE, check=True, text=True)
    if reading.returncode:
        raise SystemExit(f"the tap ended with {reading.returncode}")
    if states := done.stdout.split("\n")[:-1]:
        state.write_text(states[-1])


def address(url: str, database: str = "database") -> dict[str, Any]:
    """A database URL as the settings of a target, which names the database in its own way."""
    parts = urlsplit(url)
    return {
        "host": parts.hostname,
        "port": parts.port or 5432,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or "") or "trusted",
        database: parts.path.lstrip("/"),
        "default_target_schema": "bench",
    }


def _written(path: Path, content: dict[str, Any]) -> str:
    path.write_text(json.dumps(content))
    return str(path)
