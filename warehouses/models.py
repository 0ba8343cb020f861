"""A configured warehouse, the sources connected to it, what has been flushed, and the runs that did it."""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from warehouses.engines import engine_for
from warehouses.engines.base import Engine
from workspace.hub.models import Collection, Erasure, Schema
from workspace.models import Workspace
from workspace.runs import Run
from workspace.secrets import SealedField, Unreadable


def a_moment_of_the_next_day() -> datetime:
    """A phase for what is done once a day, so that not all of it is done at once."""
    return timezone.now() + timedelta(days=random.random())  # noqa: S311


class Warehouse(models.Model):
    """One database a workspace loads into."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="warehouses")
    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=60)
    settings = SealedField()
    enabled = models.BooleanField(default=True)
    schedule = models.JSONField(default=dict, help_text="See warehouses.schedule; empty: as the plan says.")
    next_sync_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "slug"], name="one_warehouse_of_a_slug")]
        indexes = [models.Index(fields=["next_sync_at"], name="warehouses_due", condition=Q(enabled=True))]

    def __str__(self) -> str:
        return f"{self.workspace.slug}/{self.slug}"

    def known_settings(self) -> dict[str, Any]:
        """The settings as far as they can be read: none when the key that sealed them is gone."""
        try:
            return dict(self.settings or {})
        except Unreadable:
            return {}

    def engine(self) -> Engine:
        """The code for this kind of database, bound to these settings."""
        return engine_for(self.kind)(self.settings or {}, settings.OUTBOUND_ALLOWED_HOSTS)


class Connection(models.Model):
    """A source's schema flowing into a warehouse."""

    warehouse = models.ForeignKey(Warehouse, models.CASCADE, related_name="connections")
    schema = models.ForeignKey(Schema, models.CASCADE, related_name="connections")
    enabled = models.BooleanField(default=True)
    collections_off = models.JSONField(default=list, help_text="Names of collections turned off.")
    properties_off = models.JSONField(default=dict, help_text="Collection name to columns turned off.")
    compare_at = models.DateTimeField(
        default=a_moment_of_the_next_day,
        help_text="When every row is compared with the Hub again: once a day.",
    )
    restored_at = models.DateTimeField(
        null=True, help_text="When our database came back from a backup and this was not repaired since."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["warehouse", "schema"], name="one_connection_each")]
        indexes = [
            models.Index(fields=["compare_at"], name="warehouses_compare_due", condition=Q(enabled=True))
        ]

    def __str__(self) -> str:
        return f"{self.schema} → {self.warehouse}"

    def about(self) -> dict[str, str]:
        """What log lines say of it."""
        source = getattr(self.schema, "source", None)
        return {"source": source.slug if source else self.schema.name, "warehouse": self.warehouse.slug}


class Watermark(models.Model):
    """How far one collection has been flushed over one connection."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="watermarks")
    collection = models.ForeignKey(Collection, models.CASCADE, related_name="+")
    version = models.BigIntegerField(
        default=0, help_text="Everything up to this version is in the warehouse."
    )
    rewrite_until = models.BigIntegerField(
        default=0, help_text="Up to this version rows are written again even when equal: a backfill."
    )
    rewinds = models.IntegerField(default=0, help_text="How often somebody sent it back.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "collection"], name="one_watermark_each")
        ]


class Column(models.Model):
    """A column of a table as we made it: its type, since when, and why it last changed."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="columns")
    collection = models.ForeignKey(Collection, models.CASCADE, related_name="+")
    name = models.CharField(max_length=130)
    type = models.CharField(max_length=10)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "collection", "name"], name="one_column_of_a_name")
        ]


class WarehouseSync(Run):
    """One run of one connection that flushes changes from the Hub."""

    side = "warehouse"
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="syncs")
    again = models.CharField(
        max_length=10, blank=True, help_text="Trigger of the run that is to follow this one."
    )
    again_at = models.DateTimeField(null=True, help_text="When that one may start; NULL: at once.")
    attempt = models.SmallIntegerField(
        default=0, help_text="How many runs before it were cut short by what may pass."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection"], condition=Q(status__in=["queued", "running"]), name="one_active_flush"
            )
        ]
        indexes = [
            models.Index(fields=["-queued_at", "-id"], name="warehouses_sync_everywhere"),
            models.Index(fields=["connection", "-queued_at", "-id"], name="warehouses_sync_history"),
            models.Index(fields=["workspace", "-queued_at", "-id"], name="warehouses_sync_timeline"),
            models.Index(
                fields=["connection", "status", "-queued_at", "-id"], name="warehouses_sync_by_status"
            ),
            models.Index(
                fields=["workspace", "status", "-queued_at", "-id"], name="warehouses_sync_statuses"
            ),
            models.Index(
                fields=["nudged_at"],
                name="warehouses_sync_active",
                condition=Q(status__in=["queued", "running"]),
            ),
            models.Index(fields=["queued_at"], name="warehouses_sync_again", condition=~Q(again="")),
        ]

    def about(self) -> dict[str, str]:
        """With its source and warehouse."""
        return {**super().about(), **self.connection.about()}

    def after_end(self) -> None:
        """Add it to the sums per day."""
        RowsPerDay.objects.add(self)

    def as_dict(self) -> dict[str, Any]:
        """The run as JSON for `--json` and the API."""
        results = self.results.select_related("collection").order_by("collection__position")
        return {
            "id": str(self.pk),
            "warehouse": str(self.connection.warehouse),
            "schema": self.connection.schema.name,
            "status": self.status,
            "trigger": self.trigger,
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "takeovers": self.takeovers,
            "rows": sum(result.rows for result in results),
            "collections": {result.collection.name: result.as_dict() for result in results},
            "notices": self.notices,
        }


