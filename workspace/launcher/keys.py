"""Stable secrets for a demo or a small installation, and files of NAME=value lines."""

import base64
import os
import re
import secrets
import tempfile
from pathlib import Path

from workspace.launcher.errors import LaunchError

LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


def stable_secrets(path: Path) -> dict[str, str]:
    """SECRET_KEY and CREDENTIAL_KEYS out of `path`, which is written with mode 600 the first time."""
    if not path.exists():
        _write_once(path, {"SECRET_KEY": secrets.token_urlsafe(50), "CREDENTIAL_KEYS": _fernet_key()})
    path.chmod(0o600)
    return read_env_file(path)


def read_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines; comments, blank lines, `export` and quotes are understood, nothing is expanded.

    A name without a value is left out, as if the line were a comment.
    Raises LaunchError naming the line, never its content, which may be a secret.
    """
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LaunchError(f"{path} cannot be read: {type(error).__name__}.") from error
    pairs = (_pair(path, number, line) for number, line in enumerate(lines, 1) if _says_something(line))
    return {name: value for name, value in pairs if value}


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _pair(path: Path, number: int, line: str) -> tuple[str, str]:
    match = LINE.fullmatch(line.strip())
    if match is None:
        raise LaunchError(f"Line {number} of {path} is not NAME=value.")
    name, value = match.groups()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    return name, value


def _fernet_key() -> str:
    """32 random bytes in the form that cryptography.fernet reads."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def _write_once(path: Path, values: dict[str, str]) -> None:
    """Written aside and linked, so that of two launchers at once one wins and neither reads half a file."""
    descriptor, aside = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        file.write("# Generated. Losing CREDENTIAL_KEYS loses every stored credential: keep a copy.\n")
        file.writelines(f"{name}={value}\n" for name, value in values.items())
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(aside)
