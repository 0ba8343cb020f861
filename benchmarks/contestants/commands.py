"""Tributary as a person runs it: two commands in new processes, their start included."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import django

from benchmarks.contestants.phases import serve_phases


def load(phase: dict[str, Any]) -> None:
    """One source sync and one warehouse sync in the foreground."""
    from benchmarks.contestants.tributary import SLUG

    for command, path in (("sync_source", f"{SLUG}/desk-com"), ("sync_warehouse", f"{SLUG}/warehouse")):
        subprocess.run(
            [sys.executable, "manage.py", command, path, "--json"], check=True, stdout=subprocess.DEVNULL
        )


def prepare(phase: dict[str, Any]) -> None:
    """The workspace: who installs a product has one before the first sync."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workspace.settings")
    django.setup()
    from benchmarks.contestants.tributary import workspace

    workspace(phase)


if __name__ == "__main__":
    serve_phases(load, prepare)
