"""First owner and first workspace."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction

from workspace import audit
from workspace.founding import found_workspace
from workspace.models import RoleGrant, User, Workspace
from workspace.people import grant_role
from workspace.prompts import read_password

BY = "bootstrap"


class Command(BaseCommand):
    stealth_options = ("password",)
    help = "Make the first owner and a workspace. Running it again changes nothing but the password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workspace", required=True, help="slug of the workspace, e.g. acme")
        parser.add_argument("--name", default="", help="its name; by default the slug")
        parser.add_argument("--owner", required=True, help="the owner's e-mail address")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the password from standard input"
        )
        parser.add_argument("--region", choices=Workspace.Region.values, default=Workspace.Region.US)
        parser.add_argument("--time-zone", default="UTC")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            workspace = self._bootstrap(options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{options['owner']} owns the workspace {workspace.slug}.")

    def _bootstrap(self, options: dict[str, Any]) -> Workspace:
        validate_email(options["owner"])
        password = options.get("password") or read_password(options["password_stdin"])
        validate_password(password)
        with transaction.atomic():
            owner = _owner(options["owner"].lower(), password)
            workspace = Workspace.objects.filter(slug=options["workspace"]).first()
            if workspace is None:
                return _found(owner, options)
            if grant_role(workspace, owner, RoleGrant.Role.OWNER):
                audit.record(workspace, BY, "member.role_added", owner.email, role=RoleGrant.Role.OWNER)
        return workspace


def _found(owner: User, options: dict[str, Any]) -> Workspace:
    slug, place = options["workspace"], {"region": options["region"], "time_zone": options["time_zone"]}
    name = options["name"] or slug.replace("-", " ").title()
    return found_workspace(owner, name, slug=slug, by=BY, **place)


def _owner(email: str, password: str) -> User:
    owner = User.objects.filter(email=email).first()
    if owner is None:
        return User.objects.create_superuser(email, password)
    owner.set_password(password)
    owner.save()
    return owner
