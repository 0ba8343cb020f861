"""As whom the servers run: an ordinary user, root in a user namespace, root as nobody."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from workspace.launcher import reach
from workspace.launcher.accounts import NO_NAMESPACE, NOBODY, Account, choose_account
from workspace.launcher.installs import SWITCH, postgres_installs, valkey_installs
from workspace.launcher.launch import CHECKOUT
from workspace.tests.launcher.launching import Launching

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A directory that every user can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(dir=reach.ELSEWHERE) as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def as_nobody(kind: str, open_folder: Path) -> Launching:
    """An ordinary user without a home, with a copy of the launcher and the wheels that it can read."""
    shutil.copytree(CHECKOUT / "workspace/launcher", open_folder / "workspace/launcher")
    (open_folder / "workspace/__init__.py").touch()
    for install in (*postgres_installs({SWITCH: kind})[:1], *valkey_installs({SWITCH: kind})[:1]):
        if install.package:
            copy_package(install.package, open_folder)
    os.chown(open_folder, NOBODY, NOBODY)
    extra = {SWITCH: kind, "HOME": "/nonexistent"}
    return Launching(open_folder, extra, python=python_for_everybody(), user=NOBODY, path=open_folder)


@pytest.fixture
def home(launching: Launching) -> Iterator[Path]:
    """Where PostgreSQL lives when it runs as nobody and cannot reach the data directory."""
    home = reach.home_for(launching.data, Account("", uid=NOBODY))
    yield home
    shutil.rmtree(home)


def copy_package(package: Path, folder: Path) -> None:
    for part in (package, package.with_name(f"{package.name}.libs")):
        if part.is_dir():
            shutil.copytree(part, folder / part.name, ignore=shutil.ignore_patterns("pginstall", "include"))


def python_for_everybody() -> str:
    """This interpreter, or the system's when this one lies in root's home."""
    for candidate in (sys.executable, "/usr/bin/python3"):
        try:
            probe = [candidate, "-c", "import sys; assert sys.version_info >= (3, 11)"]
            subprocess.run(probe, check=True, user=NOBODY, group=NOBODY, extra_groups=[], cwd="/")
        except (OSError, subprocess.SubprocessError):
            continue
        return candidate
    pytest.skip("no Python 3.11 that an ordinary user may run")


@only_root
def test_an_ordinary_user_starts_and_restarts(as_nobody: Launching) -> None:
    for _ in range(2):
        answer = as_nobody.run("id", "-u")
        assert (answer.returncode, answer.stdout) == (0, f"{NOBODY}\n"), answer.stderr
        assert " as you on 127.0.0.1:" in answer.stderr


@only_root
def test_an_ordinary_user_on_roots_data_is_refused(as_nobody: Launching) -> None:
    as_nobody.data.mkdir()
    answer = as_nobody.run("true")
    assert answer.returncode == 125
    assert answer.stderr.startswith(f"launcher: {as_nobody.data} is not yours to write")


@only_root
def test_root_without_user_namespaces_runs_postgresql_as_nobody(launching: Launching, home: Path) -> None:
    without = replace(launching, extra={**launching.extra, NO_NAMESPACE: "1"})
    for _ in range(2):
        answer = without.run("ps", "-C", "postgres", "-o", "user=")
        assert answer.returncode == 0, answer.stderr
        assert " as nobody on 127.0.0.1:" in answer.stderr
        assert "nobody" in answer.stdout
    assert home.parent == reach.ELSEWHERE
    assert len(list(home.glob("pg*"))) == 1


@only_root
def test_programs_out_of_a_wheel_are_copied_for_nobody_and_never_left(
    made: Callable[[str], Launching],
) -> None:
    launching = made("wheels")
    without = replace(launching, extra={**launching.extra, NO_NAMESPACE: "1"})
    home = reach.home_for(without.data, Account("", uid=NOBODY))
    (home / reach.COPY / "left-by-a-killed-launcher").mkdir(parents=True)
    try:
        assert without.run("true").returncode == 0
        assert not (home / reach.COPY).exists()
        next(home.glob("pg*/data/postgresql.conf")).write_text("no_such_setting = 1\n")
        answer = without.run("true")
        assert answer.returncode == 125
        assert 'unrecognized configuration parameter "no_such_setting"' in answer.stderr
        assert not (home / reach.COPY).exists()
    finally:
        shutil.rmtree(home)


@only_root
def test_root_may_change_between_its_two_ways_on_the_same_data(any_kind: str, open_folder: Path) -> None:
    for switch in ("1", "0", "1"):
        answer = Launching(open_folder, {SWITCH: any_kind, NO_NAMESPACE: switch}).run("true")
        assert answer.returncode == 0, answer.stderr
    assert next(open_folder.glob("data/pg*/data")).stat().st_uid == NOBODY


@only_root
def test_a_directory_that_another_user_made_first_is_refused(launching: Launching, home: Path) -> None:
    os.chown(home, 12345, 12345)
    answer = replace(launching, extra={**launching.extra, NO_NAMESPACE: "1"}).run("true")
    assert answer.returncode == 125
    assert f"{home} belongs to user id 12345" in answer.stderr


@only_root
def test_the_namespace_does_not_need_a_user_with_the_number_1000(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = [entry for entry in pwd.getpwall() if entry.pw_uid != 1000]
    monkeypatch.setattr(pwd, "getpwall", lambda: everybody)
    account = choose_account({})
    inside = subprocess.run([*account.prefix, "id", "--user"], capture_output=True, text=True, check=True)
    assert int(inside.stdout) in {entry.pw_uid for entry in everybody} - {0, 1000}
