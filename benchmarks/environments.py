"""An environment of Python packages for each peer: made at its first use, from requirements pinned by hash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
FOLDER = Path("var") / "bench"


class Unable(Exception):
    """A peer cannot take part, or not in a phase: told with the result, which it does not make wrong."""


def program(environment: str, name: str = "python") -> Path:
    """A program of an environment; installs the environment unless it has what its requirements ask for."""
    folder, wanted = FOLDER / environment, PEERS / environment / "requirements.txt"
    installed = folder / ".installed"
    if not installed.exists() or installed.read_text() != wanted.read_text():
        _install(folder, wanted)
        installed.write_text(wanted.read_text())
    return (folder / "bin" / name).absolute()


def _install(folder: Path, wanted: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    python = folder / "bin" / "python"
    commands: list[list[str | Path]] = [
        [uv, "venv", "-q", "--clear", "--python", sys.executable, folder],
        [uv, "pip", "install", "-q", "--python", python, "--require-hashes", "-r", wanted],
    ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise Unable(f"cannot be installed: {last_line(done.stderr)}")


def last_line(text: str) -> str:
    """What a program said last, in a line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"
