"""One sync from its first request to its last sentence, live while it runs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from sources.models import SourceSync
from sources.pages.frame import find_source, source_context
from sources.pages.progress import notices_of, progress_of
from workspace.pages import Crumb, MemberRequest, is_fragment, member_page


@member_page()
def show_run(request: MemberRequest, slug: str, run_id: UUID) -> HttpResponse:
    """The page and, for htmx, the part of it that moves."""
    source = find_source(request, slug)
    run = get_object_or_404(source.syncs.select_related("started_by"), pk=run_id)
    run.source = source
    title = f"Sync of {timezone.localtime(run.queued_at):%d %b %Y, %H:%M}"
    context = source_context(request, source, "overview", Crumb(title), title=title) | _facts(run)
    return render(request, "sources/_run.html" if is_fragment(request) else "sources/run.html", context)


def _facts(run: SourceSync) -> dict[str, Any]:
    progress = progress_of(run)
    return {
        "run": run,
        "progress": progress,
        "notices": notices_of(run),
        "read": sum(item.counts["read"] or 0 for item in progress),
    }
