"""As whom PostgreSQL runs: it refuses to be root, and initdb refuses a user without a name.

Root gets a user namespace, in which the server sees an ordinary user while its files stay root's; where
namespaces are forbidden it drops to `nobody`. Nothing is added to the machine's users.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from workspace.launcher.errors import LaunchError

NOBODY = 65534
NO_NAMESPACE = "TRIBUTARY_NO_USERNS"


@dataclass(frozen=True)
class Account:
    """How a server is started: words put before its command line, or the user id it drops to."""

    mode: str
    prefix: tuple[str, ...] = ()
    uid: int | None = None

    @property
    def owner(self) -> int:
        """The user id that the server's files have, seen from outside."""
        return os.geteuid() if self.uid is None else self.uid


def choose_account(environ: Mapping[str, str]) -> Account:
    """The first way that works on this machine; `TRIBUTARY_NO_USERNS=1` rules the namespace out."""
    root = os.geteuid() == 0
    if not root and _has_name(os.geteuid()):
        return Account("as you")
    if environ.get(NO_NAMESPACE, "0") in ("", "0") and (prefix := _namespace_prefix()):
        return Account("in a user namespace", prefix=prefix)
    if root and _may_become(NOBODY):
        return Account("as nobody", uid=NOBODY)
    raise LaunchError(
        f"PostgreSQL cannot run as user id {os.geteuid()} here, where user namespaces are not available: "
        "start as an ordinary user with an entry in /etc/passwd, or set DATABASE_URL."
    )


def _namespace_prefix() -> tuple[str, ...]:
    unshare = shutil.which("unshare")
    inside = _named_user()
    if unshare is None or inside is None:
        return ()
    prefix = (unshare, "--user", f"--map-user={inside}", f"--map-group={inside}")
    probe = subprocess.run([*prefix, "true"], stdin=subprocess.DEVNULL, capture_output=True)
    return prefix if probe.returncode == 0 else ()


def _named_user() -> int | None:
    """A user id other than root's that has a name; not always 1000, which a bare machine lacks."""
    ids = sorted(entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid not in (0, NOBODY))
    return 1000 if 1000 in ids else next(iter(ids), None)


def _may_become(uid: int) -> bool:
    if not _has_name(uid):
        return False
    try:
        subprocess.run(["true"], check=True, user=uid, group=uid, extra_groups=[])
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True
