"""The data directory: whose it is, who is using it, what a crash leaves."""

import os
import signal
from dataclasses import replace

import pytest

from workspace.tests.launcher.launching import Launched, Launching, processes_in, wait_until

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another user")


def test_a_second_launcher_on_the_same_data_is_refused(launching: Launching, launched: Launched) -> None:
    second = launching.run("true")
    assert second.returncode == 125
    assert second.stderr == (
        f"launcher: Another launcher (process {launched.process.pid}) runs on {launching.data}: "
        "stop it, or choose another directory with --data DIR.\n"
    )


def test_a_second_launcher_on_other_data_is_welcome(launching: Launching, launched: Launched) -> None:
    assert replace(launching, options=("--temporary",)).run("true").returncode == 0
    assert launched.process.poll() is None


@only_root
@pytest.mark.parametrize("file", ["pg*", "valkey", "secrets.env", "launcher.lock"])
def test_files_of_another_user_are_refused(damageable: Launching, file: str) -> None:
    path = next(damageable.data.glob(file))
    os.chown(path, 12345, 12345)
    answer = damageable.run("true")
    assert answer.returncode == 125
    assert f"{path} belongs to user id 12345, not to root: start as user id 12345, or" in answer.stderr


def test_a_place_that_is_no_directory_is_one_sentence(fresh: Launching) -> None:
    fresh.data.write_text("")
    answer = fresh.run("true")
    assert answer.returncode == 125
    assert answer.stderr == (
        f"launcher: {fresh.data} cannot be made (File exists): choose another directory with --data DIR.\n"
    )


def test_a_pid_file_left_by_a_crash_does_not_hinder_the_start(damageable: Launching) -> None:
    stale = next(damageable.data.glob("pg*/data")) / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{stale.parent}\n")
    answer = damageable.run("true")
    assert answer.returncode == 0, answer.stderr


def test_a_server_that_cannot_start_ends_the_launcher_with_its_log(damageable: Launching) -> None:
    configuration = next(damageable.data.glob("pg*/data")) / "postgresql.conf"
    configuration.write_text("no_such_setting = 1\n")
    answer = damageable.run("true")
    assert answer.returncode == 125
    assert 'unrecognized configuration parameter "no_such_setting"' in answer.stderr
    assert processes_in(damageable.home) == []


def test_a_server_that_died_during_the_run_is_reported(damageable: Launching) -> None:
    answer = damageable.run("sh", "-c", "kill -KILL $(head -n 1 data/pg*/data/postmaster.pid)")
    assert answer.returncode == 0
    assert "ended before it was told to" in answer.stderr


def test_data_of_one_version_are_not_hidden_by_another(each_launching: Launching) -> None:
    before = sorted(path.name for path in each_launching.data.glob("pg*"))
    answer = replace(each_launching, extra={}).run("true")
    assert answer.returncode == 0, answer.stderr
    assert sorted(path.name for path in each_launching.data.glob("pg*")) == before


def test_what_a_killed_launcher_left_in_the_temporary_directory_is_cleared_away(fresh: Launching) -> None:
    temporary = replace(fresh, options=("--temporary",), extra={"TMPDIR": str(fresh.home)})
    assert temporary.run("sh", "-c", "kill -KILL $PPID").returncode == -signal.SIGKILL
    assert len(list(fresh.home.iterdir())) == 1
    wait_until(lambda: not processes_in(fresh.home))
    assert temporary.run("true").returncode == 0
    assert list(fresh.home.iterdir()) == []
