"""What commands ask for and where they find things; bad input is one sentence and a non-zero exit."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.management.base import CommandError

from workspace.errors import PublicError
from workspace.forms import secret_fields
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


def require_terminal(instead: str) -> None:
    """Raise CommandError when there is nobody to ask; `instead` says the option that does without."""
    if not sys.stdin.isatty():
        raise CommandError(f"Nobody can be asked without a terminal; {instead} does it without asking.")


def require_typed(word: str, prompt: str) -> None:
    """Ask for this very word at the terminal; anything else raises CommandError, and nothing is done."""
    try:
        typed = input(prompt)
    except (EOFError, KeyboardInterrupt) as error:
        raise CommandError("Nothing was done.") from error
    if typed != word:
        raise CommandError(f"This is not {word}; nothing was done.")


def find_workspace(slug: str) -> Workspace:
    """The workspace of this slug; raises CommandError naming those there are."""
    workspace = Workspace.objects.filter(slug=slug).first()
    if workspace is None:
        known = ", ".join(Workspace.objects.order_by("slug").values_list("slug", flat=True)[:10])
        raise CommandError(
            f"There is no workspace {slug}; " + (f"there is: {known}." if known else "run bootstrap.")
        )
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


def add_form_arguments(parser: ArgumentParser, declared: Iterable[type[forms.Form]]) -> None:
    """An option for every field of these forms but the secret ones, which never stand on a command line."""
    parser.add_argument(
        "--password-stdin", action="store_true", help="read secrets from standard input, one a line"
    )
    fields = {
        name: field
        for form in declared
        for name, field in form.base_fields.items()
        if name not in secret_fields(form)
    }
    for name, field in sorted(fields.items()):
        parser.add_argument(
            f"--{name.replace('_', '-')}", dest=f"field_{name}", help=str(field.help_text or "")
        )


def read_form(
    form: type[forms.Form], options: dict[str, Any], kept: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What the options say for the fields of this form, what is `kept` or the default for the rest, and its secrets.

    Secrets that go with a field left empty, as the form's `goes_with` says, are not asked for.
    """
    fields = {name: field.initial for name, field in form.base_fields.items() if field.initial is not None}
    fields |= kept or {}
    given = {name: options.get(f"field_{name}") for name in form.base_fields}
    fields |= {name: value for name, value in given.items() if value is not None}
    goes_with: Mapping[str, str] = getattr(form, "goes_with", {})
    for name in secret_fields(form):
        if name not in goes_with or fields.get(goes_with[name]):
            label = form.base_fields[name].label or name
            fields[name] = read_password(options["password_stdin"], f"{label}: ")
    return fields
