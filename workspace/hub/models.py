"""What sources write and warehouses read: the latest state of every object."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from workspace.models import Workspace
from workspace.secrets import SealedField


class Schema(models.Model):
    """The collections of one source under the name they have in every warehouse (`desk_com`)."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="schemas")
    name = models.CharField(max_length=63)
    erasing = SealedField(help_text="The key of the digests of what was erased; NULL as long as nothing was.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="one_schema_of_a_name")]

    def __str__(self) -> str:
        return self.name


class Collection(models.Model):
    """One kind of object. `version` is that of its latest change; its row is the lock writers take."""

    schema = models.ForeignKey(Schema, models.CASCADE, related_name="collections")
    name = models.CharField(max_length=100)
    position = models.IntegerField(default=0, help_text="Order of reading and flushing: referred-to first.")
    version = models.BigIntegerField(default=0)
    objects_stored = models.BigIntegerField(default=0, help_text="Deleted ones included.")
    objects_deleted = models.BigIntegerField(default=0)
    full_read_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position", "name"]
        constraints = [models.UniqueConstraint(fields=["schema", "name"], name="one_collection_of_a_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def objects_live(self) -> int:
        """Objects the source still has, as far as we know."""
        return self.objects_stored - self.objects_deleted


class Payload(models.JSONField):
    """A JSON text kept as it is: `json`, not `jsonb`, which would rebuild it at every write."""

    def db_type(self, connection: Any) -> str:
        """Plain json."""
        return "json"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """psycopg2 has parsed it already."""
        return value


class Object(models.Model):
    """The latest state of one object. Written only by `workspace.hub.store` and `workspace.hub.deletions`."""

    pk = models.CompositePrimaryKey("collection_id", "object_id")
    collection = models.ForeignKey(
        Collection, models.CASCADE, db_index=False, db_constraint=False, related_name="stored"
    )  # the store's lock on the collection stands for the constraint, which would cost a check per object
    object_id = models.TextField()
    version = models.BigIntegerField()
    payload = Payload()
    payload_hash = models.UUIDField(help_text="BLAKE2b-128 of the payload.")
    source_stamp = models.DateTimeField(null=True, help_text="When the vendor last changed it.")
    received_at = models.DateTimeField(help_text="When this state reached the Hub.")
    deleted_at = models.DateTimeField(null=True, help_text="When it was found missing at the vendor.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection", "version"], name="one_object_per_version")
        ]


class Seen(models.Model):
    """Ids met in a read of a whole collection that is under way. Unlogged: a crash empties it, the read notices."""

    pk = models.CompositePrimaryKey("collection_id", "object_id")
    collection = models.ForeignKey(
        Collection, models.CASCADE, db_index=False, db_constraint=False, related_name="+"
    )
    object_id = models.TextField()


class Missed(models.Model):
    """An id that the last read in pages did not meet; when the next one misses it too, the object is gone. Unlogged."""

    pk = models.CompositePrimaryKey("collection_id", "object_id")
    collection = models.ForeignKey(
        Collection, models.CASCADE, db_index=False, db_constraint=False, related_name="+"
    )
    object_id = models.TextField()


class HeldDeletion(models.Model):
    """An object found missing among suspiciously many; it stays until an admin agrees."""

    pk = models.CompositePrimaryKey("collection_id", "object_id")
    collection = models.ForeignKey(Collection, models.CASCADE, db_index=False, related_name="held_deletions")
    object_id = models.TextField()
    found_at = models.DateTimeField(auto_now_add=True)


class Erasure(models.Model):
    """An object that somebody asked to have forgotten, with all that refers to it where it is a person.

    The ids are sealed, and gone once no warehouse needs them any more. See `workspace.hub.erasure`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    schema = models.ForeignKey(Schema, models.CASCADE, related_name="erasures", db_index=False)
    collection = models.ForeignKey(Collection, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, help_text="Of the id of the object asked for.")
    sealed = SealedField(help_text="That id, and per collection the ids of all that is to go.")
    counts = models.JSONField(default=dict, help_text="Objects removed from the Hub, per collection.")
    progress = models.JSONField(
        default=dict, help_text="Per collection: the version searched so far, and the last one."
    )
    asked_at = models.DateTimeField(default=timezone.now)
    erased_at = models.DateTimeField(null=True, help_text="When the Hub had forgotten everything.")
    ended_at = models.DateTimeField(null=True, help_text="When every warehouse had, too.")

    class Meta:
        indexes = [
            models.Index(fields=["schema", "-asked_at", "-id"], name="hub_erasures"),
            models.Index(fields=["asked_at"], name="hub_erasures_open", condition=Q(ended_at=None)),
        ]

    def waiting(self) -> Any:
        """The connections of the schema whose warehouses may still hold rows of it."""
        connections: Any = self.schema.connections
        if self.ended_at:
            return connections.none()
        done = self.removals.values("connection")
        return connections.exclude(pk__in=done).select_related("warehouse__workspace")


class Erased(models.Model):
    """An object that is refused when the vendor sends it again, known by the digest of its id."""

    collection = models.ForeignKey(Collection, models.CASCADE, db_index=False, related_name="+")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "digest"], name="erased_once")]


class DatabaseIdentity(models.Model):
    """One row: which database this was when anybody last looked; see `workspace.restored`."""

    identity = models.CharField(max_length=200)
