"""How old what the Hub has of each source is."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Subquery
from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone

from sources.models import Source, SourceSync
from workspace.monitoring.freshness import Freshness
from workspace.runs import Run
from workspace.signals import freshness_asked

SOUND = (Run.Status.SUCCESS, Run.Status.PARTIAL)


@receiver(freshness_asked)
def tell_freshness(**kwargs: Any) -> list[Freshness]:
    """Since the end of the last sound sync; a first one may take as long as it takes."""
    now, syncs = timezone.now(), SourceSync.objects.filter(source=OuterRef("pk"))
    ended = syncs.filter(status__in=SOUND).order_by("-queued_at", "-pk")
    enabled = Source.objects.filter(status=Source.Status.ENABLED, workspace__closing_at=None)
    found = enabled.select_related("workspace").annotate(
        sound=Subquery(ended.values("finished_at")[:1]), working=Exists(syncs.filter(status__in=Run.ACTIVE))
    )
    return [
        Freshness(
            "source",
            source,
            source.workspace,
            reverse("sources:overview", args=[source.workspace.slug, source.slug]),
            now - (source.sound or source.created_at),
            source.interval,
        )
        for source in found
        if source.sound or not source.working
    ]
