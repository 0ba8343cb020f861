"""A configured source, where its reading stands, and the runs that moved it there."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from sources.connectors import connector_for
from sources.connectors.base import Connector, Stream
from workspace.hub.models import Collection, Schema
from workspace.hub.signals import source_synced
from workspace.models import Workspace
from workspace.runs import Run
from workspace.secrets import SealedField

log = logging.getLogger(__name__)


class Source(models.Model):
    """One instance of a catalog entry in a workspace. In `setup` it is the draft of the wizard."""

    class Status(models.TextChoices):
        SETUP = "setup", "Setup"
        ENABLED = "enabled", "Enabled"
        DISABLED = "disabled", "Disabled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="sources")
    schema = models.OneToOneField(Schema, models.RESTRICT, related_name="source")
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=60)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.SETUP)
    credentials = SealedField()
    account = models.CharField(max_length=200, blank=True, help_text="What the last check found.")
    interval = models.DurationField(default=timedelta(hours=3))
    full_read_every = models.DurationField(
        default=timedelta(days=7),
        help_text="Some changes never move updated_at: everything is read this often.",
    )
    collections_off = models.JSONField(default=list, help_text="Names of collections not to be read.")
    next_sync_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "slug"], name="one_source_of_a_slug"),
            models.CheckConstraint(
                condition=models.Q(interval__gte=timedelta(minutes=1), interval__lte=timedelta(days=365)),
                name="a_sane_interval",
            ),
        ]
        indexes = [
            models.Index(fields=["next_sync_at"], name="sources_due", condition=models.Q(status="enabled"))
        ]

    def __str__(self) -> str:
        return f"{self.workspace.slug}/{self.slug}"

    @property
    def connector(self) -> Connector:
        """The code for this kind of source."""
        return connector_for(self.kind)

    def streams(self) -> list[Stream]:
        """The streams to read, in their order."""
        return [stream for stream in self.connector.streams if stream.collection not in self.collections_off]

    def collection(self, name: str) -> Collection:
        """The Hub's collection of this name, made at its first use."""
        position = [stream.collection for stream in self.connector.streams].index(name)
        found, _ = Collection.objects.get_or_create(
            schema=self.schema, name=name, defaults={"position": position}
        )
        return found


class Cursor(models.Model):
    """Where the reading of one collection stands. Committed together with the objects before it."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="cursors")
    collection = models.ForeignKey(Collection, models.CASCADE, related_name="+")
    state = models.JSONField(default=dict, help_text="The connector's own; empty begins a full read.")
    reading_since = models.DateTimeField(null=True, help_text="Start of a full read that is under way.")
    notes_seen = models.BooleanField(
        default=False, help_text="Whether this full read looks for missing objects."
    )
    seen = models.BigIntegerField(default=0, help_text="Ids noted in this full read.")
    full_read_at = models.DateTimeField(null=True, help_text="End of the last full read.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "collection"], name="one_cursor_each")]

    def full_read_due(self, every: timedelta) -> bool:
        """Whether the collection should be read whole again now; not while such a read is under way."""
        if self.reading_since or not self.full_read_at:
            return False
        return timezone.now() - self.full_read_at >= every


class SourceSync(Run):
    """One run that pulls a source's collections into the Hub."""

    side = "source"
    source = models.ForeignKey(Source, models.CASCADE, related_name="syncs")
    full = models.BooleanField(default=False, help_text="Read every collection whole.")
    only = models.JSONField(default=list, help_text="Collections of this run; empty: all that are on.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source"],
                condition=models.Q(status__in=["queued", "running"]),
                name="one_active_sync",
            )
        ]
        indexes = [
            models.Index(fields=["-queued_at", "-id"], name="sources_sync_everywhere"),
            models.Index(fields=["source", "-queued_at", "-id"], name="sources_sync_history"),
            models.Index(fields=["workspace", "-queued_at", "-id"], name="sources_sync_timeline"),
            models.Index(fields=["source", "status", "-queued_at", "-id"], name="sources_sync_by_status"),
            models.Index(fields=["workspace", "status", "-queued_at", "-id"], name="sources_sync_statuses"),
            models.Index(
                fields=["nudged_at"],
                name="sources_sync_active",
                condition=models.Q(status__in=["queued", "running"]),
            ),
        ]

    def after_end(self) -> None:
        """Tell those who follow that something is new in the Hub; what they stumble over never undoes the run's end."""
        good = (Run.Status.SUCCESS, Run.Status.PARTIAL)
        first = self.status in good and not (
            SourceSync.objects.filter(source=self.source_id, status__in=good).exclude(pk=self.pk).exists()
        )
        if not (first or self.rows):
            return
        try:
            with transaction.atomic():
                source_synced.send(sender=SourceSync, schema_id=self.source.schema_id, first=first)
        except Exception:
            log.exception("What should follow sync %s did not", self.pk)

    def in_order(self) -> list[tuple[str, dict[str, Any]]]:
        """Collections with their counts, in the order of reading (JSONB keeps none)."""
        names = [stream.collection for stream in self.source.connector.streams]
        return [(name, self.counts[name]) for name in names if name in self.counts]

    def about(self) -> dict[str, str]:
        """With its source."""
        return {**super().about(), "source": self.source.slug}

    def as_dict(self) -> dict[str, Any]:
        """The run as JSON for `--json` and the API."""
        return {
            "id": str(self.pk),
            "source": str(self.source),
            "status": self.status,
            "trigger": self.trigger,
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "requests": self.requests,
            "waited": round(self.waited, 1),
            "takeovers": self.takeovers,
            "collections": dict(self.in_order()),
            "notices": self.notices,
        }


class Quarantined(models.Model):
    """A record that could not be stored, with its raw text and the reason."""

    source = models.ForeignKey(Source, models.CASCADE, related_name="quarantine")
    collection = models.ForeignKey(Collection, models.CASCADE, related_name="+")
    run = models.ForeignKey(SourceSync, models.SET_NULL, null=True, related_name="+")
    raw = models.TextField()
    digest = models.UUIDField()
    reason = models.CharField(max_length=300)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "quarantined record"
        constraints = [models.UniqueConstraint(fields=["collection", "digest"], name="quarantined_once")]
