"""Setuid mode: what PostgreSQL needs, where `nobody` can reach it.

A checkout in somebody's home directory is closed to `nobody`. Then the cluster is kept in a directory of
root's below /var/tmp, under a name made from the data directory's path, so that the next start finds it;
programs out of a wheel are copied beside it for the run and removed afterwards.
"""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from workspace.launcher.accounts import NOBODY, Account
from workspace.launcher.data import refuse_foreign
from workspace.launcher.errors import LaunchError
from workspace.launcher.installs import Install

ELSEWHERE = Path("/var/tmp")  # noqa: S108  # what is made below it belongs to root alone, and that is checked
COPY = "programs"


def home_for(root: Path, account: Account) -> Path:
    """The directory that holds the cluster's: the data directory itself unless `account` cannot reach it."""
    if account.uid is None or is_open(root):
        return root
    digest = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    home = ELSEWHERE / f"tributary-{digest}"
    home.mkdir(mode=0o711, exist_ok=True)
    refuse_foreign(home, os.geteuid())
    home.chmod(0o711)
    return home


@contextmanager
def within_reach(install: Install, account: Account, home: Path) -> Iterator[Install]:
    """The same programs, copied into `home` for the length of the block when `account` cannot reach them."""
    copy = home / COPY
    shutil.rmtree(copy, ignore_errors=True)  # what a killed launcher left
    if account.uid is None or _runs_for_others(install.program):
        yield install
        return
    if install.package is None:
        raise LaunchError(f"{install.program} is closed to nobody: set TRIBUTARY_SERVERS=wheels.")
    try:
        yield _copied(install, install.package, copy, account.uid)
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def adopt(directory: Path, account: Account) -> None:
    """Root may switch between its two ways to run; the files follow. Raises LaunchError on others' files."""
    if os.geteuid() == 0 and directory.exists() and directory.stat().st_uid == _other_way(account):
        give_away(directory, account.owner)
    refuse_foreign(directory, account.owner)


def _other_way(account: Account) -> int:
    return NOBODY if account.uid is None else os.geteuid()


def give_away(directory: Path, uid: int) -> None:
    """Change the owner of everything in it."""
    os.lchown(directory, uid, uid)
    for folder, folders, files in os.walk(directory):
        for name in folders + files:
            os.lchown(os.path.join(folder, name), uid, uid)


def is_open(directory: Path) -> bool:
    """Whether users without any right of their own may pass through all the way down."""
    path = directory.resolve()
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))


def _runs_for_others(program: Path) -> bool:
    return is_open(program.parent) and program.stat().st_mode & 0o005 == 0o005


def _copied(install: Install, package: Path, copy: Path, uid: int) -> Install:
    """The installation and its `.libs` neighbour, equally far apart: initdb loads libpq from there."""
    site = package.parent
    tree = install.program.parents[1]
    neighbour = site / f"{package.name}.libs"
    for part in (tree, neighbour):
        if part.is_dir():
            shutil.copytree(part, copy / part.relative_to(site), symlinks=True)
    give_away(copy, uid)
    return replace(install, program=copy / install.program.relative_to(site))
