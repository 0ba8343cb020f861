"""A source by the path people type."""

from __future__ import annotations

from django.core.management.base import CommandError

from sources.models import Source
from workspace.prompts import split_path


def find_source(path: str) -> Source:
    """The source at `acme/desk-com`; raises CommandError when there is none."""
    workspace, slug = split_path(path)
    source = Source.objects.filter(workspace=workspace, slug=slug).first()
    if source is None:
        raise CommandError(f"The workspace {workspace.slug} has no source {slug}.")
    return source
