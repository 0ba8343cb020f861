"""What commands ask for and where they find things; bad input is one sentence and a non-zero exit."""

from __future__ import annotations

import getpass
import sys

from django.core.management.base import CommandError

from workspace.errors import PublicError
from workspace.models import Workspace


def read_password(from_stdin: bool, prompt: str = "Password: ") -> str:
    """A password from the first line of standard input, or typed without echo; never from the arguments."""
    try:
        password = sys.stdin.readline().rstrip("\r\n") if from_stdin else getpass.getpass(prompt)
    except (EOFError, KeyboardInterrupt) as error:
        raise CommandError("No password was given.") from error
    if not password:
        raise CommandError("The password is empty.")
    return password


def find_workspace(slug: str) -> Workspace:
    """The workspace of this slug; raises CommandError naming those there are."""
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True)[:10])
        raise CommandError(f"There is no workspace {slug}; " + (f"there is: {known}." if known else "run bootstrap."))
    return workspace


def split_path(path: str) -> tuple[Workspace, str]:
    """`acme/desk-com` as workspace and slug."""
    workspace, slash, slug = path.partition("/")
    if not slash or not slug:
        raise CommandError(f"{path} is no WORKSPACE/SLUG, such as acme/desk-com.")
    return find_workspace(workspace), slug


def as_command_error(error: PublicError) -> CommandError:
    """The error's sentence and what to do about it, for the terminal."""
    return CommandError(f"{error.message} {error.action}".strip())