class CollectionResult(models.Model):
    """What one warehouse sync did to one table."""

    sync = models.ForeignKey(WarehouseSync, models.CASCADE, related_name="results")
    collection = models.ForeignKey(Collection, models.CASCADE, related_name="+")
    rows = models.BigIntegerField(default=0, help_text="Rows inserted or replaced.")
    preparation = models.FloatField(default=0, help_text="Seconds reading the Hub and making columns.")
    loading = models.FloatField(default=0, help_text="Seconds in the warehouse.")
    rows_hub = models.BigIntegerField(null=True, help_text="Objects in the Hub at read-back.")
    rows_warehouse = models.BigIntegerField(null=True, help_text="Rows in the table at read-back.")

    class Meta:
        verbose_name = "result"
        constraints = [models.UniqueConstraint(fields=["sync", "collection"], name="one_result_each")]

    def as_dict(self) -> dict[str, Any]:
        """Counts and seconds."""
        return {
            "rows": self.rows,
            "preparation": round(self.preparation, 3),
            "loading": round(self.loading, 3),
            "rows_hub": self.rows_hub,
            "rows_warehouse": self.rows_warehouse,
        }


class Days(models.Manager["RowsPerDay"]):
    """Adds to the sums per day."""

    def add(self, sync: WarehouseSync) -> None:
        """Count a sync that has ended, on its day in the workspace's time zone; in the caller's transaction."""
        day = timezone.localtime(sync.finished_at, sync.workspace.zone).date()
        failed = sync.status == Run.Status.FAILED
        rows = sync.results.filter(rows__gt=0).values_list("collection_id", "rows")
        for collection_id, number in rows:
            self._count(sync.connection_id, collection_id, day, number, 0, 0)
        self._count(sync.connection_id, None, day, sync.rows, 1, int(failed))

    @staticmethod
    def _count(*values: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO warehouses_rowsperday AS d (connection_id, collection_id, day, rows, runs, failures)
                   VALUES (%s, %s, %s, %s, %s, %s)
                   ON CONFLICT (connection_id, collection_id, day) DO UPDATE SET rows = d.rows + EXCLUDED.rows,
                       runs = d.runs + EXCLUDED.runs, failures = d.failures + EXCLUDED.failures""",
                values,
            )


class RowsPerDay(models.Model):
    """What the syncs of one connection loaded on one day: Health reads these and no history."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="days", db_index=False)
    collection = models.ForeignKey(
        Collection, models.CASCADE, related_name="+", null=True, help_text="NULL: all of them, and the runs."
    )
    day = models.DateField()
    rows = models.BigIntegerField()
    runs = models.IntegerField()
    failures = models.IntegerField()

    objects: ClassVar[Days] = Days()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "collection", "day"], name="one_sum_a_day", nulls_distinct=False
            )
        ]


class Removal(models.Model):
    """A connection whose tables hold nothing any more of what an erasure is about."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="removals", db_index=False)
    erasure = models.ForeignKey(Erasure, models.CASCADE, related_name="removals")
    rows = models.BigIntegerField(help_text="Rows that were deleted.")
    done_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "erasure"], name="one_removal_each")]


class Comparison(Run):
    """One comparison of every row of a connection with the Hub: what it found, and whether it repaired that."""

    side = "warehouse"
    counted = False
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="comparisons")
    repair = models.BooleanField(default=False, help_text="Write again from the Hub what differs.")
    findings = models.JSONField(default=list, help_text="Per collection: see warehouses.findings.Finding.")
    progress = models.JSONField(default=dict, help_text="How far the last finding has come.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=Q(status__in=["queued", "running"]),
                name="one_active_comparison",
            )
        ]
        indexes = [
            models.Index(fields=["-queued_at", "-id"], name="warehouses_compare_all"),
            models.Index(fields=["connection", "-queued_at", "-id"], name="warehouses_comparisons"),
            models.Index(
                fields=["nudged_at"],
                name="warehouses_compare_active",
                condition=Q(status__in=["queued", "running"]),
            ),
        ]

    def about(self) -> dict[str, str]:
        """With its source and warehouse."""
        return {**super().about(), **self.connection.about()}

    @property
    def repaired(self) -> int:
        """Rows that were written again."""
        return sum(finding["repaired"] for finding in self.findings)
