"""The command line: `python -m workspace.launcher [options] -- COMMAND …`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from workspace.launcher.errors import LaunchError
from workspace.launcher.launch import DEFAULT_DATA, Options, launch, say

LAUNCH_FAILED = 125  # as env, timeout and docker say "I failed, not the command"

EPILOG = """\
environment:
  DATABASE_URL, REDIS_URL   when set they win, and nothing is started for them
  WAREHOUSE_URL             when set it wins; with a DATABASE_URL from outside it is not made up
  SECRET_KEY, CREDENTIAL_KEYS
                            when set they win; else the ones in DIR/secrets.env, written the first time
  TRIBUTARY_SERVERS         system or wheels: only servers installed on the machine, only those from PyPI.
                            Unset: those whose data are in DIR, else installed ones, else wheels
  TRIBUTARY_NO_USERNS=1     as root, run PostgreSQL as nobody instead of in a user namespace

exit status: the command's; 128 + n after signal n (130 Ctrl-C, 143 SIGTERM); 125 when the launcher failed.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """The launcher's exit status; errors are one sentence on standard error."""
    arguments = _parser().parse_args(argv)
    data = None if arguments.temporary else arguments.data
    try:
        return launch(Options(arguments.command, data, arguments.env_file), os.environ)
    except LaunchError as error:
        say(str(error))
        return LAUNCH_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m workspace.launcher",
        description="Run COMMAND with PostgreSQL and Redis or Valkey beside it; stop them when it ends.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help="keep data here (var/)")
    where.add_argument(
        "--temporary", action="store_true", help="fresh data, fast and unsafe, removed at the end"
    )
    parser.add_argument(
        "--env-file", type=Path, metavar="FILE", help="NAME=value lines; the environment wins"
    )
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="after --, with its arguments")
    return parser


if __name__ == "__main__":
    sys.exit(main())
