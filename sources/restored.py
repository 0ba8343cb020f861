"""What a source does when our database came back from a backup: everything it has may be older than it says."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from sources.models import Cursor, Source, SourceSync
from workspace.runs import fence_off
from workspace.signals import database_restored


@receiver(database_restored)
def read_whole(**kwargs: Any) -> None:
    """Begin every collection anew and soon; what a worker reads just now it commits no more, and begins anew too."""
    fence_off(SourceSync.objects.all())
    Cursor.objects.update(state={}, reading_since=None, notes_seen=False, seen=0, full_read_at=None)
    Source.objects.filter(status=Source.Status.ENABLED).update(next_sync_at=timezone.now())
