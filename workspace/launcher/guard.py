"""A small process beside the launcher: it ends the command's group once the launcher is gone.

The kernel's parent-death signal reaches only the command itself; this reaches what the command started too.
Run as a script, in a session of its own. Standard input carries one line, the group's number, and its end is
the word to act: the kernel closes it when the launcher dies.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 15.0
POLL_SECONDS = 0.02


def main() -> None:
    group = sys.stdin.readline()
    sys.stdin.read()
    if group:
        end_group(int(group))


def end_group(group: int) -> None:
    """Ask every process of the group to end, wait, then make them."""
    deadline = time.monotonic() + GRACE_SECONDS
    alive = _send(group, signal.SIGTERM) and _send(group, signal.SIGCONT)
    while alive and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        alive = _send(group, 0)
    if alive:
        _send(group, signal.SIGKILL)


def _send(group: int, signum: int) -> bool:
    """False when nobody is left in the group, or only processes that are not ours to end."""
    try:
        os.killpg(group, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
