"""The fault drill in its short form: the whole installation as real processes, broken a few times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.xdist_group("kills")
def test_the_short_drill_loses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "drill", "--short", "--folder", str(tmp_path)]
    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-3000:]}"
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["passed"]
    assert report["times"] >= 3
    assert report["looks"] > 0
