"""What sources write and warehouses read: the latest state of every object."""

from __future__ import annotations

from typing import Any

from django.db import models

from workspace.models import Workspace


class Schema(models.Model):
    """The collections of one source under the name they have in every warehouse (`desk_com`)."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="schemas")
    name = models.CharField(max_length=63)

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


class DatabaseIdentity(models.Model):
    """One row: which database this was when anybody last looked; see `workspace.restored`."""

    identity = models.CharField(max_length=200)
