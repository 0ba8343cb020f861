"""However the launcher ends, servers and command end with it."""

import os
import signal

import pytest

from workspace.tests.launcher.launching import Launched, Launching, wait_until
from workspace.tests.launcher.terminal import CTRL_C, CTRL_Z, shell_on_a_terminal

# Acts on a signal from its handler, at whatever moment the signal comes.
HANDLES = """
import signal, sys
def leave(signum, frame):
    print("saved", flush=True)
    sys.exit(3)
signal.signal(signal.SIGINT, leave)
signal.signal(signal.SIGTERM, leave)
print("ready", flush=True)
while True:
    signal.pause()
"""


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_the_launcher_ends_everything(
    each_launched: Launched, signum: signal.Signals, status: int
) -> None:
    each_launched.process.send_signal(signum)
    assert each_launched.exit_status() == status
    assert each_launched.nothing_is_left()


def test_a_lost_terminal_ends_everything(launched: Launched) -> None:
    launched.process.send_signal(signal.SIGHUP)
    assert launched.exit_status() == 129
    assert launched.nothing_is_left()


def test_a_signal_to_the_whole_group_ends_everything(launched: Launched) -> None:
    os.killpg(launched.process.pid, signal.SIGINT)
    assert launched.exit_status() == 130
    assert launched.nothing_is_left()


def test_kill_9_of_the_launcher_leaves_no_server_and_no_command(each_launched: Launched) -> None:
    each_launched.process.kill()
    assert each_launched.exit_status() == -signal.SIGKILL
    assert each_launched.nothing_is_left()


def test_the_next_start_waits_for_what_a_killed_launcher_left(
    each_launching: Launching, each_launched: Launched
) -> None:
    each_launched.process.kill()
    answer = each_launching.run("true")
    assert answer.returncode == 0, answer.stderr


def test_a_command_that_handles_the_signal_still_counts_as_interrupted(launching: Launching) -> None:
    launched = launching.start(launching.python, "-c", HANDLES)
    launched.process.terminate()
    output, _ = launched.process.communicate()
    assert (launched.process.returncode, output) == (143, "saved\n")
    assert launched.nothing_is_left()


def test_a_command_that_ends_takes_its_background_children_along(launching: Launching) -> None:
    launched = launching.start("sh", "-c", "sleep 600 & echo ready")
    assert launched.exit_status() == 0
    assert launched.nothing_is_left()


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGKILL, -9), (signal.SIGTERM, 143)])
def test_a_launcher_ended_in_the_middle_of_initdb_leaves_nothing_that_looks_like_a_cluster(
    fresh: Launching, signum: signal.Signals, status: int
) -> None:
    launched = fresh.start_unready("true")
    wait_until(lambda: any(fresh.data.glob("pg*/data.partial/PG_VERSION")))
    launched.process.send_signal(signum)
    assert launched.exit_status() == status
    assert launched.nothing_is_left()
    assert not list(fresh.data.glob("pg*/data"))
    assert fresh.run("true").returncode == 0


def test_ctrl_c_on_a_terminal_reaches_the_command_alone(launching: Launching) -> None:
    (launching.home / "handles.py").write_text(HANDLES)
    with shell_on_a_terminal(launching) as terminal:
        terminal.type(" ".join(launching.argv(launching.python, "handles.py")) + "\n")
        terminal.expect("\nready")
        terminal.type(CTRL_C)
        terminal.expect("saved")
        terminal.type("echo status=$?\n")
        terminal.expect("status=3")


def test_ctrl_z_stops_the_launcher_with_the_command_and_fg_continues_both(launching: Launching) -> None:
    with shell_on_a_terminal(launching) as terminal:
        terminal.type(" ".join(launching.argv("sh", "-c")) + " 'echo up; read line; echo got $line'\n")
        terminal.expect("\nup")
        terminal.type(CTRL_Z)
        terminal.expect("Stopped")
        terminal.type("fg\nwords\n")
        terminal.expect("got words")
        terminal.type("echo status=$?\n")
        terminal.expect("status=0")
