"""Which servers are found, and in which order."""

import os
from pathlib import Path

import pytest

from workspace.launcher import installs
from workspace.launcher.errors import LaunchError
from workspace.launcher.installs import SWITCH, postgres_installs, valkey_installs


def program(path: Path, says: str) -> Path:
    """An executable that answers --version."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def postgres(folder: Path, version: str) -> Path:
    program(folder / "initdb", "")
    return program(folder / "postgres", f"postgres (PostgreSQL) {version}")


@pytest.fixture
def debian(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for Debian's PostgreSQL."""
    monkeypatch.setattr(installs, "DEBIAN_POSTGRES", tmp_path / "postgresql")
    return tmp_path / "postgresql"


def found(path: str = "") -> list[tuple[int, ...]]:
    return [install.version for install in postgres_installs({SWITCH: "system", "PATH": path})]


def test_versions_are_compared_as_numbers(debian: Path) -> None:
    for version in ("15.18", "100.2", "17.0"):
        postgres(debian / version.split(".")[0] / "bin", version)
    assert found() == [(100, 2), (17, 0), (15, 18)]


def test_a_server_without_initdb_or_too_old_does_not_count(debian: Path) -> None:
    postgres(debian / "13" / "bin", "13.9")
    program(debian / "16" / "bin" / "postgres", "postgres (PostgreSQL) 16.1")
    postgres(debian / "15" / "bin", "15.1 (Debian 15.1-1)")
    assert found() == [(15, 1)]


def test_a_link_on_the_path_leads_to_the_installation_behind_it(debian: Path, tmp_path: Path) -> None:
    real = postgres(tmp_path / "opt" / "bin", "16.4")
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "postgres").symlink_to(real)
    assert found(str(tmp_path / "links")) == [(16, 4)]
    (real.parent / "initdb").unlink()
    with pytest.raises(
        LaunchError, match="No PostgreSQL 15 or later was found: run `apt-get install postgresql`"
    ):
        found(str(tmp_path / "links"))


def test_the_switch_decides_and_without_it_the_system_comes_first(debian: Path) -> None:
    postgres(debian / "15" / "bin", "15.1")
    (wheel,) = postgres_installs({SWITCH: "wheels"})
    assert wheel.package is not None
    assert [install.package for install in postgres_installs({"PATH": ""})] == [None, wheel.package]


def test_redis_is_called_by_the_name_on_the_path(tmp_path: Path) -> None:
    program(tmp_path / "redis-check-rdb", "Redis server v=7.0.15 sha=0")
    os.symlink("redis-check-rdb", tmp_path / "redis-server")
    (install,) = valkey_installs({SWITCH: "system", "PATH": str(tmp_path)})
    assert (install.program, install.version) == (tmp_path / "redis-server", (7, 0, 15))
