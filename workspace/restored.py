"""A database that came back from a backup is noticed, and told to both sides, so that they make everything whole.

The Hub is then older than what warehouses hold, and has forgotten what it did since. Nobody has to remember to say so:
another cluster, timeline or database, or a table made anew, is another identity than the one that was written down.
A copy of the files of a disk keeps its identity: `manage.py after_restore` says it.
"""

from __future__ import annotations

import logging

from django.db import DatabaseError, connection, transaction

from workspace.hub.models import Collection, DatabaseIdentity
from workspace.signals import database_restored

log = logging.getLogger(__name__)


def look() -> bool:
    """Whether the database is another one than at the last look; tells both sides if so."""
    now = identity()
    with transaction.atomic():
        known = DatabaseIdentity.objects.select_for_update().filter(pk=1).first()
        if known is None or known.identity == now:
            DatabaseIdentity.objects.bulk_create(
                [DatabaseIdentity(pk=1, identity=now)], ignore_conflicts=True
            )
            return False
        known.identity = now
        known.save()
        tell()
    log.warning(
        "The database came back from a backup: all sources are read whole, then all warehouses repaired."
    )
    return True


def tell() -> None:
    """Have everything read whole and every warehouse repaired afterwards; in the caller's transaction."""
    database_restored.send(sender=None)


def identity() -> str:
    """Cluster, timeline, database, and the table itself, as far as PostgreSQL tells."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::text, %s::regclass::oid::text FROM pg_database WHERE datname = current_database()",
            [Collection._meta.db_table],
        )
        database, table = cursor.fetchone()
    return f"{_cluster()} {database} {table}"


def _cluster() -> str:
    """A failover to a standby is a new timeline: what it had not received yet is lost as after a restore."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT system_identifier::text, timeline_id::text FROM pg_control_system(), pg_control_checkpoint()"
            )
            return " ".join(cursor.fetchone())
    except DatabaseError:  # a provider that keeps these functions to itself
        return "- -"
