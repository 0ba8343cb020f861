"""What a source does when our database came back from a backup: everything it has may be older than it says."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.dispatch import receiver
from django.utils import timezone

from sources.models import Cursor, Source, SourceSync
from workspace.runs import Run
from workspace.signals import database_restored


@receiver(database_restored)
def read_whole(**kwargs: Any) -> None:
    """Begin every collection anew and soon; what a worker reads just now it commits no more, and begins anew too."""
    SourceSync.objects.filter(status__in=Run.ACTIVE).update(fence=F("fence") + 1, lease_until=None)
    Cursor.objects.update(state={}, reading_since=None, notes_seen=False, seen=0, full_read_at=None)
    Source.objects.filter(status=Source.Status.ENABLED).update(next_sync_at=timezone.now())
